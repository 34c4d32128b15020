import type { NormalizedSchema } from '@smithy/core/schema';
import type { Json, JsonObject } from '../../src/model/cloudtrail-event.ts';

/** A text of 5 characters that no test compares: it stands for what the record hides. */
const SECRET = 'xxxxx';
const HIDDEN = new Set(['HIDDEN_DUE_TO_SECURITY_REASONS', '**********', '<sensitiveDataRemoved>']);

/**
 * The SDK's input that recorded parameters came from: names by their schema, dates as dates. What the schema does not
 * have cannot be expressed and is left out; the comparison shows it.
 */
export function rebuildInput(
  schema: NormalizedSchema,
  parameters: JsonObject | null,
): Record<string, unknown> {
  return (rebuild(schema, parameters ?? {}) ?? {}) as Record<string, unknown>;
}

function rebuild(schema: NormalizedSchema, value: Json): unknown {
  if (typeof value === 'string' && HIDDEN.has(value)) return secretOf(schema);
  if (schema.isStructSchema()) {
    if (!isObject(value)) return undefined;
    const input: Record<string, unknown> = {};
    for (const [name, member] of schema.structIterator()) {
      const recorded = value[name.charAt(0).toLowerCase() + name.slice(1)] ?? value[name];
      const rebuilt = recorded === undefined || recorded === null ? undefined : rebuild(member, recorded);
      if (rebuilt !== undefined) input[name] = rebuilt;
    }
    return input;
  }
  if (schema.isListSchema())
    return (Array.isArray(value) ? value : [value]).map((item) => rebuild(schema.getValueSchema(), item));
  if (schema.isMapSchema()) {
    if (!isObject(value)) return undefined;
    const entries = Object.entries(value).map(([key, item]) => [key, rebuild(schema.getValueSchema(), item)]);
    return Object.fromEntries(entries);
  }
  if (schema.isTimestampSchema()) return new Date(typeof value === 'number' ? epoch(value) : `${value} UTC`);
  if (schema.isBlobSchema()) return undefined;
  if (schema.isNumericSchema()) return Number(value);
  if (schema.isBooleanSchema()) return value === true || value === 'true';
  return schema.isStringSchema() ? String(value) : value;
}

/** Seconds or milliseconds. */
function epoch(value: number): number {
  return value > 1e11 ? value : value * 1000;
}

function secretOf(schema: NormalizedSchema): unknown {
  if (schema.isListSchema()) return [secretOf(schema.getValueSchema())];
  if (schema.isMapSchema()) return { name: secretOf(schema.getValueSchema()) };
  if (schema.isStructSchema()) return {};
  if (schema.isNumericSchema()) return 1;
  return schema.isBlobSchema() ? new Uint8Array([1]) : SECRET;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
