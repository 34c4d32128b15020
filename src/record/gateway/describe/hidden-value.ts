import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import type { HideAction } from './hide-tree.ts';

/** What stands in place of a hidden value; undefined drops the member. */
export function hiddenValue(value: Json, action: HideAction): Json | undefined {
  switch (action) {
    case 'drop':
      return undefined;
    case 'hide':
      return 'HIDDEN_DUE_TO_SECURITY_REASONS';
    case 'remove':
      return '<sensitiveDataRemoved>';
    case 'stars':
      return '**********';
    case 'empty':
      return {};
    case 'names':
      return isObject(value) ? Object.keys(value) : 'HIDDEN_DUE_TO_SECURITY_REASONS';
    case 'key':
      return isObject(value) ? plainKey(value) : 'HIDDEN_DUE_TO_SECURITY_REASONS';
    case 'partiQl':
      return typeof value === 'string' ? withoutLiterals(value) : 'HIDDEN_DUE_TO_SECURITY_REASONS';
  }
}

/** `{Artist: {S: 'x'}}` is written as `{Artist: 'x'}`. */
function plainKey(key: JsonObject): JsonObject {
  const plain: Record<string, Json> = {};
  for (const [name, value] of Object.entries(key)) {
    const [first] = isObject(value) ? Object.values(value) : [value];
    plain[name] = typeof first === 'object' ? 'HIDDEN_DUE_TO_SECURITY_REASONS' : (first ?? null);
  }
  return plain;
}

/** Masks text and number literals of a PartiQL statement; names stand in double quotes and stay. */
function withoutLiterals(statement: string): string {
  return statement.replace(/'(?:[^']|'')*'?|(?<![\w"])-?\d+(?:\.\d+)?/g, '***(Redacted)');
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
