import type { AttributeFilter, EventAttribute, EventFilter, PageKey } from '../event-store.ts';
import { ATTRIBUTE_COLUMNS, isArrayColumn } from './event-columns.ts';
import { quoteInteger, quoteString, quoteStrings, quoteTime } from './quote.ts';

/** The conditions of a filter, without those of time. */
export function filterConditions(filter: EventFilter): string[] {
  const conditions: string[] = [];
  if (filter.accountIds !== 'all') conditions.push(isOneOf('account_id', filter.accountIds));
  if (filter.regions !== undefined) conditions.push(isOneOf('region', filter.regions));
  if (filter.categories !== undefined) conditions.push(isOneOf('event_category', filter.categories));
  if (filter.origin !== undefined) conditions.push(`origin = ${quoteString(filter.origin)}`);
  if (filter.isError !== undefined) conditions.push(`error_code ${filter.isError ? '!=' : '='} ''`);
  if (filter.isReadOnly !== undefined) conditions.push(`read_only = '${String(filter.isReadOnly)}'`);
  conditions.push(...(filter.attributes ?? []).map(attributeCondition));
  if (filter.text !== undefined && filter.text !== '') {
    conditions.push(`positionCaseInsensitiveUTF8(raw, ${quoteString(filter.text)}) > 0`);
  }
  return conditions;
}

/** One value is compared with `=`, which lets the engine read in the order of the key. */
function isOneOf(column: string, values: readonly string[]): string {
  const [only] = values;
  if (only === undefined) return 'false';
  return values.length === 1 ? `${column} = ${quoteString(only)}` : `${column} IN ${quoteStrings(values)}`;
}

function attributeCondition({ key, value }: AttributeFilter): string {
  if (isArrayColumn(key)) {
    const column = ATTRIBUTE_COLUMNS[key];
    // `has` misses an empty text behind another one in an array of LowCardinality (chDB 26.7).
    return value === ''
      ? `arrayExists(text -> text = '', ${column})`
      : `has(${column}, ${quoteString(value)})`;
  }
  return `${ATTRIBUTE_COLUMNS[key]} = ${quoteString(value)}`;
}

/** Both inclusive. */
export interface TimeBounds {
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
}

export function timeConditions({ sinceMs, untilMs }: TimeBounds): string[] {
  return [
    ...(sinceMs === undefined ? [] : [`event_time >= ${quoteTime(Math.ceil(sinceMs))}`]),
    ...(untilMs === undefined ? [] : [`event_time <= ${quoteTime(Math.floor(untilMs))}`]),
  ];
}

/** Behind a page's last event. The plain bound on the time says nothing new, but halves the time: the key can use it. */
export function pageConditions({ eventTimeMs, journalId, sequence }: PageKey): string[] {
  const time = quoteTime(eventTimeMs);
  const journal = quoteString(journalId);
  const behind = [
    `event_time < ${time}`,
    `(event_time = ${time} AND journal_id < ${journal})`,
    `(event_time = ${time} AND journal_id = ${journal} AND sequence < ${quoteInteger(sequence)})`,
  ];
  return [`event_time <= ${time}`, `(${behind.join(' OR ')})`];
}

export function prewhere(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` PREWHERE ${conditions.join(' AND ')}`;
}

export function where(conditions: readonly string[]): string {
  return conditions.length === 0 ? '' : ` WHERE ${conditions.join(' AND ')}`;
}

const DAY_MS = 86_400_000;
const STEPS_DAYS = [1, 10, 30, 90, 730];

/** How many events a window gave of how many that were wanted when it was read. */
export interface WindowResult {
  readonly foundCount: number;
  readonly wantedCount: number;
}

/**
 * The time range in windows from the newest to the oldest: the newest page is nearly always in the first, so that a
 * look-up without bounds reads a day and not ten years. `next` takes what the windows so far found and goes as far back as
 * the page then seems to need, because each window is a statement and each day in it costs, wanted or not. `Infinity`
 * reads all that is left at once.
 */
export class TimeWindows {
  readonly #sinceMs: number | undefined;
  readonly #anchorMs: number;
  #untilMs: number | undefined;
  /** How far back the windows so far reach, but for one that has no step. */
  reachedDays = 0;
  #isDone = false;

  constructor(bounds: TimeBounds, newestMs: number) {
    this.#sinceMs = bounds.sinceMs;
    this.#untilMs = bounds.untilMs;
    this.#anchorMs = bounds.untilMs === undefined ? newestMs : Math.min(bounds.untilMs, newestMs);
  }

  /** Undefined when there is nothing left to read. */
  next(needDays: number): TimeBounds | undefined {
    if (this.#isDone) return undefined;
    const untilMs = this.#untilMs;
    const days = STEPS_DAYS.find((step) => step > this.reachedDays && step >= needDays);
    const sinceMs = days === undefined ? undefined : this.#anchorMs - days * DAY_MS;
    if (
      days === undefined ||
      sinceMs === undefined ||
      (this.#sinceMs !== undefined && sinceMs <= this.#sinceMs)
    ) {
      this.#isDone = true;
      return { sinceMs: this.#sinceMs, untilMs };
    }
    this.reachedDays = days;
    this.#untilMs = sinceMs - 1;
    return { sinceMs, untilMs };
  }

  /** How many days a page seems to need by what the days so far gave. */
  needDays({ foundCount, wantedCount }: WindowResult): number {
    return (this.reachedDays * wantedCount) / Math.max(foundCount, 1);
  }
}

/** Attributes with an index that leaves out nearly all that does not match. */
const INDEXED = new Set<EventAttribute>(['EventId', 'EventName', 'Username', 'AccessKeyId', 'ResourceName']);

/** Those conditions of a filter that an index answers: what they leave out is not read any further. */
export function indexedConditions(filter: EventFilter): string[] {
  return (filter.attributes ?? []).filter(({ key }) => INDEXED.has(key)).map(attributeCondition);
}

/** At most one event, or the few conflicts of an import. */
export function isUnique(filter: EventFilter): boolean {
  return filter.attributes?.some(({ key }) => key === 'EventId') === true;
}
