import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';

/** DynamoDB documents nest 32 levels, each written as two; nothing that AWS accepts comes near this. */
const DEPTH_MAX = 128;
/** No API takes lists of that many values in a megabyte; it bounds the work that one body can cause. */
const VALUES_MAX = 500_000;

/** Thrown inside the decoders only, when a body nests too deep or holds too many values. */
export class HostileBodyError extends Error {
  override readonly name = 'HostileBodyError';
}

/** Counts what a body holds while it is turned into JSON. */
export class Budget {
  #values = 0;

  /** Throws when the depth, or the number of values so far, is more than any API takes. */
  spend(depth: number): void {
    this.#values++;
    if (depth > DEPTH_MAX) throw new HostileBodyError(`the body nests more than ${DEPTH_MAX} levels`);
    if (this.#values > VALUES_MAX)
      throw new HostileBodyError(`the body holds more than ${VALUES_MAX} values`);
  }
}

/** An object without members that could change what the code that reads it does. */
export function safeObject(entries: Iterable<readonly [string, Json]>): JsonObject {
  const object: Record<string, Json> = {};
  for (const [name, value] of entries) {
    // An assignment to this name would replace the prototype; no API has a member of that name.
    if (name !== '__proto__') object[name] = value;
  }
  return object;
}

/**
 * Parsed JSON if it is safe to walk: bounded in depth and number of values, no member named `__proto__`.
 * Throws a `HostileBodyError` otherwise; of members that were sent twice the last is kept, as most parsers
 * do.
 */
export function parseJson(text: string): Json {
  const value = JSON.parse(text) as Json;
  const budget = new Budget();
  return isPlain(value, 0, budget) ? value : withoutPrototypes(value);
}

/** False when an object has a member `__proto__`; throws when it is over budget. */
function isPlain(value: Json, depth: number, budget: Budget): boolean {
  budget.spend(depth);
  if (value === null || typeof value !== 'object') return true;
  let plain = true;
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) plain = isPlain(item, depth + 1, budget) && plain;
    return plain;
  }
  const object = value as JsonObject;
  if (Object.hasOwn(object, '__proto__')) plain = false;
  for (const name of Object.keys(object)) {
    plain = isPlain(object[name] as Json, depth + 1, budget) && plain;
  }
  return plain;
}

function withoutPrototypes(value: Json): Json {
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value.map(withoutPrototypes);
  return safeObject(Object.entries(value).map(([name, member]) => [name, withoutPrototypes(member)]));
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
