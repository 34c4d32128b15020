import type { RawHeaders } from '../../../model/captured-call.ts';

/** The first value of a header, names compared without case; undefined when it is absent. */
export function headerValue(headers: RawHeaders, name: string): string | undefined {
  for (let index = 0; index < headers.length; index += 2) {
    const candidate = headers[index] as string;
    if (candidate.length === name.length && candidate.toLowerCase() === name) return headers[index + 1];
  }
  return undefined;
}

const NONE: RawHeaders = [];

/** Every value of a header in order, names compared without case. */
export function headerValues(headers: RawHeaders, name: string): readonly string[] {
  let values: string[] | undefined;
  for (let index = 0; index < headers.length; index += 2) {
    const candidate = headers[index] as string;
    if (candidate.length !== name.length || candidate.toLowerCase() !== name) continue;
    // Lists that grow have room for many; nearly every header comes once.
    if (values === undefined) values = [headers[index + 1] as string];
    else values.push(headers[index + 1] as string);
  }
  return values ?? NONE;
}

/**
 * Headers of one connection only (RFC 9110, 7.6.1). `te` and `upgrade` are ours to negotiate with the next hop;
 * `http2-settings` belongs to an upgrade that is not forwarded.
 */
const HOP_BY_HOP = new Set([
  'connection',
  'proxy-connection',
  'keep-alive',
  'te',
  'transfer-encoding',
  'upgrade',
  'http2-settings',
]);

/** By length first: most headers are then told apart without changing their case. */
const HOP_BY_HOP_LENGTHS = new Set([...HOP_BY_HOP].map((name) => name.length));

/** The headers that are meant for the other end, in their order, case and repetition; the same list where all are. */
export function endToEndHeaders(headers: RawHeaders): RawHeaders {
  const named = connectionOptions(headers);
  let kept: string[] | undefined;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (isHopByHop(name, named)) kept ??= headers.slice(0, index);
    else kept?.push(name, headers[index + 1] as string);
  }
  return kept ?? headers;
}

function isHopByHop(name: string, named: ReadonlySet<string> | undefined): boolean {
  if (named === undefined) return HOP_BY_HOP_LENGTHS.has(name.length) && HOP_BY_HOP.has(name.toLowerCase());
  const lower = name.toLowerCase();
  return HOP_BY_HOP.has(lower) || named.has(lower);
}

/** Names listed in `Connection` headers, lower case; undefined when there are none beside `close` and `keep-alive`. */
export function connectionOptions(headers: RawHeaders): Set<string> | undefined {
  let named: Set<string> | undefined;
  for (let index = 0; index < headers.length; index += 2) {
    const name = headers[index] as string;
    if (name.length !== 10 || name.toLowerCase() !== 'connection') continue;
    const value = headers[index + 1] as string;
    if (value === 'keep-alive' || value === 'close') continue;
    for (const part of value.split(',')) {
      const option = part.trim().toLowerCase();
      if (option === '' || option === 'close' || option === 'keep-alive') continue;
      named ??= new Set();
      named.add(option);
    }
  }
  return named;
}
