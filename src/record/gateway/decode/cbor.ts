import { Decoder } from 'cbor-x';
import type { Json } from '../../../model/cloudtrail-event.ts';
import { Budget, HostileBodyError, safeObject } from './json-value.ts';

/** Maps stay maps, so that no key can reach a prototype; records and shared structures are off. */
const decoder = new Decoder({ mapsAsObjects: false, useRecords: false, structuredClone: false });

/** The tag of a timestamp in seconds since 1970: the only one that the protocol has. */
const TIMESTAMP_TAG = 1;

/**
 * Parses a CBOR body. Binary members are left out, timestamps are seconds, numbers too large for JSON are
 * text. Undefined for what is not one whole, bounded value or has another tag than a timestamp's.
 */
export function parseCbor(bytes: Uint8Array): Json | undefined {
  try {
    // First what the body claims to hold: the library would act on tags and believe lengths.
    if (new Scan(bytes).value(0) !== bytes.length) return undefined;
    return toJson(decoder.decode(bytes), 0, new Budget());
  } catch {
    // Malformed or over a bound: recorded as a body that could not be read.
    return undefined;
  }
}

const OMITTED = undefined;

function toJson(value: unknown, depth: number, budget: Budget): Json | undefined {
  budget.spend(depth);
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      return Number.isFinite(value) ? value : String(value);
    case 'bigint':
      return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
        ? Number(value)
        : value.toString();
    case 'undefined':
      return null;
    default:
      return fromObject(value, depth, budget);
  }
}

function fromObject(value: unknown, depth: number, budget: Budget): Json | undefined {
  if (value === null) return null;
  if (value instanceof Uint8Array) return OMITTED;
  if (value instanceof Date) {
    const seconds = value.getTime() / 1000;
    return Number.isFinite(seconds) ? seconds : null;
  }
  if (Array.isArray(value)) {
    return value.map((item) => toJson(item, depth + 1, budget)).filter((item) => item !== OMITTED);
  }
  if (!(value instanceof Map)) throw new HostileBodyError('the body holds a value that JSON does not have');
  const entries: [string, Json][] = [];
  for (const [key, member] of value) {
    const json = toJson(member, depth + 1, budget);
    if (json !== OMITTED) entries.push([String(key), json]);
  }
  return safeObject(entries);
}

/** Walks over the headers of a body's items without building anything. */
class Scan {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #budget = new Budget();

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #at = 0;

  /** Goes over one value and returns where it ends. */
  value(depth: number): number {
    this.#budget.spend(depth);
    const initial = this.#byte();
    const major = initial >> 5;
    const info = initial & 0x1f;
    if (info === 31) return this.#indefinite(major, depth);
    const argument = this.#argument(info);
    switch (major) {
      case 2:
      case 3:
        return this.#skip(argument);
      case 4:
        return this.#items(argument, depth);
      case 5:
        return this.#items(argument * 2, depth);
      case 6:
        if (argument !== TIMESTAMP_TAG) throw new HostileBodyError(`tag ${argument} is not known`);
        return this.#timestamp(depth);
      default:
        return this.#at;
    }
  }

  #timestamp(depth: number): number {
    const major = (this.#bytes[this.#at] ?? 0xff) >> 5;
    if (major !== 0 && major !== 1 && major !== 7) throw new HostileBodyError('a timestamp is not a number');
    return this.value(depth + 1);
  }

  #items(count: number, depth: number): number {
    for (let index = 0; index < count; index++) this.value(depth + 1);
    return this.#at;
  }

  /** Strings in parts, lists and maps of open length; ends at a break. */
  #indefinite(major: number, depth: number): number {
    if (major < 2 || major > 5) throw new HostileBodyError('a break stands where none may be');
    let count = 0;
    for (; this.#bytes[this.#at] !== 0xff; count++) {
      const part = (this.#bytes[this.#at] ?? 0) >> 5;
      if (major < 4 && part !== major) throw new HostileBodyError('a string has a part of another kind');
      this.value(depth + 1);
    }
    if (major === 5 && count % 2 !== 0) throw new HostileBodyError('a map has a key without a value');
    return this.#skip(1);
  }

  #argument(info: number): number {
    if (info < 24) return info;
    if (info > 27) throw new HostileBodyError('a length has a reserved form');
    const size = 1 << (info - 24);
    const at = this.#at;
    this.#skip(size);
    if (size === 1) return this.#view.getUint8(at);
    if (size === 2) return this.#view.getUint16(at);
    if (size === 4) return this.#view.getUint32(at);
    return Number(this.#view.getBigUint64(at));
  }

  #byte(): number {
    const at = this.#at;
    this.#skip(1);
    return this.#bytes[at] as number;
  }

  #skip(count: number): number {
    if (count > this.#bytes.length - this.#at) throw new HostileBodyError('the body ends too early');
    this.#at += count;
    return this.#at;
  }
}
