import { setImmediate } from 'node:timers/promises';
import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { ApiError } from '../../model/api-error.ts';
import type { JournalEntry } from '../../model/recorded-event.ts';
import type { Catalog, ImportConflict, SourceObject } from '../../store/catalog.ts';
import { checkRecord, type ImportableRecord } from './check-record.ts';
import type { KnownEventIds, Verdict } from './known-event-ids.ts';
import { readImportLines } from './read-import-lines.ts';

/** Records parsed before other requests get their turn: well under a millisecond. */
const RECORDS_PER_TURN = 64;
/** A group is one append and one transaction; larger ones delay live events behind them. */
const GROUP_BYTES_MAX = 1 << 20;
/** Refusals named one by one per object; the others are counted. */
const REFUSALS_NAMED_MAX = 20;
/** `#` opens the lines that are not records; no JSON value begins with it. */
const HASH = 0x23;

export type RecordOutcome = 'stored' | 'seenBefore' | 'conflict' | 'refused';

export interface Refusal {
  /** Number of the record in its object, from 0. */
  readonly index: number;
  readonly reason: string;
}

export interface Conflict {
  readonly index: number;
  readonly eventId: string;
}

/** What became of the records of one object in one request. */
export interface ObjectOutcome {
  readonly uri: string;
  readonly sha256: string;
  readonly storedCount: number;
  readonly seenBeforeCount: number;
  readonly conflictCount: number;
  readonly refusedCount: number;
  readonly isComplete: boolean;
  /** Of the records that are stored now, whenever that was; milliseconds since 1970 UTC, 0 where there are none. */
  readonly firstEventTimeMs: number;
  readonly lastEventTimeMs: number;
  readonly refusals: readonly Refusal[];
  readonly conflicts: readonly Conflict[];
}

export interface ImportStreamOptions {
  readonly importId: string;
  readonly importedBy: string;
  readonly recordBytesMax: number;
  readonly known: KnownEventIds;
  readonly catalog: Catalog;
  /** The row of the same object of an earlier request or import. */
  readonly earlierObject: (uri: string, sha256: string) => Promise<SourceObject | undefined>;
  readonly clock: Clock;
  readonly random: Random;
  readonly count: (outcome: RecordOutcome, amount: number) => void;
  readonly append: (
    entries: readonly JournalEntry[],
  ) => Promise<{ readonly lastSequence: number; readonly committedSequence: number }>;
}

/** An object of this request: its row in the catalog and its outcome, both still counting. */
interface OpenObject {
  readonly row: { -readonly [Key in keyof SourceObject]: SourceObject[Key] };
  readonly outcome: { -readonly [Key in keyof ObjectOutcome]: ObjectOutcome[Key] } & {
    readonly refusals: Refusal[];
    readonly conflicts: Conflict[];
  };
  index: number;
  isRowKept: boolean;
}

interface Candidate {
  readonly object: OpenObject;
  readonly index: number;
  readonly record: ImportableRecord;
}

/** Reads one request of an import; used once. */
export class ImportStream {
  readonly #options: ImportStreamOptions;
  readonly #objects: OpenObject[] = [];
  readonly #recordedAt: number;
  #current: OpenObject | undefined;
  #group: Candidate[] = [];
  #groupBytes = 0;

  constructor(options: ImportStreamOptions) {
    this.#options = options;
    this.#recordedAt = options.clock.now();
  }

  async read(body: AsyncIterable<Uint8Array>): Promise<ObjectOutcome[]> {
    try {
      await this.#readAll(body);
    } finally {
      // What a request settled before it failed is settled: the next one finds it as seen before.
      for (const { outcome } of this.#objects) this.#countMetrics(outcome);
    }
    return this.#objects.map(({ outcome }) => outcome);
  }

  async #readAll(body: AsyncIterable<Uint8Array>): Promise<void> {
    let turn = 0;
    for await (const lines of readImportLines(body, this.#options.recordBytesMax + 1)) {
      for (const { bytes } of lines) {
        if (bytes[0] === HASH) await this.#control(bytes.toString('utf8'));
        else this.#take(bytes);
        if (this.#groupBytes >= GROUP_BYTES_MAX) await this.#store();
        if (++turn % RECORDS_PER_TURN === 0) await setImmediate();
      }
    }
    if (this.#current !== undefined) throw invalid('the body ends before the #end of its last object');
    await this.#store();
    await this.#options.catalog.putSourceObjects(this.#objects.map(({ row }) => row));
  }

  async #control(line: string): Promise<void> {
    const blank = line.indexOf(' ');
    const fields = parseFields(line.slice(blank + 1));
    if (line.startsWith('#object ')) await this.#open(fields);
    else if (line.startsWith('#end ')) this.#close(fields);
    else if (line.startsWith('#refused ')) this.#refuseForClient(fields);
    else
      throw invalid(
        `unknown line ${JSON.stringify(line.slice(0, 20))}: #object, #refused and #end are known`,
      );
  }

  async #open(fields: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.#current !== undefined) throw invalid('#object before the #end of the object before it');
    const { uri, sha256, firstIndex } = fields;
    if (typeof uri !== 'string' || uri === '' || uri.length > 4_096)
      throw invalid('uri must have 1 to 4096 characters');
    if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/.test(sha256))
      throw invalid('sha256 must be 64 hex digits');
    const index = Number.isSafeInteger(firstIndex) ? (firstIndex as number) : 0;
    const earlier = await this.#options.earlierObject(uri, sha256);
    const { importId, importedBy, random } = this.#options;
    // A later part of an object, or a run that continues one that stopped halfway, goes on counting in its row.
    const isContinued = earlier !== undefined && !earlier.isComplete;
    const zero = { storedCount: 0, seenBeforeCount: 0, conflictCount: 0, refusedCount: 0, isComplete: false };
    const row = isContinued
      ? { ...earlier, ...(index === 0 ? { seenBeforeCount: 0, refusedCount: 0, conflictCount: 0 } : {}) }
      : {
          uri,
          sha256,
          ...zero,
          sourceObjectId: random.uuid(),
          importId,
          importedBy,
          importedAtMs: this.#recordedAt,
        };
    const outcome = {
      uri,
      sha256,
      ...zero,
      firstEventTimeMs: 0,
      lastEventTimeMs: 0,
      refusals: [],
      conflicts: [],
    };
    this.#current = { row, outcome, index, isRowKept: isContinued };
    this.#objects.push(this.#current);
  }

  #close(fields: Readonly<Record<string, unknown>>) {
    if (this.#current === undefined) throw invalid('#end without an #object before it');
    const { isPartial } = fields;
    // An object with refusals is read again by the next import, so that they are reported again and never forgotten.
    this.#current.row.isComplete = isPartial !== true && this.#current.row.refusedCount === 0;
    this.#current.outcome.isComplete = this.#current.row.isComplete;
    this.#current = undefined;
  }

  /** A record, or the rest of an object, that the client could not even cut out of its file. */
  #refuseForClient({ reason }: Readonly<Record<string, unknown>>) {
    const object = this.#current;
    if (object === undefined) throw invalid('#refused before the first #object');
    refuse(object, object.index++, typeof reason === 'string' ? reason.slice(0, 300) : 'not readable');
  }

  #take(bytes: Buffer) {
    const object = this.#current;
    if (object === undefined) throw invalid('a record before the first #object');
    const index = object.index++;
    const record = checkRecord(bytes);
    if (typeof record === 'string') {
      refuse(object, index, record);
      return;
    }
    const { outcome } = object;
    const { eventTimeMs } = record;
    const isFirst = outcome.lastEventTimeMs === 0;
    outcome.firstEventTimeMs = isFirst ? eventTimeMs : Math.min(outcome.firstEventTimeMs, eventTimeMs);
    outcome.lastEventTimeMs = isFirst ? eventTimeMs : Math.max(outcome.lastEventTimeMs, eventTimeMs);
    this.#group.push({ object, index, record });
    this.#groupBytes += bytes.length;
  }

  /** Makes the group durable. What hung on another group that then failed goes round again. */
  async #store(): Promise<void> {
    let candidates: readonly Candidate[] = this.#group;
    this.#group = [];
    this.#groupBytes = 0;
    while (candidates.length > 0) candidates = await this.#storeOnce(candidates);
  }

  async #storeOnce(candidates: readonly Candidate[]): Promise<Candidate[]> {
    const { known } = this.#options;
    const { promise: settled, resolve: settle } = Promise.withResolvers<boolean>();
    const group = { settled };
    const judged = candidates.map(({ record }) => record);
    let verdicts: Verdict[];
    try {
      verdicts = await known.judge(judged, group);
    } catch (error) {
      settle(false);
      throw error;
    }
    const fresh = candidates.filter((_, index) => verdicts[index]?.kind === 'new');
    const freshIds = fresh.map(({ record }) => record.eventId);
    try {
      await this.#append(fresh, freshIds);
      settle(true);
    } catch (error) {
      known.release(freshIds);
      settle(false);
      throw error;
    }
    for (const { object } of fresh) count(object, 'storedCount');
    return this.#settleKnown(candidates, verdicts);
  }

  async #append(fresh: readonly Candidate[], freshIds: readonly string[]): Promise<void> {
    if (fresh.length === 0) return;
    const { catalog, append, known } = this.#options;
    // The provenance that events point to is there before them.
    const unkept = new Set(fresh.map(({ object }) => object).filter((object) => !object.isRowKept));
    if (unkept.size > 0) {
      await catalog.putSourceObjects([...unkept].map(({ row }) => ({ ...row, isComplete: false })));
      for (const object of unkept) object.isRowKept = true;
    }
    const entries = fresh.map(({ object, record }) => this.#entry(object, record));
    const { lastSequence, committedSequence } = await append(entries);
    known.accept(freshIds, lastSequence, committedSequence);
  }

  #entry(object: OpenObject, record: ImportableRecord): JournalEntry {
    const { username, resources } = record.lookup;
    const meta = {
      recordedAt: this.#recordedAt,
      origin: 'import' as const,
      verification: 'none' as const,
      ...(username === undefined ? {} : { username }),
      resources,
      sourceObjectId: object.row.sourceObjectId,
    };
    return { meta, raw: record.raw };
  }

  async #settleKnown(candidates: readonly Candidate[], verdicts: readonly Verdict[]): Promise<Candidate[]> {
    const again: Candidate[] = [];
    const conflicts: ImportConflict[] = [];
    for (const [index, candidate] of candidates.entries()) {
      const verdict = verdicts[index];
      assert(verdict !== undefined, 'every candidate is judged');
      if (verdict.kind === 'new') continue;
      if (verdict.kind === 'pending' && !(await verdict.group.settled)) again.push(candidate);
      else if (verdict.sha256 === candidate.record.sha256) count(candidate.object, 'seenBeforeCount');
      else conflicts.push(this.#conflict(candidate, verdict.sha256));
    }
    if (conflicts.length > 0) await this.#options.catalog.putImportConflicts(conflicts);
    return again;
  }

  #conflict({ object, index, record }: Candidate, storedSha256: string): ImportConflict {
    count(object, 'conflictCount');
    const { eventId, sha256, raw } = record;
    if (object.outcome.conflicts.length < REFUSALS_NAMED_MAX)
      object.outcome.conflicts.push({ index, eventId });
    const { sourceObjectId } = object.row;
    return { eventId, sha256, storedSha256, sourceObjectId, foundAtMs: this.#recordedAt, raw };
  }

  #countMetrics(outcome: ObjectOutcome) {
    const { count: add } = this.#options;
    if (outcome.storedCount > 0) add('stored', outcome.storedCount);
    if (outcome.seenBeforeCount > 0) add('seenBefore', outcome.seenBeforeCount);
    if (outcome.conflictCount > 0) add('conflict', outcome.conflictCount);
    if (outcome.refusedCount > 0) add('refused', outcome.refusedCount);
  }
}

function count(object: OpenObject, member: 'storedCount' | 'seenBeforeCount' | 'conflictCount') {
  object.outcome[member]++;
  object.row[member]++;
}

function refuse({ outcome, row }: OpenObject, index: number, reason: string) {
  outcome.refusedCount++;
  row.refusedCount++;
  if (outcome.refusals.length < REFUSALS_NAMED_MAX) outcome.refusals.push({ index, reason });
}

function parseFields(json: string): Readonly<Record<string, unknown>> {
  try {
    const fields: unknown = JSON.parse(json);
    if (typeof fields === 'object' && fields !== null) return fields as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw invalid('the fields of a # line must be a JSON object', cause);
  }
  throw invalid('the fields of a # line must be a JSON object');
}

function invalid(message: string, cause?: unknown): ApiError {
  return new ApiError(
    'InvalidParameterException',
    `import body: ${message}`,
    cause === undefined ? {} : { cause },
  );
}
