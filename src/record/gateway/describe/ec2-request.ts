import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import { memberShape, membersOf, type ServiceShapes, type ShapeType } from '../../../model/query-shapes.ts';
import { parseWireDate, writeDate } from './date-text.ts';
import {
  classicListName,
  classicScalarName,
  emptyClassicSets,
  IP_PERMISSION_SETS,
  isNumberAsText,
  SERVICE_DEFAULTS,
} from './ec2-classic-names.ts';
import { isClassicEc2 } from './ec2-classic-operations.ts';
import { isSecretName } from './hidden-members.ts';
import { hiddenValue } from './hidden-value.ts';
import type { HideNode } from './hide-tree.ts';
import { define, isObject } from './spell-members.ts';
import { guessFromText } from './text-value.ts';
import { UNCONFIRMED } from './unconfirmed-choices.ts';

const DEPTH_MAX = 32;

interface Walk {
  readonly operation: string;
  readonly shapes: ServiceShapes | undefined;
  readonly hide: HideNode | undefined;
  readonly depth: number;
}

/** `requestParameters` of an EC2 call: the names of the SOAP era, or the wrapper form of newer operations. */
export function ec2Request(options: {
  readonly input: JsonObject;
  readonly operation: string;
  readonly shapes: ServiceShapes | undefined;
  readonly hide: HideNode;
}): JsonObject | null {
  const { input, operation, shapes, hide } = options;
  const type = shapes?.operations[operation]?.[0] ?? '';
  const walk: Walk = { operation, shapes, hide, depth: 0 };
  if (!isClassicEc2(operation) && UNCONFIRMED.unknownEc2OperationIsWrapped) {
    const wrapped = wrapStruct(input, type, walk);
    return { [`${operation}Request`]: Object.keys(wrapped).length === 0 ? '' : wrapped };
  }
  const classic = classicStruct(input, type, walk);
  for (const [name, value] of Object.entries(SERVICE_DEFAULTS[operation] ?? {})) classic[name] ??= value;
  for (const set of emptyClassicSets(operation)) classic[set] ??= {};
  return Object.keys(classic).length === 0
    ? null
    : operation === 'RunInstances'
      ? runInstances(classic)
      : classic;
}

/** The place of a list's entries. */
function entryOf(walk: Walk): Walk {
  return { ...walk, hide: walk.hide?.children.get('[]') };
}

/** RunInstances writes what is launched as the one entry of `instancesSet`. */
function runInstances(classic: Record<string, Json>): JsonObject {
  const launched: Record<string, Json> = {};
  const rest: Record<string, Json> = {};
  for (const [name, value] of Object.entries(classic)) {
    if (['imageId', 'minCount', 'maxCount', 'keyName'].includes(name)) launched[name] = value;
    else rest[name] = value;
  }
  return { instancesSet: { items: [launched] }, ...rest };
}

function classicStruct(input: JsonObject, type: ShapeType, walk: Walk): Record<string, Json> {
  const members = walk.shapes === undefined ? undefined : membersOf(walk.shapes, type);
  const written: Record<string, Json> = {};
  for (const [wireName, value] of Object.entries(input)) {
    const { name, type: memberType } = memberShape(members, wireName);
    const hide = walk.hide?.children.get(name) ?? walk.hide?.children.get(wireName);
    const hidden = hiddenText(wireName, value, hide);
    const below = { ...walk, hide, depth: walk.depth + 1 };
    if (hidden !== undefined) define(written, classicScalarName(walk.operation, wireName), hidden.text);
    else if (below.depth > DEPTH_MAX) continue;
    else if (Array.isArray(value)) {
      const { set, inner, entries } = classicListName(walk.operation, wireName);
      const items = value.map((item) =>
        classicItem(item, { wireName, inner, type: memberType.slice(1) }, entryOf(below)),
      );
      define(written, set, wireName === 'TagSpecification' ? { items } : { [entries]: items });
    } else if (isObject(value))
      define(written, classicScalarName(walk.operation, wireName), classicStruct(value, memberType, below));
    else {
      const typed = isNumberAsText(walk.operation, wireName) ? value : typedLeaf(value, memberType);
      define(written, classicScalarName(walk.operation, wireName), typed);
    }
  }
  return written;
}

function classicItem(
  item: Json,
  list: { readonly wireName: string; readonly inner: string; readonly type: ShapeType },
  walk: Walk,
): Json {
  if (!isObject(item)) return { [list.inner]: typedLeaf(item, list.type) };
  if (list.wireName === 'TagSpecification') return tagSpecification(item);
  const struct = classicStruct(item, list.type, walk);
  if (list.wireName === 'IpPermissions') for (const set of IP_PERMISSION_SETS) struct[set] ??= {};
  return struct;
}

/** The one list that has its entries directly: `{resourceType, tags: [{key, value}]}`. */
function tagSpecification(item: JsonObject): JsonObject {
  const tags = Array.isArray(item.Tag) ? item.Tag : [];
  return {
    ...(item.ResourceType === undefined ? {} : { resourceType: item.ResourceType }),
    tags: tags.filter(isObject).map((tag) => ({ key: tag.Key ?? '', value: tag.Value ?? '' })),
  };
}

/** The wrapper form: names as on the wire; a list's entries carry their number as `tag`, scalars their `content`. */
function wrapStruct(input: JsonObject, type: ShapeType, walk: Walk): Record<string, Json> {
  const members = walk.shapes === undefined ? undefined : membersOf(walk.shapes, type);
  const written: Record<string, Json> = {};
  for (const [wireName, value] of Object.entries(input)) {
    const { name, type: memberType } = memberShape(members, wireName);
    const hide = walk.hide?.children.get(name) ?? walk.hide?.children.get(wireName);
    const hidden = hiddenText(wireName, value, hide);
    const below = { ...walk, hide, depth: walk.depth + 1 };
    if (hidden !== undefined) define(written, wireName, hidden.text);
    else if (below.depth > DEPTH_MAX) continue;
    else if (Array.isArray(value)) {
      const entries = value.map((item, index) =>
        wrapItem(item, index + 1, { type: memberType.slice(1), below: entryOf(below) }),
      );
      define(written, wireName, entries.length === 1 ? (entries[0] ?? null) : entries);
    } else if (isObject(value)) define(written, wireName, wrapStruct(value, memberType, below));
    else define(written, wireName, wrappedLeaf(value));
  }
  return written;
}

function wrapItem(
  item: Json,
  tag: number,
  options: { readonly type: ShapeType; readonly below: Walk },
): Json {
  if (isObject(item)) return { ...wrapStruct(item, options.type, options.below), tag };
  return { tag, content: wrappedLeaf(item) };
}

function wrappedLeaf(value: Json): Json {
  return typeof value === 'string' ? guessFromText(value) : value;
}

function typedLeaf(value: Json, type: ShapeType): Json {
  if (typeof value !== 'string') return value;
  if (type === 'i') return Number.isSafeInteger(Number(value)) && value !== '' ? Number(value) : value;
  if (type === 'b') return value === 'true' ? true : value === 'false' ? false : value;
  if (type === 't') {
    const date = parseWireDate(value);
    return date === undefined ? value : writeDate(date, 'epochMs');
  }
  return value;
}

function hiddenText(name: string, value: Json, hide: HideNode | undefined): { text: Json } | undefined {
  if (hide?.action !== undefined) {
    const text = hiddenValue(value, hide.action);
    return { text: text ?? '<sensitiveDataRemoved>' };
  }
  if (typeof value === 'string' && isSecretName(name, true)) return { text: '<sensitiveDataRemoved>' };
  return undefined;
}
