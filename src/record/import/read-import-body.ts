import { hash } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { RecordScanner } from '../../model/log-file/record-scanner.ts';
import { ByteSource } from './byte-source.ts';
import {
  checkParsed,
  checkRecord,
  parseRecord,
  RECORD_BYTES_MAX,
  type RecordSettings,
} from './check-record.ts';
import { BatchBuilder, type RecordBatch } from './record-batch.ts';
import { RecordEnds } from './record-ends.ts';
import { plainPieces } from './stored-file.ts';

/** `#` opens the lines that are not records; no JSON value begins with it. */
const HASH = 0x23;
const LF = 0x0a;
const TAB = 0x09;
const CR = 0x0d;
/** Larger files are cut by the client, because here one is held in memory as it is stored. */
const FILE_BYTES_MAX = 8 << 20;
/** Records checked before other bodies get their turn: a few milliseconds. */
const RECORDS_PER_TURN = 512;

/** The body is not made as it has to be; the message says where. */
export class ImportBodyError extends Error {
  override readonly name = 'ImportBodyError';
}

/**
 * Reads the body of an import: `#object` lines with their records and `#end`, and `#file` lines, each followed by a log
 * file as it is stored. Everything that is given was checked; what cannot be stored is a mark with the reason.
 * Throws an `ImportBodyError`; what was given before it stands.
 * Memory that the builder was given back is used again.
 */
export async function* readImportBody(
  body: AsyncIterable<Uint8Array>,
  settings: RecordSettings,
  builder = new BatchBuilder(),
): AsyncGenerator<RecordBatch> {
  const reader = new BodyReader(body, settings, builder);
  yield* reader.read();
}

class BodyReader {
  readonly #source: ByteSource;
  readonly #settings: RecordSettings;
  readonly #builder: BatchBuilder;
  #isInObject = false;
  #isDigest = false;

  constructor(body: AsyncIterable<Uint8Array>, settings: RecordSettings, builder: BatchBuilder) {
    this.#builder = builder;
    this.#source = new ByteSource(body, RECORD_BYTES_MAX + 1);
    this.#settings = settings;
  }

  async *read(): AsyncGenerator<RecordBatch> {
    let turn = 0;
    for (;;) {
      const line = this.#source.lineAtHand() ?? (await this.#source.line());
      if (line === undefined) break;
      if (line[0] !== HASH) this.#line(line);
      else if (line.subarray(0, 6).equals(FILE)) yield* this.#file(fieldsOf(line));
      else this.#control(line.toString('utf8'));
      if (this.#builder.isFull) yield this.#builder.take();
      if (++turn % RECORDS_PER_TURN === 0) await setImmediate();
    }
    if (this.#isInObject) throw new ImportBodyError('the body ends before the #end of its last object');
    if (!this.#builder.isEmpty) yield this.#builder.take();
  }

  #line(bytes: Buffer) {
    if (!this.#isInObject) throw new ImportBodyError('a record before the first #object');
    if (bytes.includes(TAB) || bytes.includes(CR)) {
      this.#builder.mark({ kind: 'refused', reason: 'holds a literal tab or carriage return' });
      return;
    }
    this.#record(bytes);
  }

  #record(bytes: Uint8Array) {
    this.#keep(checkRecord(bytes, this.#settings));
  }

  /** Takes a record whose end is guessed, if what it says as JSON proves the guess. */
  #take(bytes: Uint8Array, start: number, ends: RecordEnds): number | undefined {
    const end = ends.guess(bytes, start);
    if (end === undefined) return undefined;
    const record = bytes.subarray(start, end);
    const parsed = parseRecord(record);
    if (typeof parsed === 'string') {
      ends.noteWrong();
      return undefined;
    }
    this.#keep(checkParsed(record, parsed, this.#settings));
    return end;
  }

  #keep(record: ReturnType<typeof checkRecord>) {
    if (typeof record === 'string') this.#builder.mark({ kind: 'refused', reason: record });
    else if (record === undefined) this.#isDigest = true;
    else this.#builder.add(record);
  }

  #control(line: string) {
    const fields = parseFields(line.slice(line.indexOf(' ') + 1));
    if (line.startsWith('#object ')) this.#begin(fields);
    else if (line.startsWith('#end ')) this.#end(fields.isPartial === true);
    else if (line.startsWith('#refused ')) this.#refuse(fields.reason);
    else {
      const start = JSON.stringify(line.slice(0, 20));
      throw new ImportBodyError(`unknown line ${start}: #file, #object, #refused and #end are known`);
    }
  }

  #begin({ uri, sha256, firstIndex }: Fields) {
    if (this.#isInObject) throw new ImportBodyError('#object before the #end of the object before it');
    if (typeof uri !== 'string' || uri === '' || uri.length > 4_096)
      throw new ImportBodyError('uri must have 1 to 4096 characters');
    if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
      throw new ImportBodyError('sha256 must be 64 hex digits');
    const first = Number.isSafeInteger(firstIndex) ? (firstIndex as number) : 0;
    this.#isInObject = true;
    this.#isDigest = false;
    this.#builder.mark({ kind: 'begin', uri, sha256, firstIndex: first });
  }

  #end(isPartial: boolean) {
    if (!this.#isInObject) throw new ImportBodyError('#end without an #object before it');
    this.#isInObject = false;
    this.#builder.mark({ kind: 'end', isPartial, isDigest: this.#isDigest });
  }

  /** A record, or the rest of an object, that the client could not even cut out of its file. */
  #refuse(reason: unknown) {
    if (!this.#isInObject) throw new ImportBodyError('#refused before the first #object');
    const text = typeof reason === 'string' ? reason.slice(0, 300) : 'not readable';
    this.#builder.mark({ kind: 'refused', reason: text });
  }

  /** A log file as it is stored: gzip or plain, in any of the forms that a scanner knows. */
  async *#file(fields: Fields): AsyncGenerator<RecordBatch> {
    const { sizeBytes } = fields;
    if (
      !Number.isSafeInteger(sizeBytes) ||
      (sizeBytes as number) < 0 ||
      (sizeBytes as number) > FILE_BYTES_MAX
    )
      throw new ImportBodyError(`sizeBytes of a #file must be at most ${FILE_BYTES_MAX}`);
    this.#begin({ ...fields, firstIndex: 0 });
    const stored = await this.#source.block(sizeBytes as number);
    if (stored === undefined) throw new ImportBodyError('the body ends within a #file');
    // So the provenance is proven here, and not only said by the client.
    if (hash('sha256', stored, 'hex') !== fields.sha256)
      throw new ImportBodyError('the bytes of a #file do not have its sha256');
    yield* this.#cut(stored);
    this.#end(false);
    if ((await this.#source.block(1))?.[0] !== LF)
      throw new ImportBodyError('a line break must follow the bytes of a #file');
  }

  async *#cut(stored: Uint8Array): AsyncGenerator<RecordBatch> {
    const ends = new RecordEnds();
    const scanner = new RecordScanner(
      {
        record: (bytes) => this.#record(bytes),
        take: (bytes, start) => this.#take(bytes, start, ends),
        refuse: (reason) => this.#builder.mark({ kind: 'refused', reason }),
      },
      RECORD_BYTES_MAX,
    );
    try {
      for await (const piece of plainPieces(stored)) {
        scanner.push(piece);
        if (!this.#builder.isFull) continue;
        yield this.#builder.take();
        await setImmediate();
      }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code?.startsWith('Z_') !== true) throw error;
      const reason = `damaged gzip: ${message}; what comes before the damage was read`;
      this.#builder.mark({ kind: 'refused', reason });
      return;
    }
    scanner.end();
  }
}

const FILE = Buffer.from('#file ');

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(line: Buffer): Fields {
  const text = line.toString('utf8');
  return parseFields(text.slice(text.indexOf(' ') + 1));
}

function parseFields(json: string): Fields {
  try {
    const fields: unknown = JSON.parse(json);
    if (typeof fields === 'object' && fields !== null) return fields as Fields;
  } catch {
    throw new ImportBodyError('the fields of a # line must be a JSON object');
  }
  throw new ImportBodyError('the fields of a # line must be a JSON object');
}
