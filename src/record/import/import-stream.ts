import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import type { EntryToAppend } from '../../model/recorded-event.ts';
import type { Catalog, ImportConflict, SourceObject } from '../../store/catalog.ts';
import { BatchEntry } from './batch-entry.ts';
import type { RecordSettings } from './check-record.ts';
import {
  type KnownEventIds,
  keysOf,
  pendingSha256,
  type ReservationGroup,
  rowsOfNew,
  type Verdict,
} from './known-event-ids.ts';
import {
  countOf,
  eventIdAt,
  type Mark,
  NO_SOURCE_OBJECT,
  type RecordBatch,
  type RecordIds,
  rawAt,
  setSourceObject,
  sha256At,
} from './record-batch.ts';

/** Refusals named one by one per object; the others are counted. */
const REFUSALS_NAMED_MAX = 20;

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
  /** A digest file, which holds no records. */
  readonly isDigest: boolean;
  /** Of the records that are stored now, whenever that was; milliseconds since 1970 UTC, 0 where there are none. */
  readonly firstEventTimeMs: number;
  readonly lastEventTimeMs: number;
  readonly refusals: readonly Refusal[];
  readonly conflicts: readonly Conflict[];
}

export interface ImportStreamOptions {
  readonly importId: string;
  readonly importedBy: string;
  /** The checked records of a body. */
  readonly readBody: (
    body: AsyncIterable<Uint8Array>,
    settings: RecordSettings,
  ) => AsyncIterable<RecordBatch>;
  readonly known: KnownEventIds;
  readonly catalog: Catalog;
  /** The row of the same object of an earlier request or import. */
  readonly earlierObject: (uri: string, sha256: string) => Promise<SourceObject | undefined>;
  readonly clock: Clock;
  readonly random: Random;
  readonly count: (outcome: RecordOutcome, amount: number) => void;
  readonly append: (
    entries: readonly EntryToAppend[],
  ) => Promise<{ readonly lastSequence: number; readonly committedSequence: number }>;
}

/** An object of this request: its row in the catalog and its outcome, both still counting. */
interface OpenObject {
  readonly row: { -readonly [Key in keyof SourceObject]: SourceObject[Key] };
  readonly outcome: { -readonly [Key in keyof ObjectOutcome]: ObjectOutcome[Key] } & {
    readonly refusals: Refusal[];
    readonly conflicts: Conflict[];
  };
  /** ASCII of the id of its row. */
  readonly idBytes: Uint8Array;
  index: number;
  isRowKept: boolean;
}

/** A batch with the object of each record, and the number of the record in it. */
interface TakenBatch {
  readonly batch: RecordBatch;
  readonly objects: readonly OpenObject[];
  readonly indexes: readonly number[];
}

/** Reads one request of an import; used once. */
export class ImportStream {
  readonly #options: ImportStreamOptions;
  readonly #objects: OpenObject[] = [];
  readonly #recordedAt: number;
  #current: OpenObject | undefined;

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
    const { readBody, catalog } = this.#options;
    for await (const batch of readBody(body, { recordedAtMs: this.#recordedAt })) {
      const taken = await this.#take(batch);
      let rows = taken.objects.map((_, row) => row);
      // What hung on another group that then failed goes round again.
      while (rows.length > 0) rows = await this.#storeOnce(taken, rows);
    }
    await catalog.putSourceObjects(this.#objects.map(({ row }) => row));
  }

  /** The records of a batch with their objects, of which some begin or end in it. */
  async #take(batch: RecordBatch): Promise<TakenBatch> {
    const objects: OpenObject[] = [];
    const indexes: number[] = [];
    const takeUntil = (end: number) => {
      const object = this.#current;
      if (objects.length === end) return;
      assert(object !== undefined, 'a record stands in an object');
      for (let row = objects.length; row < end; row++) {
        objects.push(object);
        indexes.push(object.index++);
        noteTime(object.outcome, batch.eventTimesMs[row] ?? 0);
        setSourceObject(batch, row, object.idBytes);
      }
    };
    for (const mark of batch.marks) {
      takeUntil(mark.at);
      if (mark.kind === 'begin') await this.#open(mark);
      else if (mark.kind === 'end') this.#close(mark);
      else this.#refuse(mark.reason);
    }
    takeUntil(countOf(batch));
    return { batch, objects, indexes };
  }

  async #open({ uri, sha256, firstIndex }: Mark & { kind: 'begin' }): Promise<void> {
    const earlier = await this.#options.earlierObject(uri, sha256);
    const { importId, importedBy, random } = this.#options;
    // A later part of an object, or a run that continues one that stopped halfway, goes on counting in its row.
    const isContinued = earlier !== undefined && !earlier.isComplete;
    const zero = { storedCount: 0, seenBeforeCount: 0, conflictCount: 0, refusedCount: 0, isComplete: false };
    const row = isContinued
      ? { ...earlier, ...(firstIndex === 0 ? { seenBeforeCount: 0, refusedCount: 0, conflictCount: 0 } : {}) }
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
      isDigest: false,
      firstEventTimeMs: 0,
      lastEventTimeMs: 0,
      refusals: [],
      conflicts: [],
    };
    const idBytes = Buffer.from(row.sourceObjectId, 'latin1');
    assert(idBytes.length === NO_SOURCE_OBJECT.length, 'a source object has a UUID');
    this.#current = { row, outcome, idBytes, index: firstIndex, isRowKept: isContinued };
    this.#objects.push(this.#current);
  }

  #close({ isPartial, isDigest }: Mark & { kind: 'end' }) {
    const object = this.#current;
    assert(object !== undefined, 'an end stands behind a beginning');
    // An object with refusals is read again by the next import, so that they are reported again and never forgotten.
    object.row.isComplete = !isPartial && object.row.refusedCount === 0;
    object.outcome.isComplete = object.row.isComplete;
    object.outcome.isDigest = isDigest;
    this.#current = undefined;
  }

  #refuse(reason: string) {
    const object = this.#current;
    assert(object !== undefined, 'a refusal stands in an object');
    refuse(object, object.index++, reason);
  }

  /** Makes the group durable; gives those that have to be judged again. */
  async #storeOnce(taken: TakenBatch, rows: readonly number[]): Promise<number[]> {
    const { known } = this.#options;
    const { promise: settled, resolve: settle } = Promise.withResolvers<boolean>();
    const group: ReservationGroup = { ids: idsOf(taken.batch), settled, storedSha256s: new Map() };
    let verdicts: Verdict[];
    try {
      verdicts = await known.judge(group, rows);
    } catch (error) {
      settle(false);
      throw error;
    }
    const fresh = rowsOfNew(rows, verdicts);
    try {
      await this.#append(taken, fresh);
      settle(true);
    } catch (error) {
      known.release(keysOf(taken.batch, fresh));
      settle(false);
      throw error;
    }
    for (const row of fresh) count(objectAt(taken, row), 'storedCount');
    return this.#settleKnown(taken, rows, verdicts);
  }

  async #append(taken: TakenBatch, fresh: readonly number[]): Promise<void> {
    if (fresh.length === 0) return;
    const { catalog, append, known } = this.#options;
    const { batch } = taken;
    // The provenance that events point to is there before them.
    const objects = new Set<OpenObject>();
    for (const row of fresh) objects.add(objectAt(taken, row));
    const unkept = [...objects].filter((object) => !object.isRowKept);
    if (unkept.length > 0) {
      await catalog.putSourceObjects(unkept.map(({ row }) => ({ ...row, isComplete: false })));
      for (const object of unkept) object.isRowKept = true;
    }
    const entries = fresh.map((row) => new BatchEntry(batch, row));
    const { lastSequence, committedSequence } = await append(entries);
    known.accept(keysOf(batch, fresh), lastSequence, committedSequence);
  }

  async #settleKnown(
    taken: TakenBatch,
    rows: readonly number[],
    verdicts: readonly Verdict[],
  ): Promise<number[]> {
    const again: number[] = [];
    const conflicts: ImportConflict[] = [];
    for (const [index, row] of rows.entries()) {
      const verdict = verdicts[index];
      assert(verdict !== undefined, 'every row is judged');
      if (verdict.kind === 'new') continue;
      if (verdict.kind === 'pending' && !(await verdict.group.settled)) {
        again.push(row);
        continue;
      }
      const sha256 = verdict.kind === 'pending' ? pendingSha256(verdict) : verdict.sha256;
      if (sha256 === sha256At(taken.batch, row)) count(objectAt(taken, row), 'seenBeforeCount');
      else conflicts.push(this.#conflict(taken, row, sha256));
    }
    if (conflicts.length > 0) await this.#options.catalog.putImportConflicts(conflicts);
    return again;
  }

  #conflict(taken: TakenBatch, row: number, storedSha256: string): ImportConflict {
    const object = objectAt(taken, row);
    const [index, eventId] = [taken.indexes[row] ?? 0, eventIdAt(taken.batch, row)];
    count(object, 'conflictCount');
    const raw = Buffer.from(rawAt(taken.batch, row)).toString('utf8');
    if (object.outcome.conflicts.length < REFUSALS_NAMED_MAX)
      object.outcome.conflicts.push({ index, eventId });
    const { sourceObjectId } = object.row;
    const sha256 = sha256At(taken.batch, row);
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

function objectAt({ objects }: TakenBatch, row: number): OpenObject {
  const object = objects[row];
  assert(object !== undefined, 'a record stands in an object');
  return object;
}

/** Without the bytes, which go back to where they came from before the ids are forgotten. */
function idsOf({ keys, eventTimesMs, eventIdsText, eventIdEnds, sha256sText }: RecordBatch): RecordIds {
  return { keys, eventTimesMs, eventIdsText, eventIdEnds, sha256sText };
}

function noteTime(outcome: OpenObject['outcome'], eventTimeMs: number) {
  const isFirst = outcome.lastEventTimeMs === 0;
  outcome.firstEventTimeMs = isFirst ? eventTimeMs : Math.min(outcome.firstEventTimeMs, eventTimeMs);
  outcome.lastEventTimeMs = isFirst ? eventTimeMs : Math.max(outcome.lastEventTimeMs, eventTimeMs);
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
