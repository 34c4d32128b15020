import type { RequestHead } from '../../model/captured-call.ts';
import { headerValues } from './header-values.ts';

interface CanonicalOptions {
  readonly signedHeaders: readonly string[];
  /** The same as they were sent, between semicolons. */
  readonly signedHeadersText: string;
  readonly payloadHash: string;
  readonly isS3: boolean;
}

/**
 * The canonical forms of a request that a client may have signed, most likely first.
 *
 * Clients differ where the rules leave room: botocore signs the query as it stands, the JavaScript SDK
 * encodes it anew; Go does not normalise paths, the others do. All forms are computed from the target as
 * received, and each binds the same request, so accepting any of them gives a forger nothing. Header bytes
 * are read as UTF-8, as clients hash them.
 */
export function* canonicalRequests(head: RequestHead, options: CanonicalOptions): Iterable<string> {
  const { path, query } = splitTarget(head.target);
  const tail = canonicalTail(head, options);
  let first: string | undefined;
  let seen: Set<string> | undefined;
  // Lazily, since the first form is nearly always the one.
  for (const canonicalPath of canonicalPaths(path, options.isS3)) {
    for (const canonicalQuery of canonicalQueries(query)) {
      const form = asUtf8(`${head.method}\n${canonicalPath}\n${canonicalQuery}\n${tail}`);
      if (first === undefined) {
        first = form;
        yield form;
        continue;
      }
      seen ??= new Set([first]);
      if (seen.has(form)) continue;
      seen.add(form);
      yield form;
    }
  }
}

/** The canonical form of a request to `/` without a query, which has one only; undefined for every other. */
export function onlyCanonicalRequest(head: RequestHead, options: CanonicalOptions): string | undefined {
  return head.target === '/' ? asUtf8(`${head.method}\n/\n\n${canonicalTail(head, options)}`) : undefined;
}

/** Everything behind path and query. */
function canonicalTail(head: RequestHead, options: CanonicalOptions): string {
  const headers = inOrder(options.signedHeaders);
  let block = '';
  for (const name of headers) block += `${name}:${canonicalValue(head, name)}\n`;
  const joined = headers === options.signedHeaders ? options.signedHeadersText : headers.join(';');
  return `${block}\n${joined}\n${options.payloadHash}`;
}

/** Clients send the names as they sort them. */
function inOrder(names: readonly string[]): readonly string[] {
  for (let index = 1; index < names.length; index += 1) {
    if ((names[index - 1] as string) > (names[index] as string)) return names.toSorted();
  }
  return names;
}

/** Path and raw query of an origin-form or absolute-form target. */
export function splitTarget(target: string): { path: string; query: string } {
  const origin = target.startsWith('/') ? target : target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i, '');
  const mark = origin.indexOf('?');
  const path = mark < 0 ? origin : origin.slice(0, mark);
  return { path: path === '' ? '/' : path, query: mark < 0 ? '' : origin.slice(mark + 1) };
}

/** Name and value pairs of a raw query, still encoded, in the order sent. */
export function rawQueryPairs(query: string): (readonly [string, string])[] {
  return query
    .split('&')
    .filter((part) => part !== '')
    .map((part) => {
      const mark = part.indexOf('=');
      return mark < 0 ? [part, ''] : [part.slice(0, mark), part.slice(mark + 1)];
    });
}

/** Percent-decoded text, read as UTF-8; what is not valid percent-encoding stays as it is. */
export function percentDecode(text: string): string {
  return asUtf8(decodeBytes(text));
}

function* canonicalPaths(path: string, isS3: boolean): Iterable<string> {
  if (path === '/') {
    yield path;
    return;
  }
  if (!isS3) {
    yield encode(normalisePath(path), '/');
    yield encode(path, '/');
  }
  yield path;
  if (isS3) yield encode(decodeBytes(path), '/');
}

function* canonicalQueries(query: string): Iterable<string> {
  if (query === '') {
    yield '';
    return;
  }
  const pairs = rawQueryPairs(query).filter(
    ([name]) => decodeBytes(name).toLowerCase() !== 'x-amz-signature',
  );
  yield joinSorted(
    pairs.map(([name, value]) => [encode(decodeBytes(name), ''), encode(decodeBytes(value), '')]),
  );
  yield joinSorted(pairs);
  if (query.includes('+')) {
    const spaced = (text: string) => encode(decodeBytes(text.replaceAll('+', '%20')), '');
    yield joinSorted(pairs.map(([name, value]) => [spaced(name), spaced(value)]));
  }
}

/** Sorted by name, then by value: not by `name=value`, because some characters of names sort before `=`. */
function joinSorted(pairs: readonly (readonly [string, string])[]): string {
  return [...pairs]
    .sort((a, b) => compare(a[0], b[0]) || compare(a[1], b[1]))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function canonicalValue(head: RequestHead, name: string): string {
  const values = headerValues(head.headers, name);
  return values.length === 1 ? foldBlanks(values[0] as string) : values.map(foldBlanks).join(',');
}

function foldBlanks(value: string): string {
  return /[ \t]/.test(value) ? value.replace(/[ \t]+/g, ' ').replace(/^ | $/g, '') : value;
}

/** Drops empty and `.` segments and resolves `..`; a final slash stays. */
function normalisePath(path: string): string {
  if (path === '/') return path;
  const kept: string[] = [];
  for (const segment of path.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else kept.push(segment);
  }
  return `/${kept.join('/')}${kept.length > 0 && path.endsWith('/') ? '/' : ''}`;
}

/** One character per byte. */
function decodeBytes(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_match, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

function encode(bytes: string, keep: string): string {
  return bytes.replace(/[^A-Za-z0-9\-._~]/g, (character) =>
    keep.includes(character)
      ? character
      : `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  );
}

/** Node hands header and target bytes over as Latin-1. */
function asUtf8(text: string): string {
  if (!/[\x80-\xff]/.test(text)) return text;
  return Buffer.from(text, 'latin1').toString('utf8');
}
