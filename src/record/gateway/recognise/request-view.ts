import type { RequestHead } from '../../../model/captured-call.ts';

/** The parts of a request's head that recognition and decoding look at. */
export interface RequestView {
  readonly method: string;
  /** Path as received, without query; always begins with `/`. */
  readonly path: string;
  /** Decoded query parameters in the order sent, signature parameters included. */
  readonly query: readonly (readonly [string, string])[];
  /**
   * Values of the headers that are looked at, by name in lower case; the first value where one was sent
   * twice.
   */
  readonly headers: Readonly<Partial<Record<SeenHeader, string>>>;
}

const SEEN_HEADERS = [
  'authorization',
  'content-type',
  'host',
  'smithy-protocol',
  'user-agent',
  'x-amz-account-id',
  'x-amz-content-sha256',
  'x-amz-copy-source',
  'x-amz-region-set',
  'x-amz-rename-source',
  'x-amz-request-route',
  'x-amz-target',
] as const;

export type SeenHeader = (typeof SEEN_HEADERS)[number];

/** By length first: most headers are then told apart without changing their case. */
const SEEN_BY_LENGTH = new Map<number, readonly SeenHeader[]>(
  [...new Set(SEEN_HEADERS.map((name) => name.length))].map((length) => [
    length,
    SEEN_HEADERS.filter((name) => name.length === length),
  ]),
);

/** A query with more parameters is not any service's; the rest is not looked at. */
const QUERY_PARAMETERS_MAX = 1_000;

const NO_QUERY: RequestView['query'] = [];

export function viewRequest(head: RequestHead): RequestView {
  const headers: Partial<Record<SeenHeader, string>> = {};
  for (let index = 0; index + 1 < head.headers.length; index += 2) {
    const given = head.headers[index] as string;
    const seen = SEEN_BY_LENGTH.get(given.length);
    if (seen === undefined) continue;
    const name = given.toLowerCase() as SeenHeader;
    if (seen.includes(name) && headers[name] === undefined) headers[name] = head.headers[index + 1] as string;
  }
  const target = head.target.startsWith('/') ? head.target : originForm(head.target);
  const mark = target.indexOf('?');
  return {
    method: head.method,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? NO_QUERY : parseQuery(target.slice(mark + 1)),
    headers,
  };
}

/** `http://host/path` as a proxy's client sends it → `/path`; anything else, such as `*`, → `/`. */
function originForm(target: string): string {
  const absolute = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(\/[^#]*)?/i.exec(target);
  return absolute?.[1] ?? '/';
}

/** `a=1&b&c=x%20y` → `[['a', '1'], ['b', ''], ['c', 'x y']]`. */
function parseQuery(text: string): [string, string][] {
  const pairs: [string, string][] = [];
  readQuery(text, QUERY_PARAMETERS_MAX, (name, value) => pairs.push([name, value]));
  return pairs;
}

/** Calls `take` with each parameter of a query or form in order: `a=1&b` → `('a', '1')`, `('b', '')`. */
export function readQuery(
  text: string,
  parametersMax: number,
  take: (name: string, value: string) => void,
): void {
  let count = 0;
  for (let start = 0; start <= text.length && count < parametersMax; ) {
    const next = text.indexOf('&', start);
    const end = next < 0 ? text.length : next;
    if (end > start) {
      const mark = text.indexOf('=', start);
      const nameEnd = mark < 0 || mark > end ? end : mark;
      const value = nameEnd === end ? '' : text.slice(nameEnd + 1, end);
      take(decodeForm(text.slice(start, nameEnd)), decodeForm(value));
      count += 1;
    }
    start = end + 1;
  }
}

/** Percent-decoding in which `+` is a blank, as in queries and forms. */
function decodeForm(text: string): string {
  return decodePercent(text.includes('+') ? text.replaceAll('+', ' ') : text);
}

/** Percent-decoding that never fails: what is no escape stays, and bytes that are not UTF-8 become U+FFFD. */
export function decodePercent(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    // A malformed escape or bytes that are not UTF-8: byte by byte.
    const bytes: Buffer[] = [];
    for (const [part] of text.matchAll(/%[0-9A-Fa-f]{2}|[^%]+|%/g)) {
      const isEscape = part.length === 3 && part.startsWith('%') && /^%[0-9A-Fa-f]{2}$/.test(part);
      bytes.push(isEscape ? Buffer.from([Number.parseInt(part.slice(1), 16)]) : Buffer.from(part));
    }
    return Buffer.concat(bytes).toString('utf8');
  }
}

/** The first value of a query parameter, or undefined. */
export function queryValue(view: RequestView, name: string): string | undefined {
  for (const [given, value] of view.query) if (given === name) return value;
  return undefined;
}

export function isFormPost(view: RequestView): boolean {
  return (
    view.method === 'POST' &&
    /^\s*application\/x-www-form-urlencoded/i.test(view.headers['content-type'] ?? '')
  );
}
