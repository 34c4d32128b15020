import ipaddr from 'ipaddr.js';
import type { JsonObject } from '../model/cloudtrail-event.ts';

export interface FloodGuardLimits {
  /** Unverified calls a minute and source that are recorded one by one; as many may come at once. */
  readonly callsPerMinute: number;
  /** The same for all sources together. */
  readonly callsPerMinuteTotal: number;
  /** Sources that are told apart; further ones share one allowance. */
  readonly sourcesMax: number;
  /** Sources with a summary of their own in one interval, those with most calls; the rest share one. */
  readonly summariesMax: number;
}

/** What an unverified call is counted by when it is not recorded one by one. */
export interface UnverifiedCall {
  readonly sourceIPAddress: string;
  readonly eventSource: string;
  readonly eventName: string;
  /** `2026-03-02T09:14:05Z`: the span of a summary is told in the times of its calls. */
  readonly eventTime: string;
}

/** Names that one summary tells apart; the names are the caller's choice and could be without number. */
const NAMES_MAX = 20;
const NAME_LENGTH_MAX = 200;

/** Key of the sources that there was no room to tell apart; no address looks like it. */
const OTHERS = 'others';

interface Bucket {
  tokens: number;
  filledAtMs: number;
}

interface Summary {
  callsCount: number;
  firstCallTime: string;
  lastCallTime: string;
  readonly names: Map<string, number>;
}

/**
 * Decides which calls that nobody vouches for are recorded one by one, so that no outsider can fill the disk: a token
 * bucket per source address (an IPv6 /64 is one source) and one for all together. What is beyond is counted.
 * Memory is bounded over sources and names.
 */
export class FloodGuard {
  readonly #limits: FloodGuardLimits;
  readonly #buckets = new Map<string, Bucket>();
  readonly #summaries = new Map<string, Summary>();
  readonly #total: Bucket;
  #sweptAtMs = 0;

  constructor(limits: FloodGuardLimits, nowMs: number) {
    this.#limits = limits;
    this.#total = { tokens: limits.callsPerMinuteTotal, filledAtMs: nowMs };
  }

  /**
   * True when the call is to be recorded by itself; false when it has been counted for the next summary. `nowMs` is of
   * the monotonic clock, so that a clock that is set neither opens nor closes the guard.
   */
  admit(call: UnverifiedCall, nowMs: number): boolean {
    const { callsPerMinute, callsPerMinuteTotal } = this.#limits;
    const source = this.#sourceOf(call.sourceIPAddress, nowMs);
    const bucket = this.#buckets.get(source) ?? { tokens: callsPerMinute, filledAtMs: nowMs };
    this.#buckets.set(source, bucket);
    fill(bucket, callsPerMinute, nowMs);
    fill(this.#total, callsPerMinuteTotal, nowMs);
    if (bucket.tokens >= 1 && this.#total.tokens >= 1) {
      bucket.tokens -= 1;
      this.#total.tokens -= 1;
      return true;
    }
    this.#count(source, call);
    return false;
  }

  /** The details of the summary events that are due, and starts counting anew. */
  takeSummaries(): JsonObject[] {
    const sorted = [...this.#summaries].sort(([, a], [, b]) => b.callsCount - a.callsCount);
    this.#summaries.clear();
    const own = sorted.filter(([source], index) => source !== OTHERS && index < this.#limits.summariesMax);
    const rest = sorted.filter((entry) => !own.includes(entry));
    const details = own.map(([source, summary]) => describe({ sourceIPAddress: source }, summary));
    const merged = rest.map(([, summary]) => summary).reduce(merge, undefined);
    if (merged !== undefined) details.push(describe({ sourceAddressesCount: rest.length }, merged));
    return details;
  }

  #sourceOf(address: string, nowMs: number): string {
    const source = sourceKey(address);
    if (this.#buckets.has(source)) return source;
    if (this.#buckets.size >= this.#limits.sourcesMax) this.#sweep(nowMs);
    return this.#buckets.size < this.#limits.sourcesMax ? source : OTHERS;
  }

  /** Forgets sources whose allowance is whole again; at most once a second, because it looks at all. */
  #sweep(nowMs: number) {
    if (Math.abs(nowMs - this.#sweptAtMs) < 1_000) return;
    this.#sweptAtMs = nowMs;
    for (const [source, bucket] of this.#buckets) {
      fill(bucket, this.#limits.callsPerMinute, nowMs);
      if (bucket.tokens >= this.#limits.callsPerMinute) this.#buckets.delete(source);
    }
  }

  #count(source: string, call: UnverifiedCall) {
    const key =
      this.#summaries.has(source) || this.#summaries.size < this.#limits.sourcesMax ? source : OTHERS;
    const summary = this.#summaries.get(key) ?? newSummary(call.eventTime);
    this.#summaries.set(key, summary);
    summary.callsCount += 1;
    summary.firstCallTime = earlier(summary.firstCallTime, call.eventTime);
    summary.lastCallTime = later(summary.lastCallTime, call.eventTime);
    addName(summary.names, `${call.eventSource}:${call.eventName}`.slice(0, NAME_LENGTH_MAX), 1);
  }
}

/** An IPv4 address as it is, the /64 of an IPv6 address, anything else shortened: `2001:db8:1:2::/64`. */
function sourceKey(address: string): string {
  if (!ipaddr.isValid(address)) return address.slice(0, NAME_LENGTH_MAX);
  const parsed = ipaddr.process(address);
  if (parsed.kind() === 'ipv4') return parsed.toString();
  const network = ipaddr.IPv6.networkAddressFromCIDR(`${parsed.toString()}/64`);
  return `${network.toString()}/64`;
}

function fill(bucket: Bucket, perMinute: number, nowMs: number) {
  const elapsedMs = Math.max(0, nowMs - bucket.filledAtMs);
  bucket.tokens = Math.min(perMinute, bucket.tokens + (elapsedMs * perMinute) / 60_000);
  bucket.filledAtMs = nowMs;
}

function newSummary(eventTime: string): Summary {
  return { callsCount: 0, firstCallTime: eventTime, lastCallTime: eventTime, names: new Map() };
}

/** Times of one form sort as text does. */
function earlier(a: string, b: string): string {
  return a < b ? a : b;
}

function later(a: string, b: string): string {
  return a < b ? b : a;
}

function addName(names: Map<string, number>, name: string, count: number) {
  const key = names.has(name) || names.size < NAMES_MAX ? name : OTHERS;
  names.set(key, (names.get(key) ?? 0) + count);
}

function merge(into: Summary | undefined, summary: Summary): Summary {
  if (into === undefined) return summary;
  for (const [name, count] of summary.names) addName(into.names, name, count);
  return {
    callsCount: into.callsCount + summary.callsCount,
    firstCallTime: earlier(into.firstCallTime, summary.firstCallTime),
    lastCallTime: later(into.lastCallTime, summary.lastCallTime),
    names: into.names,
  };
}

function describe(source: JsonObject, summary: Summary): JsonObject {
  return {
    ...source,
    callsCount: summary.callsCount,
    firstCallTime: summary.firstCallTime,
    lastCallTime: summary.lastCallTime,
    calls: Object.fromEntries(summary.names),
  };
}
