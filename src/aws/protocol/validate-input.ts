import { ApiError } from '../../model/api-error.ts';
import type { Json, JsonObject } from '../../model/cloudtrail-event.ts';
import type { ApiShape, ServiceApi } from '../../model/service-api.ts';
import { isObject, lowerFirst } from './deserialise-input.ts';

/** The error of its own that an operation answers when a top-level member breaks a constraint. */
export type OwnExceptions = Readonly<Record<string, string>>;

interface Violation {
  /** Top-level member as on the wire. */
  readonly member: string;
  readonly path: string;
  readonly value: Json | undefined;
  readonly constraint: string;
}

/** Values in messages are cut, so that no message is larger than what it complains about. */
const quotedCharactersMax = 256;

/**
 * Checks a deserialised input against the constraints of the model. Throws the operation's own error where
 * the first broken member has one, else `ValidationException` that lists every violation.
 */
export function validateInput(
  api: ServiceApi,
  operation: string,
  call: { readonly input: JsonObject; readonly ownExceptions?: OwnExceptions },
): void {
  const violations: Violation[] = [];
  const inputName = api.operations[operation]?.input ?? '';
  check({ api, violations, member: '', path: '' }, inputName, call.input);
  const own = violations.find((violation) => call.ownExceptions?.[violation.member] !== undefined);
  if (own !== undefined) throw new ApiError(call.ownExceptions?.[own.member] ?? '', sentence(own));
  if (violations.length === 0) return;
  const count = `${violations.length} validation error${violations.length === 1 ? '' : 's'} detected`;
  throw new ApiError('ValidationException', `${count}: ${violations.map(sentence).join('; ')}`, {
    isPlatform: true,
  });
}

function sentence(violation: Violation): string {
  const { value } = violation;
  const shown =
    value === undefined ? 'null' : typeof value === 'object' ? JSON.stringify(value) : String(value);
  const quoted = value === undefined ? 'null' : `'${shown.slice(0, quotedCharactersMax)}'`;
  return `Value ${quoted} at '${violation.path}' failed to satisfy constraint: Member must ${violation.constraint}`;
}

interface Place {
  readonly api: ServiceApi;
  readonly violations: Violation[];
  readonly member: string;
  readonly path: string;
}

function check(place: Place, shapeName: string, value: Json): void {
  const shape = place.api.shapes[shapeName];
  if (shape === undefined) return;
  switch (shape.type) {
    case 'structure':
      checkStructure(place, shape, value);
      break;
    case 'list':
      if (!Array.isArray(value)) break;
      checkSize(place, shape, { size: value.length, noun: 'length', value });
      for (const [index, item] of value.entries()) {
        check({ ...place, path: `${place.path}.${index + 1}.member` }, shape.member ?? '', item as Json);
      }
      break;
    case 'map':
      if (!isObject(value)) break;
      checkSize(place, shape, { size: Object.keys(value).length, noun: 'length', value });
      for (const [key, item] of Object.entries(value)) {
        check({ ...place, path: `${place.path}.${key}.key` }, shape.key ?? '', key);
        check({ ...place, path: `${place.path}.${key}.member` }, shape.value ?? '', item);
      }
      break;
    case 'string':
      if (typeof value === 'string') checkString(place, shape, value);
      break;
    default:
      if (typeof value === 'number') checkSize(place, shape, { size: value, noun: 'value', value });
  }
}

function checkStructure(place: Place, shape: ApiShape, value: Json): void {
  if (!isObject(value)) return;
  for (const [name, member] of Object.entries(shape.members ?? {})) {
    const child = value[name];
    const path = place.path === '' ? lowerFirst(name) : `${place.path}.${lowerFirst(name)}`;
    const next = { ...place, member: place.member === '' ? name : place.member, path };
    if (child !== undefined) check(next, member.shape, child);
    else if (shape.required?.includes(name) === true) report(next, undefined, 'not be null');
  }
}

function checkString(place: Place, shape: ApiShape, value: string): void {
  if (shape.enum !== undefined && !shape.enum.includes(value)) {
    report(place, value, `satisfy enum value set: [${shape.enum.join(', ')}]`);
    return;
  }
  checkSize(place, shape, { size: [...value].length, noun: 'length', value });
  if (shape.pattern !== undefined && !fullMatch(shape.pattern).test(value)) {
    report(place, value, `satisfy regular expression pattern: ${shape.pattern}`);
  }
}

function checkSize(
  place: Place,
  shape: ApiShape,
  measured: { readonly size: number; readonly noun: 'length' | 'value'; readonly value: Json },
): void {
  const { size, noun, value } = measured;
  if (shape.min !== undefined && size < shape.min) {
    report(place, value, `have ${noun} greater than or equal to ${shape.min}`);
  }
  if (shape.max !== undefined && size > shape.max)
    report(place, value, `have ${noun} less than or equal to ${shape.max}`);
}

function report(place: Place, value: Json | undefined, constraint: string): void {
  place.violations.push({ member: place.member, path: place.path, value, constraint });
}

const compiled = new Map<string, RegExp>();

/**
 * The model's patterns are Java's and match the whole value; an inline `(?s)` is the only flag that they use.
 */
function fullMatch(pattern: string): RegExp {
  let expression = compiled.get(pattern);
  if (expression === undefined) {
    const isDotAll = pattern.startsWith('(?s)');
    expression = new RegExp(`^(?:${isDotAll ? pattern.slice(4) : pattern})$`, isDotAll ? 's' : '');
    compiled.set(pattern, expression);
  }
  return expression;
}
