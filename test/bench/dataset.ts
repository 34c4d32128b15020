import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CloudTrailEvent, Json } from '../../src/model/cloudtrail-event.ts';
import { builtInTemplates } from './templates.ts';

/** Real log files to resample, where they are at hand; records written for the bench otherwise. */
const CORPUS = fileURLToPath(new URL('../../../shared/corpora', import.meta.url));

const PRINCIPALS_COUNT = 10_000;
const RESOURCES_COUNT = 100_000;

export interface DatasetOptions {
  readonly seed: number;
  /** Event times are spread evenly over this span, milliseconds since 1970 UTC. */
  readonly fromMs: number;
  readonly toMs: number;
  /** Events in all; decides the spacing of the times. */
  readonly count: number;
  /** Replaces the account of the templates everywhere; 12 digits. */
  readonly accountId?: string;
}

export interface Dataset {
  /** Where the shapes come from, for the head of a table. */
  readonly source: string;
  /** The event with that number: compact JSON, the same for the same seed. */
  event(index: number): string;
}

/**
 * Events of real shape: the texts of real records (or of our own templates) with id, time, principal and resource
 * replaced: 10,000 principals and 100,000 resources, both drawn from a Zipf distribution (s = 1).
 */
export function createDataset(options: DatasetOptions): Dataset {
  const { texts, source } = readTemplates();
  const templates = texts.map((text) => cutTemplate(text, options.accountId));
  const principals = zipf(PRINCIPALS_COUNT);
  const resources = zipf(RESOURCES_COUNT);
  const stepMs = (options.toMs - options.fromMs) / Math.max(1, options.count);
  return {
    source,
    event(index) {
      const random = mulberry32(options.seed * 1_000_003 + index);
      const template = templates[Math.floor(random() * templates.length)] ?? [];
      const principal = sample(principals, random());
      const resource = sample(resources, random());
      const time = new Date(options.fromMs + Math.floor(index * stepMs)).toISOString().replace(/\.\d+Z/, 'Z');
      const id = uuid(random);
      const holes = {
        E: id,
        T: time,
        P: `-${principal}`,
        K: key(principal),
        R: `-${resource}`,
        Q: uuid(random),
      };
      let text = '';
      for (const part of template) {
        text += part.length === 2 && part[0] === HOLE ? holes[part[1] as keyof typeof holes] : part;
      }
      return text;
    },
  };
}

const HOLE = '\u{e000}';

function readTemplates(): { texts: string[]; source: string } {
  const files = existsSync(CORPUS) ? readdirSync(CORPUS, { recursive: true, encoding: 'utf8' }) : [];
  const texts = files
    .filter((file) => file.endsWith('.json'))
    .flatMap((file) => {
      const { Records } = JSON.parse(readFileSync(join(CORPUS, file), 'utf8')) as {
        Records?: CloudTrailEvent[];
      };
      return (Records ?? []).map((record) => JSON.stringify(record));
    });
  if (texts.length > 0) return { texts, source: `resampled from ${texts.length} real records` };
  const own = builtInTemplates();
  return { texts: own, source: `resampled from ${own.length} records written for the bench` };
}

/** Cuts a record at the places that vary; a part that is HOLE and a letter is filled for each event. */
function cutTemplate(text: string, accountId: string | undefined): string[] {
  const event = JSON.parse(text) as CloudTrailEvent;
  const { userName, accessKeyId } = event.userIdentity;
  const session = event.userIdentity.principalId?.split(':')[1];
  let cut = replaceValue(text, event.eventID, `${HOLE}E`);
  cut = cut.replace(`"eventTime":"${event.eventTime}"`, `"eventTime":"${HOLE}T"`);
  if (event.requestID) cut = replaceValue(cut, event.requestID, `${HOLE}Q`);
  if (accessKeyId) cut = replaceValue(cut, accessKeyId, `${HOLE}K`);
  for (const name of [userName, session]) {
    if (name && name.length > 2)
      cut = cut.replaceAll(new RegExp(`(?<=[":/])${quoteRegExp(name)}(?=")`, 'g'), `${name}${HOLE}P`);
  }
  const resource = firstName(event.requestParameters);
  if (resource !== undefined) cut = replaceValue(cut, resource, `${resource}${HOLE}R`);
  if (accountId !== undefined) cut = cut.replaceAll(event.recipientAccountId, accountId);
  return cut.split(/(\u{e000}[ETPKRQ])/u);
}

function replaceValue(text: string, value: string, replacement: string): string {
  return text.replaceAll(`"${value}"`, `"${replacement}"`);
}

function quoteRegExp(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The first text that names something: short, without blanks, not the host. */
function firstName(value: Json | undefined): string | undefined {
  if (value === null || typeof value !== 'object') return undefined;
  for (const [name, member] of Object.entries(value)) {
    if (typeof member === 'string' && name !== 'Host' && /^[\w./:-]{4,120}$/.test(member)) return member;
    const inner = firstName(member);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** Cumulative probabilities of 1/rank. */
function zipf(count: number): Float64Array {
  const cumulative = new Float64Array(count);
  let sum = 0;
  for (let rank = 1; rank <= count; rank++) {
    sum += 1 / rank;
    cumulative[rank - 1] = sum;
  }
  return cumulative.map((value) => value / sum);
}

function sample(cumulative: Float64Array, probability: number): number {
  let low = 0;
  let high = cumulative.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((cumulative[middle] ?? 1) < probability) low = middle + 1;
    else high = middle;
  }
  return low;
}

function mulberry32(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function hex(random: () => number, digits: number): string {
  return Math.floor(random() * 16 ** digits)
    .toString(16)
    .padStart(digits, '0');
}

function uuid(random: () => number): string {
  return `${hex(random, 8)}-${hex(random, 4)}-4${hex(random, 3)}-a${hex(random, 3)}-${hex(random, 6)}${hex(random, 6)}`;
}

function key(principal: number): string {
  return `AKIA${principal.toString(36).toUpperCase().padStart(16, 'A')}`;
}
