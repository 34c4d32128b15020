import { Readable } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { RecordScanner, type RecordSink } from '../../model/log-file/record-scanner.ts';
import type { SourceFile } from './import-source.ts';

/** As the server has it; a longer record is refused here, before it is sent. */
const RECORD_BYTES_MAX = 1 << 20;
/** Decompressed in one go up to this size; what grows larger is streamed. */
const WHOLE_BYTES_MAX = 64 << 20;
/** Scanned at once, before a full request is sent. */
const PIECE_BYTES = 1 << 20;

/** Members of a digest file, in which stands no eventID. */
const DIGEST_MEMBERS = ['"digestStartTime"', '"digestS3Bucket"'];

export interface ObjectSink extends RecordSink {
  /** Called between pieces: may wait until there is room. */
  breathe(): Promise<void>;
}

/**
 * Reads the records of one file into the sink; `whole` are its stored bytes where they fit into memory.
 * A file that is damaged halfway gives what comes before the damage, then the reason. Tells when it was a digest file.
 */
export async function readObject(
  file: SourceFile,
  whole: Buffer | undefined,
  sink: ObjectSink,
  signal: AbortSignal,
): Promise<{ readonly isDigest: boolean }> {
  let isDigest = false;
  const scanner = new RecordScanner(
    {
      record(bytes) {
        if (isDigestFile(bytes)) isDigest = true;
        else sink.record(bytes);
      },
      refuse: (reason) => sink.refuse(reason),
    },
    RECORD_BYTES_MAX,
  );
  let damage: string | undefined;
  try {
    for await (const piece of plainPieces(file, whole, signal)) {
      scanner.push(piece);
      await sink.breathe();
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (signal.aborted || code === undefined || !/^Z_|^ERR_|^E[A-Z]+$/.test(code)) throw error;
    damage = code.startsWith('Z_') ? `damaged gzip: ${message}` : `cannot be read: ${message}`;
  }
  if (damage === undefined) scanner.end();
  else sink.refuse(`${damage}; what comes before the damage was read`);
  return { isDigest };
}

/** A digest is one small object of its own; no event has these members at its first level. */
function isDigestFile(bytes: Uint8Array): boolean {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  // Almost every record has an eventID near its start, so that the search ends there.
  return !text.includes('"eventID"') && DIGEST_MEMBERS.every((member) => text.includes(member));
}

async function* plainPieces(
  file: SourceFile,
  whole: Buffer | undefined,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const plain = whole === undefined ? undefined : inflateWhole(whole);
  if (plain !== undefined) {
    for (let from = 0; from < plain.length; from += PIECE_BYTES)
      yield plain.subarray(from, from + PIECE_BYTES);
    return;
  }
  const stored = whole === undefined ? file.stream(signal) : [whole];
  const { first, rest } = await peek(stored);
  if (!isGzip(first)) {
    yield* rest;
    return;
  }
  const source = Readable.from(rest, { objectMode: false });
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  source.on('error', (error) => gunzip.destroy(error));
  try {
    yield* source.pipe(gunzip) as AsyncIterable<Buffer>;
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

/** Undefined for what has to be streamed: because it is too large, or damaged and good in its first part. */
function inflateWhole(stored: Buffer): Buffer | undefined {
  if (!isGzip(stored)) return stored;
  try {
    return gunzipSync(stored, { maxOutputLength: WHOLE_BYTES_MAX });
  } catch {
    // The stream reports the same damage, after giving what comes before it.
    return undefined;
  }
}

/** By its first bytes, because names tell nothing certain. */
function isGzip(bytes: Buffer): boolean {
  return bytes[0] === 0x1f && bytes[1] === 0x8b;
}

async function peek(
  pieces: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<{ first: Buffer; rest: AsyncGenerator<Buffer> }> {
  const iterator = (async function* () {
    yield* pieces;
  })();
  const { value, done } = await iterator.next();
  const first = done === true ? Buffer.alloc(0) : (value as Buffer);
  const rest = (async function* () {
    yield first;
    yield* iterator;
  })();
  return { first, rest };
}
