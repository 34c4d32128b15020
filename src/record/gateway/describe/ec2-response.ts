import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import { memberShape, membersOf, type ServiceShapes, type ShapeType } from '../../../model/query-shapes.ts';
import { parseWireDate, writeDate } from './date-text.ts';
import { isClassicEc2 } from './ec2-classic-operations.ts';
import { isSecretName } from './hidden-members.ts';
import { hiddenValue } from './hidden-value.ts';
import type { HideNode } from './hide-tree.ts';
import { define, isObject } from './spell-members.ts';
import { guessFromText } from './text-value.ts';

const DEPTH_MAX = 32;

/** Lists whose entries keep the name that they have on the wire (observed). */
const KEEPS_ITEM = new Set(['privateIpAddressesSet']);

/** Numbers that are recorded as text: the SOAP era had them so (observed). */
const NUMBERS_AS_TEXT: Readonly<Record<string, string>> = {
  CreateSnapshot: 'volumeSize',
  CreateVolume: 'size',
};

/** `xmlns` of the wrapper form. */
const NAMESPACE = 'http://ec2.amazonaws.com/doc/2016-11-15/';

/** `responseElements` of an EC2 call that changed something; never null. */
export function ec2Response(options: {
  readonly output: JsonObject;
  readonly operation: string;
  readonly requestId: string;
  readonly shapes: ServiceShapes | undefined;
  readonly hide: HideNode;
}): JsonObject {
  const { operation, requestId, shapes, hide } = options;
  const { requestId: _, '@_xmlns': __, xmlns: ___, ...members } = options.output;
  if (!isClassicEc2(operation)) {
    const body = wrapped(members, hide, 0);
    return { [`${operation}Response`]: { xmlns: NAMESPACE, requestId, ...body } };
  }
  const type = shapes?.operations[operation]?.[1] ?? '';
  const { return: isDone, ...rest } = classic(members, type, { operation, shapes, hide, depth: 0 });
  const isBare = Object.keys(rest).length === 0;
  return { requestId, ...rest, ...(isBare || isDone !== undefined ? { _return: isDone !== 'false' } : {}) };
}

interface Walk {
  readonly operation: string;
  readonly shapes: ServiceShapes | undefined;
  readonly hide: HideNode | undefined;
  readonly depth: number;
}

function classic(value: JsonObject, type: ShapeType, walk: Walk): Record<string, Json> {
  const members = walk.shapes === undefined ? undefined : membersOf(walk.shapes, type);
  const written: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value)) {
    const { name: sdkName, type: memberType } = memberShape(members, name);
    const hide = hideOf(walk.hide, sdkName, name);
    if (hide?.action !== undefined) {
      define(written, name, hiddenValue(member, hide.action) ?? '<sensitiveDataRemoved>');
    } else if (typeof member === 'string' && isSecretName(name, true)) {
      define(written, name, '<sensitiveDataRemoved>');
    } else if (walk.depth < DEPTH_MAX) {
      const isText = NUMBERS_AS_TEXT[walk.operation] === name;
      const below = { ...walk, hide, depth: walk.depth + 1 };
      const value = classicValue(member, isText ? '' : memberType, below);
      // Sets that the schemas do not have are empty all the same.
      define(written, name, value === '' && name.endsWith('Set') ? {} : withEntryName(name, value));
    }
  }
  return written;
}

/** The tables have the SDK's names of members, our own rows those of the wire. */
function hideOf(hide: HideNode | undefined, sdkName: string, wireName: string): HideNode | undefined {
  return (
    hide?.children.get(sdkName) ?? hide?.children.get(upperFirst(wireName)) ?? hide?.children.get(wireName)
  );
}

function upperFirst(name: string): string {
  return name.charAt(0).toUpperCase() + name.slice(1);
}

function withEntryName(name: string, value: Json): Json {
  return KEEPS_ITEM.has(name) && isObject(value) && value.items !== undefined ? { item: value.items } : value;
}

/** Lists are `{items: […]}` whatever the number of entries, `{}` when empty. */
function classicValue(value: Json, type: ShapeType, walk: Walk): Json {
  const isList = /^[LF]/.test(type) || (isObject(value) && Object.keys(value).join() === 'item');
  if (isList) {
    const inner = isObject(value) ? (value.item ?? []) : value === '' ? [] : value;
    const items = Array.isArray(inner) ? inner : [inner];
    const below = { ...walk, hide: walk.hide?.children.get('[]') };
    const entries = items.map((item) => classicValue(item, type.slice(1), below));
    return entries.length === 0 ? {} : { items: entries };
  }
  if (isObject(value)) return classic(value, type, walk);
  if (Array.isArray(value)) return value.map((item) => classicValue(item, type, walk));
  if (typeof value !== 'string') return value;
  if (type.startsWith('S') && value === '') return {};
  if (type === 'b') return value === 'true';
  if (type === 'i' && value !== '' && Number.isSafeInteger(Number(value))) return Number(value);
  const date = type === 't' ? parseWireDate(value) : undefined;
  return date === undefined ? value : writeDate(date, 'epochMs');
}

function wrapped(value: JsonObject, hide: HideNode | undefined, depth: number): Record<string, Json> {
  const written: Record<string, Json> = {};
  for (const [name, member] of Object.entries(value)) {
    // Lists of the wrapper form stand in elements of this name.
    const below = hideOf(hide, name === 'item' ? '[]' : name, name);
    if (below?.action !== undefined || (typeof member === 'string' && isSecretName(name, true)))
      define(written, name, hiddenValue(member, below?.action ?? 'remove') ?? '<sensitiveDataRemoved>');
    else if (depth < DEPTH_MAX) define(written, name, wrappedValue(member, below, depth + 1));
  }
  return written;
}

function wrappedValue(value: Json, hide: HideNode | undefined, depth: number): Json {
  if (typeof value === 'string') return guessFromText(value);
  if (Array.isArray(value)) {
    const entries = value.map((item) => wrappedValue(item, hide, depth));
    return entries.length === 1 ? (entries[0] ?? null) : entries;
  }
  return isObject(value) ? wrapped(value, hide, depth) : value;
}
