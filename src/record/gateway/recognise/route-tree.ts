import { decodePercent } from './request-view.ts';

/** An operation and the route that leads to it. */
export interface Route {
  /** Key of the service. */
  readonly service: string;
  readonly operation: string;
  readonly method: string;
  /** `/functions/{FunctionName}/aliases?find=x`. */
  readonly template: string;
}

interface Leaf {
  readonly service: string;
  readonly operation: string;
  /** Query parameters that must be there; `undefined` for any value. */
  readonly query: readonly (readonly [string, string | undefined])[];
  readonly literals: number;
  readonly isGreedy: boolean;
  readonly endsWithSlash: boolean;
}

/**
 * How well a route fits: more literal segments win, then more literal query parts, then routes without a
 * greedy label, then those that end with a slash as the path does.
 */
export interface RouteMatch {
  readonly literals: number;
  readonly queryParts: number;
  readonly isGreedy: boolean;
  readonly hasSameEnd: boolean;
  /** Every operation that fits equally well; several only where services share routes. */
  readonly routes: readonly { readonly service: string; readonly operation: string }[];
}

interface Node {
  readonly literals: Map<string, Node>;
  label: Node | undefined;
  /** Routes with `{Name+}` here, and the literal segments that follow it. */
  readonly greedy: { readonly suffix: readonly string[]; readonly leaves: Leaf[] }[];
  readonly leaves: Leaf[];
}

type Query = readonly (readonly [string, string])[];

/**
 * Routes compiled into a tree over the segments of the path. A slash at the end matters only where all else
 * is equal.
 */
export class RouteTree {
  readonly #byMethod = new Map<string, Node>();

  constructor(routes: Iterable<Route>) {
    for (const route of routes) this.#add(route);
  }

  match(method: string, path: string, query: Query): RouteMatch | undefined {
    const root = this.#byMethod.get(method);
    if (root === undefined) return undefined;
    const best: Best = { match: undefined };
    visit(root, splitPath(path), 0, { query, best, endsWithSlash: path.endsWith('/') });
    return best.match;
  }

  #add(route: Route): void {
    const { path, query } = splitTemplate(route.template);
    const segments = splitPath(path);
    let node = this.#byMethod.get(route.method) ?? emptyNode();
    this.#byMethod.set(route.method, node);
    const literals = segments.filter((segment) => !segment.startsWith('{')).length;
    const greedyAt = segments.findIndex((segment) => segment.endsWith('+}'));
    const leaf = {
      service: route.service,
      operation: route.operation,
      query,
      literals,
      isGreedy: greedyAt >= 0,
      endsWithSlash: path.endsWith('/'),
    };
    for (const segment of greedyAt < 0 ? segments : segments.slice(0, greedyAt)) node = step(node, segment);
    if (greedyAt < 0) node.leaves.push(leaf);
    else addGreedy(node, segments.slice(greedyAt + 1), leaf);
  }
}

interface Best {
  match: RouteMatch | undefined;
}

interface Search {
  readonly query: Query;
  readonly best: Best;
  readonly endsWithSlash: boolean;
}

function emptyNode(): Node {
  return { literals: new Map(), label: undefined, greedy: [], leaves: [] };
}

function step(node: Node, segment: string): Node {
  if (segment.startsWith('{')) {
    node.label ??= emptyNode();
    return node.label;
  }
  const known = node.literals.get(segment);
  if (known !== undefined) return known;
  const next = emptyNode();
  node.literals.set(segment, next);
  return next;
}

function addGreedy(node: Node, suffix: readonly string[], leaf: Leaf): void {
  const key = suffix.join('/');
  const known = node.greedy.find((entry) => entry.suffix.join('/') === key);
  if (known !== undefined) known.leaves.push(leaf);
  else node.greedy.push({ suffix, leaves: [leaf] });
}

/** The depth is that of the tree, never that of the path. */
function visit(node: Node, segments: readonly string[], depth: number, search: Search): void {
  if (depth === segments.length) offer(node.leaves, search);
  else {
    const segment = segments[depth] as string;
    const literal = node.literals.get(segment) ?? node.literals.get(decodePercent(segment));
    if (literal !== undefined) visit(literal, segments, depth + 1, search);
    if (node.label !== undefined && segment !== '') visit(node.label, segments, depth + 1, search);
  }
  for (const { suffix, leaves } of node.greedy) {
    const rest = segments.length - depth - suffix.length;
    if (rest < 1) continue;
    const tail = segments.length - suffix.length;
    if (suffix.every((segment, index) => segments[tail + index] === segment)) offer(leaves, search);
  }
}

function offer(leaves: readonly Leaf[], { query, best, endsWithSlash }: Search): void {
  for (const leaf of leaves) {
    if (!hasQuery(query, leaf.query)) continue;
    const hasSameEnd = leaf.endsWithSlash === endsWithSlash;
    const order = best.match === undefined ? -1 : compare({ ...leaf, hasSameEnd }, best.match);
    if (order > 0) continue;
    const route = { service: leaf.service, operation: leaf.operation };
    if (order === 0 && best.match !== undefined) {
      best.match = { ...best.match, routes: [...best.match.routes, route] };
    } else {
      const { literals, isGreedy } = leaf;
      best.match = { literals, queryParts: leaf.query.length, isGreedy, hasSameEnd, routes: [route] };
    }
  }
}

/** Below 0 when the leaf fits better. */
function compare(leaf: Leaf & { readonly hasSameEnd: boolean }, match: RouteMatch): number {
  if (leaf.literals !== match.literals) return match.literals - leaf.literals;
  if (leaf.query.length !== match.queryParts) return match.queryParts - leaf.query.length;
  if (leaf.isGreedy !== match.isGreedy) return Number(leaf.isGreedy) - Number(match.isGreedy);
  return Number(match.hasSameEnd) - Number(leaf.hasSameEnd);
}

function hasQuery(given: Query, wanted: Leaf['query']): boolean {
  return wanted.every(([name, value]) =>
    given.some(
      ([givenName, givenValue]) => givenName === name && (value === undefined || value === givenValue),
    ),
  );
}

/** `/a/b/` → `['a', 'b']`. */
function splitPath(path: string): string[] {
  const segments = path.split('/');
  segments.shift();
  while (segments.length > 0 && segments.at(-1) === '') segments.pop();
  return segments;
}

function splitTemplate(template: string): { path: string; query: [string, string | undefined][] } {
  const mark = template.indexOf('?');
  if (mark < 0) return { path: template, query: [] };
  const query = template
    .slice(mark + 1)
    .split('&')
    .map((part): [string, string | undefined] => {
      const [name = '', value] = part.split('=');
      return [name, value];
    });
  return { path: template.slice(0, mark), query };
}

/**
 * The labels of a template as a path fills them, decoded; labels that the path does not have are left out.
 */
export function routeLabels(template: string, path: string): Map<string, string> {
  const wanted = splitPath(splitTemplate(template).path);
  const given = splitPath(path);
  const labels = new Map<string, string>();
  let at = 0;
  for (const [index, segment] of wanted.entries()) {
    const isGreedy = segment.endsWith('+}');
    const length = isGreedy ? given.length - at - (wanted.length - index - 1) : 1;
    const value = given.slice(at, at + length);
    at += length;
    if (!segment.startsWith('{') || value.length === 0) continue;
    labels.set(segment.slice(1, isGreedy ? -2 : -1), value.map(decodePercent).join('/'));
  }
  return labels;
}
