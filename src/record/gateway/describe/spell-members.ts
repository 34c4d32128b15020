import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import {
  memberShape,
  membersOf,
  type ServiceShapes,
  type ShapeMembers,
  type ShapeType,
} from '../../../model/query-shapes.ts';
import { type DateStyle, parseWireDate, writeDate } from './date-text.ts';
import { isSecretName } from './hidden-members.ts';
import { hiddenValue } from './hidden-value.ts';
import type { HideNode } from './hide-tree.ts';
import { guessedValue, isContentName, isMapName } from './unshaped-member.ts';

/** Deeper values are cut off: no API has them, and they would exhaust the stack. */
const DEPTH_MAX = 64;

export interface Spelling {
  readonly shapes: ServiceShapes | undefined;
  /** Whether bodies are text, so that lists and structures may be wrapped in element names. */
  readonly isText: boolean;
  /** `camel` lower-cases the first letter of each member; `verbatim` leaves names as the API has them. */
  readonly naming: 'camel' | 'verbatim';
  readonly dateStyle: DateStyle;
  /** Whether the operation is in the tables, so that its marks tell what is sensitive. */
  readonly isKnownOperation: boolean;
  /** Whether numbers stay the text that they were sent as. */
  readonly numbersAsText: boolean;
}

/** Writes the members of a call as CloudTrail does: typed, dated, renamed, with what must not be seen hidden. */
export function spellMembers(
  members: JsonObject,
  options: { readonly type: ShapeType; readonly hide: HideNode; readonly spelling: Spelling },
): JsonObject {
  return spellStruct(members, options.type, { hide: options.hide, spelling: options.spelling, depth: 0 });
}

interface Place {
  readonly hide: HideNode | undefined;
  readonly spelling: Spelling;
  readonly depth: number;
}

function spellStruct(value: JsonObject, type: ShapeType, place: Place): JsonObject {
  const { spelling } = place;
  const shape = spelling.shapes === undefined ? undefined : membersOf(spelling.shapes, type);
  const spelled: Record<string, Json> = {};
  for (const wireName of Object.keys(value)) {
    const { name, camelName, type: memberType } = memberOf(shape, wireName);
    const written = spellMember(name, value[wireName] as Json, memberType, place);
    if (written !== undefined) define(spelled, spelling.naming === 'camel' ? camelName : name, written);
  }
  return spelled;
}

interface Member {
  readonly name: string;
  readonly camelName: string;
  readonly type: ShapeType;
}

/** Members that the shapes know, once they were asked for. */
const knownMembers = new WeakMap<ShapeMembers, Map<string, Member>>();

/** Name and type of a member; kept for those of shapes alone, so that names that callers invent leave nothing here. */
function memberOf(shape: ShapeMembers | undefined, wireName: string): Member {
  if (shape === undefined || !Object.hasOwn(shape, wireName)) {
    return { name: wireName, camelName: lowerFirst(wireName), type: '' };
  }
  let members = knownMembers.get(shape);
  if (members === undefined) {
    members = new Map();
    knownMembers.set(shape, members);
  }
  let member = members.get(wireName);
  if (member === undefined) {
    const { name, type } = memberShape(shape, wireName);
    member = { name, camelName: lowerFirst(name), type };
    members.set(wireName, member);
  }
  return member;
}

function spellMember(name: string, member: Json, type: ShapeType, place: Place): Json | undefined {
  const hide = hideBelow(place, name);
  if (hide?.action !== undefined) return hiddenValue(member, hide.action);
  // The only entry of a list in a query string is a text.
  const entry = typeof member === 'string' ? hide?.children.get('[]')?.action : undefined;
  if (entry !== undefined) return hiddenValue(member, entry);
  if (isText(member) && isSecretName(name, place.spelling.isKnownOperation))
    return hiddenValue(member, 'hide');
  const below = { hide, spelling: place.spelling, depth: place.depth + 1 };
  if (below.depth > DEPTH_MAX) return undefined;
  if (place.spelling.shapes === undefined && type === '') {
    if (typeof member === 'string' && isContentName(name)) return undefined;
    const guessed = guessedValue(name, member, place.spelling.dateStyle);
    if (guessed !== undefined) return guessed;
    if (isMapName(name) && isObject(member)) return spellMap(member, '', below);
  }
  return spellValue(member, type, below);
}

/**
 * What is hidden below a member or a key of a map. Without shapes the two look alike, so each is looked for in the
 * other's place too.
 */
function hideBelow({ hide }: Place, name: string): HideNode | undefined {
  return hide?.children.get(name) ?? hide?.children.get('{}');
}

function spellValue(value: Json, type: ShapeType, place: Place): Json | undefined {
  switch (type.charAt(0)) {
    case 'L':
    case 'F':
      return spellList(value, type, place);
    case 'M':
      return spellMap(value, type.slice(1), place);
    case 'S':
      if (isObject(value)) return spellStruct(value, type, place);
      return place.spelling.isText && value === '' ? {} : (value ?? undefined);
    case 'i':
      return place.spelling.numbersAsText ? value : numberOf(value);
    case 'b':
      return value === 'true' ? true : value === 'false' ? false : value;
    case 't': {
      const date = parseWireDate(value);
      return date === undefined ? value : writeDate(date, place.spelling.dateStyle);
    }
    case 'x':
      return undefined;
    default:
      if (Array.isArray(value)) return spellList(value, 'L', place);
      return isObject(value) ? spellStruct(value, '', place) : (value ?? undefined);
  }
}

function spellList(value: Json, type: ShapeType, place: Place): Json | undefined {
  const hide = place.hide?.children.get('[]');
  const below = { hide, spelling: place.spelling, depth: place.depth + 1 };
  if (below.depth > DEPTH_MAX) return undefined;
  const items = place.spelling.isText ? textItems(value, type) : value;
  if (!Array.isArray(items)) return isObject(items) ? spellStruct(items, '', below) : (items ?? undefined);
  const spelled: Json[] = [];
  for (const item of items) {
    const written =
      below.hide?.action === undefined
        ? spellValue(item, type.slice(1), below)
        : hiddenValue(item, below.hide.action);
    if (written !== undefined) spelled.push(written);
  }
  return spelled;
}

/** The entries of a list in a text body: alone, repeated, or wrapped in the name of an element (`member`, `Tag`). */
function textItems(value: Json, type: ShapeType): Json {
  if (Array.isArray(value)) return value;
  if (value === '' || value === null) return [];
  if (type.startsWith('L') && isObject(value)) {
    const names = Object.keys(value);
    const [only] = names;
    if (names.length === 1 && only !== undefined) {
      const inner = value[only] ?? '';
      return Array.isArray(inner) ? inner : [inner];
    }
  }
  return [value];
}

/** Keys of maps are the caller's and stay as they are. */
function spellMap(value: Json, type: ShapeType, place: Place): Json | undefined {
  if (place.spelling.isText && value === '') return {};
  const map = place.spelling.isText ? (textEntries(value) ?? value) : value;
  if (!isObject(map)) return map;
  const depth = place.depth + 1;
  if (depth > DEPTH_MAX) return undefined;
  const spelled: Record<string, Json> = {};
  for (const [key, item] of Object.entries(map)) {
    const hide = hideBelow(place, key);
    const written =
      hide?.action !== undefined
        ? hiddenValue(item, hide.action)
        : isText(item) && isSecretName(key, place.spelling.isKnownOperation)
          ? hiddenValue(item, 'hide')
          : spellValue(item, type, { ...place, hide, depth });
    if (written !== undefined) define(spelled, key, written);
  }
  return spelled;
}

/** `{entry: [{key, value}]}` and `[{key, value}]` of text bodies as an object; undefined for what is neither. */
function textEntries(value: Json): JsonObject | undefined {
  const inner = isObject(value) && Object.keys(value).length === 1 && 'entry' in value ? value.entry : value;
  const entries = Array.isArray(inner)
    ? inner
    : inner !== value && isObject(inner ?? null)
      ? [inner ?? null]
      : [];
  if (entries.length === 0) return undefined;
  const map: Record<string, Json> = {};
  for (const entry of entries) {
    if (!isObject(entry)) return undefined;
    const [key, content] = [entry.key ?? entry.Key ?? entry.Name, entry.value ?? entry.Value];
    if (typeof key !== 'string') return undefined;
    define(map, key, content ?? '');
  }
  return map;
}

/** A text or a list of texts, also in the elements that wrap a list (`{member: [...]}`). */
function isText(value: Json): boolean {
  if (typeof value === 'string') return true;
  if (Array.isArray(value)) return value.length > 0 && value.every((item) => typeof item === 'string');
  return isObject(value) && Object.keys(value).join() === 'member' && isText(value.member ?? null);
}

function numberOf(value: Json): Json {
  if (typeof value !== 'string' || value.trim() === '') return value;
  const number = Number(value);
  const isExact = Number.isFinite(number) && (!Number.isInteger(number) || Number.isSafeInteger(number));
  return isExact ? number : value;
}

function lowerFirst(name: string): string {
  return name.charAt(0).toLowerCase() + name.slice(1);
}

export function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** `__proto__` as a key must become a member like any other. */
export function define(target: Record<string, Json>, key: string, value: Json): void {
  if (key === '__proto__')
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true });
  else target[key] = value;
}
