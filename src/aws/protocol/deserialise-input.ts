import type { Json, JsonObject } from '../../model/cloudtrail-event.ts';
import type { ApiShape, ServiceApi } from '../../model/service-api.ts';
import { serializationError } from './json-body.ts';

const int32Max = 2 ** 31 - 1;

/**
 * The input with the members that the model knows, each of the JSON type that it declares: unknown members
 * are dropped, `null` counts as absent. Timestamps come out as epoch seconds. Throws `SerializationException`
 * on a wrong type.
 */
export function deserialiseInput(api: ServiceApi, operation: string, body: JsonObject): JsonObject {
  const input = api.shapes[api.operations[operation]?.input ?? ''];
  return input === undefined ? {} : (structure({ api, path: '' }, input, body) as JsonObject);
}

interface Place {
  readonly api: ServiceApi;
  readonly path: string;
}

function convert(place: Place, shapeName: string, value: Json): Json {
  const shape = place.api.shapes[shapeName];
  if (shape === undefined) return value;
  switch (shape.type) {
    case 'structure':
      return structure(place, shape, value);
    case 'list':
      if (!Array.isArray(value)) throw wrongType(place, value, 'a list');
      return value
        .filter((item) => item !== null)
        .map((item, index) => convert(at(place, `${index + 1}`), shape.member ?? '', item as Json));
    case 'map':
      return map(place, shape, value);
    case 'string':
      if (typeof value !== 'string') throw wrongType(place, value, 'a String');
      return value;
    case 'blob':
      if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value))
        throw wrongType(place, value, 'a Blob');
      return value;
    case 'boolean':
      if (typeof value !== 'boolean') throw wrongType(place, value, 'a Boolean');
      return value;
    case 'integer':
    case 'long': {
      const isWhole = typeof value === 'number' && Number.isSafeInteger(value);
      if (!isWhole || (shape.type === 'integer' && Math.abs(value) > int32Max)) {
        throw wrongType(place, value, shape.type === 'integer' ? 'an Integer' : 'a Long');
      }
      return value;
    }
    case 'double':
    case 'float':
      if (typeof value === 'number' || value === 'NaN' || value === 'Infinity' || value === '-Infinity')
        return value;
      throw wrongType(place, value, 'a Double');
    case 'timestamp':
      return timestamp(place, value);
  }
}

function structure(place: Place, shape: ApiShape, value: Json): Json {
  if (!isObject(value)) throw wrongType(place, value, 'a structure');
  const found: Record<string, Json> = {};
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    if (!Object.hasOwn(value, name)) continue;
    const child = value[name];
    if (child === undefined || child === null) continue;
    found[name] = convert(at(place, lowerFirst(name)), member.shape, child);
  }
  return found;
}

function map(place: Place, shape: ApiShape, value: Json): Json {
  if (!isObject(value)) throw wrongType(place, value, 'a map');
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, item]) => item !== null)
      .map(([key, item]) => [key, convert(at(place, key), shape.value ?? '', item)]),
  );
}

/**
 * Epoch seconds; ISO-8601 text is not the declared form, but some clients send it and it means one thing
 * only.
 */
function timestamp(place: Place, value: Json): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (typeof value === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(value)) {
    const ms = Date.parse(value);
    if (!Number.isNaN(ms)) return ms / 1000;
  }
  throw wrongType(place, value, 'a Timestamp');
}

function wrongType(place: Place, value: Json, wanted: string): Error {
  const kind = Array.isArray(value)
    ? 'LIST_VALUE'
    : isObject(value)
      ? 'STRUCTURE_VALUE'
      : `${typeof value}_VALUE`.toUpperCase();
  return serializationError(`${kind} can not be converted to ${wanted} at '${place.path || 'input'}'`);
}

function at(place: Place, name: string): Place {
  return { api: place.api, path: place.path === '' ? name : `${place.path}.${name}` };
}

export function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
