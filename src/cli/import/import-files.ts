import { createHash, hash } from 'node:crypto';
import type { ImportSession } from './import-session.ts';
import type { SourceFile } from './import-source.ts';
import type { ImportTally } from './import-tally.ts';
import { ObjectWriter } from './object-writer.ts';
import { readObject } from './read-object.ts';

/** Requests under way at once: enough for the server to parse one while another waits for the disk. */
const LANES = 3;
/** Files up to this size are sent as they are stored, and cut by the server; larger ones are streamed, and cut here. */
const WHOLE_BYTES_MAX = 4 << 20;
/** Small files that are asked about together, and share requests. */
const LOT_FILES_MAX = 1_000;
const LOT_BYTES_MAX = 4 << 20;

export interface ImportRun {
  readonly session: ImportSession;
  readonly tally: ImportTally;
  readonly signal: AbortSignal;
}

/** Imports all files, several at once. What cannot be read is counted as refused, and the rest goes on. */
export async function importFiles(files: readonly SourceFile[], run: ImportRun): Promise<void> {
  const lots = intoLots(files);
  const failures: unknown[] = [];
  const lane = async () => {
    for (let lot = lots.shift(); lot !== undefined && failures.length === 0; lot = lots.shift()) {
      run.signal.throwIfAborted();
      try {
        await importLot(lot, run);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: LANES }, lane));
  if (failures.length > 0) throw failures[0];
}

function intoLots(files: readonly SourceFile[]): SourceFile[][] {
  const lots: SourceFile[][] = [];
  let lot: SourceFile[] = [];
  let sizeBytes = 0;
  for (const file of files) {
    const isFull = lot.length >= LOT_FILES_MAX || sizeBytes + file.sizeBytes > LOT_BYTES_MAX;
    if (lot.length > 0 && isFull) {
      lots.push(lot);
      lot = [];
      sizeBytes = 0;
    }
    lot.push(file);
    sizeBytes += file.sizeBytes;
  }
  if (lot.length > 0) lots.push(lot);
  return lots;
}

interface HashedFile {
  readonly file: SourceFile;
  readonly sha256: string;
  readonly whole: Buffer | undefined;
}

async function importLot(lot: readonly SourceFile[], run: ImportRun): Promise<void> {
  const { session, tally, signal } = run;
  const hashed = (await Promise.all(lot.map((file) => hashFile(file, run)))).filter(
    (file) => file !== undefined,
  );
  try {
    const complete = await session.findComplete(
      hashed.map(({ file, sha256 }) => ({ uri: file.uri, sha256 })),
    );
    const writer = new ObjectWriter((body) => session.send(body));
    for (const [index, { file, sha256, whole }] of hashed.entries()) {
      signal.throwIfAborted();
      if (complete[index] === true) tally.completeBeforeCount++;
      else await importObject({ file, sha256, whole }, writer, run);
      tally.filesCount++;
    }
    await writer.flush();
  } finally {
    await Promise.all(lot.map((file) => file.dispose()));
  }
}

async function importObject(
  { file, sha256, whole }: HashedFile,
  writer: ObjectWriter,
  run: ImportRun,
): Promise<void> {
  if (whole !== undefined) {
    await writer.file({ uri: file.uri, sha256 }, whole);
    return;
  }
  writer.begin({ uri: file.uri, sha256 });
  const { isDigest } = await readObject(file, undefined, writer, run.signal);
  if (isDigest) run.tally.addSkipped({ uri: file.uri, reason: 'digest files hold no events' });
  writer.end();
  await writer.breathe();
}

/** Undefined, and counted as refused, when the file cannot be read. */
async function hashFile(file: SourceFile, { tally, signal }: ImportRun): Promise<HashedFile | undefined> {
  try {
    if (file.sizeBytes <= WHOLE_BYTES_MAX) {
      const whole = await file.read(signal);
      return { file, whole, sha256: hash('sha256', whole, 'hex') };
    }
    const digest = createHash('sha256');
    for await (const piece of file.stream(signal)) digest.update(piece);
    return { file, whole: undefined, sha256: digest.digest('hex') };
  } catch (error) {
    if (signal.aborted) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    tally.addRefusal({ uri: file.uri, index: undefined, reason: `cannot be read: ${reason}` });
    tally.filesCount++;
    return undefined;
  }
}
