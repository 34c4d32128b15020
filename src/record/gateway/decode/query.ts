import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import { SIGNATURE_PARAMETERS } from '../recognise/authentication.ts';
import { readQuery } from '../recognise/request-view.ts';
import { safeObject } from './json-value.ts';

/** What a form or query string of the query and EC2 protocols says. */
export interface QueryCall {
  readonly action: string | undefined;
  readonly version: string | undefined;
  /**
   * The other parameters in the order sent, those of a signature left out; the first where one was sent
   * twice.
   */
  readonly parameters: ReadonlyMap<string, string>;
}

/** Real calls have at most a few thousand parameters. */
const PARAMETERS_MAX = 20_000;
/** `A.member.1.B.member.2` has 6; real ones have at most 14. */
const NAME_PARTS_MAX = 32;
/** `1`, `12`: the place in a list. */
const INDEX = /^\d{1,9}$/;
/** Services whose lists have no level of their own: `Attribute.1.Name`. */
const FLATTENED_LISTS = new Set(['sqs', 'sdb', 'importexport']);

/** Parameters of a signature of the second version, whose time and token have plain names. */
const OLD_SIGNATURE = new Set(['timestamp', 'expires', 'securitytoken']);

/** Reads a body, and the query string for what the body does not have: servers look at the body first. */
export function parseQueryCall(body: string, queryString: readonly (readonly [string, string])[]): QueryCall {
  const parameters = new Map<string, string>();
  const take = (name: string, value: string): void => {
    if (!parameters.has(name)) parameters.set(name, value);
  };
  readQuery(body, PARAMETERS_MAX, take);
  for (const [name, value] of queryString) take(name, value);
  const isOldSignature = parameters.has('AWSAccessKeyId') && parameters.has('Signature');
  const action = parameters.get('Action') ?? parameters.get('Operation');
  const version = parameters.get('Version');
  for (const name of parameters.keys()) {
    const lower = name.toLowerCase();
    const isSignature = SIGNATURE_PARAMETERS.has(lower) || (isOldSignature && OLD_SIGNATURE.has(lower));
    if (isSignature || name === 'Action' || name === 'Version') parameters.delete(name);
  }
  return { action, version, parameters };
}

/** A parameter's value, and what stands behind further dots. */
interface Node {
  value: string | undefined;
  readonly children: Map<string, Node>;
}

/**
 * Rebuilds nested members from dotted names. Leaves stay text.
 *
 *     rebuild(new Map([['Tags.member.1.Key', 'a'], ['Tags.member.1.Value', 'b']]), …)
 *     // { Tags: [{ Key: 'a', Value: 'b' }] }
 */
export function rebuildQueryInput(
  parameters: ReadonlyMap<string, string>,
  service: string | undefined,
  protocol: 'query' | 'ec2',
): JsonObject {
  if (isFlat(parameters)) return safeObject(parameters);
  const root: Node = { value: undefined, children: new Map() };
  for (const [name, value] of parameters) {
    let node = root;
    const parts = name.split('.', NAME_PARTS_MAX + 1);
    if (parts.length > NAME_PARTS_MAX) continue;
    for (const part of parts) {
      const next = node.children.get(part) ?? { value: undefined, children: new Map() };
      node.children.set(part, next);
      node = next;
    }
    node.value = value;
  }
  const isFlattened = protocol === 'ec2' || FLATTENED_LISTS.has(service ?? '');
  return safeObject([...root.children].map(([name, node]) => [name, toJson(node, isFlattened)]));
}

/** Most calls have no nested member. */
function isFlat(parameters: ReadonlyMap<string, string>): boolean {
  for (const name of parameters.keys()) if (name.includes('.')) return false;
  return true;
}

function toJson(node: Node, isFlattened: boolean): Json {
  const { children } = node;
  if (children.size === 0) return node.value ?? '';
  if (isIndexed(node)) return listOf(node, isFlattened);
  const [only] = children;
  if (!isFlattened && only !== undefined && children.size === 1) {
    const [name, inner] = only;
    if (name === 'entry' && isIndexed(inner))
      return entriesOf(inner, isFlattened) ?? listOf(inner, isFlattened);
    // `Filters.Filter.1`: whatever the level is called, only lists have one that holds nothing but places.
    if (isIndexed(inner)) return listOf(inner, isFlattened);
    // An empty list: `Tags.member=`.
    if (name === 'member' && inner.children.size === 0 && inner.value === '') return [];
  }
  return safeObject([...children].map(([name, inner]) => [name, toJson(inner, isFlattened)]));
}

function isIndexed({ children }: Node): boolean {
  if (children.size === 0) return false;
  for (const name of children.keys()) if (!INDEX.test(name)) return false;
  return true;
}

function inOrder(node: Node): Node[] {
  return [...node.children].sort(([a], [b]) => Number(a) - Number(b)).map(([, inner]) => inner);
}

function listOf(node: Node, isFlattened: boolean): Json {
  return inOrder(node).map((inner) => toJson(inner, isFlattened));
}

/** `entry.1.key=a&entry.1.value=b` → `{ a: 'b' }`; undefined where an entry is something else. */
function entriesOf(node: Node, isFlattened: boolean): JsonObject | undefined {
  const entries: [string, Json][] = [];
  for (const { children } of inOrder(node)) {
    const key = children.get('key') ?? children.get('Name');
    const value = children.get('value') ?? children.get('Value');
    if (key === undefined || key.children.size > 0 || children.size > 2) return undefined;
    entries.push([key.value ?? '', value === undefined ? '' : toJson(value, isFlattened)]);
  }
  return safeObject(entries);
}
