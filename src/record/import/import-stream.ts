import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import type { Random } from '../../base/random.ts';
import { withSourceObject } from '../../model/journal-line.ts';
import type { EntryToAppend } from '../../model/recorded-event.ts';
import type { Catalog, ImportConflict, SourceObject } from '../../store/catalog.ts';
import type { RecordSettings } from './check-record.ts';
import type { CandidateId, KnownEventIds, Verdict } from './known-event-ids.ts';
import type { Mark, RecordBatch } from './record-batch.ts';

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
  index: number;
  isRowKept: boolean;
}

interface Candidate extends CandidateId {
  readonly object: OpenObject;
  readonly index: number;
  readonly raw: Uint8Array;
  readonly metaJson: string;
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
      let candidates: readonly Candidate[] = await this.#take(batch);
      // What hung on another group that then failed goes round again.
      while (candidates.length > 0) candidates = await this.#storeOnce(candidates);
    }
    await catalog.putSourceObjects(this.#objects.map(({ row }) => row));
  }

  /** The records of a batch with their objects, of which some begin or end in it. */
  async #take(batch: RecordBatch): Promise<Candidate[]> {
    const candidates: Candidate[] = [];
    for (const mark of batch.marks) {
      this.#takeRecords(batch, mark.at, candidates);
      if (mark.kind === 'begin') await this.#open(mark);
      else if (mark.kind === 'end') this.#close(mark);
      else this.#refuse(mark.reason);
    }
    this.#takeRecords(batch, batch.ends.length, candidates);
    return candidates;
  }

  #takeRecords(batch: RecordBatch, until: number, candidates: Candidate[]) {
    const object = this.#current;
    if (candidates.length === until) return;
    assert(object !== undefined, 'a record stands in an object');
    for (let at = candidates.length; at < until; at++) {
      const candidate = candidateOf(batch, at, object);
      noteTime(object.outcome, candidate.eventTimeMs);
      candidates.push(candidate);
    }
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
    this.#current = { row, outcome, index: firstIndex, isRowKept: isContinued };
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
  async #storeOnce(candidates: readonly Candidate[]): Promise<Candidate[]> {
    const { known } = this.#options;
    const { promise: settled, resolve: settle } = Promise.withResolvers<boolean>();
    const group = { settled };
    let verdicts: Verdict[];
    try {
      verdicts = await known.judge(candidates, group);
    } catch (error) {
      settle(false);
      throw error;
    }
    const fresh = candidates.filter((_, index) => verdicts[index]?.kind === 'new');
    const freshIds = fresh.map(({ eventId }) => eventId);
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
    const entries = fresh.map(toEntry);
    const { lastSequence, committedSequence } = await append(entries);
    known.accept(freshIds, lastSequence, committedSequence);
  }

  async #settleKnown(candidates: readonly Candidate[], verdicts: readonly Verdict[]): Promise<Candidate[]> {
    const again: Candidate[] = [];
    const conflicts: ImportConflict[] = [];
    for (const [index, candidate] of candidates.entries()) {
      const verdict = verdicts[index];
      assert(verdict !== undefined, 'every candidate is judged');
      if (verdict.kind === 'new') continue;
      if (verdict.kind === 'pending' && !(await verdict.reservation.group.settled)) {
        again.push(candidate);
        continue;
      }
      const { sha256 } = verdict.kind === 'pending' ? verdict.reservation : verdict;
      if (sha256 === candidate.sha256) count(candidate.object, 'seenBeforeCount');
      else conflicts.push(this.#conflict(candidate, sha256));
    }
    if (conflicts.length > 0) await this.#options.catalog.putImportConflicts(conflicts);
    return again;
  }

  #conflict(candidate: Candidate, storedSha256: string): ImportConflict {
    const { object, index, eventId, sha256 } = candidate;
    count(object, 'conflictCount');
    const raw = Buffer.from(candidate.raw).toString('utf8');
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

function candidateOf(batch: RecordBatch, at: number, object: OpenObject): Candidate {
  const { bytes, ends, eventIds, eventTimesMs, sha256s, metaJsons } = batch;
  return {
    object,
    index: object.index++,
    eventId: eventIds[at] ?? '',
    eventTimeMs: eventTimesMs[at] ?? 0,
    sha256: sha256s[at] ?? '',
    raw: bytes.subarray(at === 0 ? 0 : ends[at - 1], ends[at]),
    metaJson: metaJsons[at] ?? '',
  };
}

function noteTime(outcome: OpenObject['outcome'], eventTimeMs: number) {
  const isFirst = outcome.lastEventTimeMs === 0;
  outcome.firstEventTimeMs = isFirst ? eventTimeMs : Math.min(outcome.firstEventTimeMs, eventTimeMs);
  outcome.lastEventTimeMs = isFirst ? eventTimeMs : Math.max(outcome.lastEventTimeMs, eventTimeMs);
}

function toEntry({ object, raw, metaJson }: Candidate): EntryToAppend {
  return { meta: { origin: 'import', json: withSourceObject(metaJson, object.row.sourceObjectId) }, raw };
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
