import { isIP } from 'node:net';
import type { ParseContext } from './config-option.ts';
import { parseChoice, parseEndpoint, parseInteger, quote, ValueError } from './config-values.ts';

const RECORD_MODES = ['batch', 'blocking', 'off'] as const;
export type RecordMode = (typeof RECORD_MODES)[number];

/** Where the calls of a service go; `*` is every service that has no upstream of its own. */
export interface UpstreamSetting {
  readonly service: string;
  /** Undefined: answered by OpenTrail's own small service, even where there is an upstream for all. */
  readonly url: URL | undefined;
}

export interface RecordSetting {
  readonly service: string;
  readonly mode: RecordMode;
}

/** Signing names of what OpenTrail answers itself: never forwarded, always recorded. */
const OWN_SERVICES: readonly string[] = ['cloudtrail', 'cloudtrail-data', 'opentrail'];

/** Services that OpenTrail answers itself where no upstream is configured for them. */
const EMBEDDED_SERVICES: readonly string[] = ['iam', 'sts', 'organizations'];

/** `http://127.0.0.1:5000`, `s3=http://127.0.0.1:9000` or `iam=embedded`. */
export function parseUpstream(
  text: string,
  context: ParseContext,
): { readonly key: string; readonly value: UpstreamSetting } {
  const match = /^([^=:/]+)=(.*)$/.exec(text);
  const service = match === null ? '*' : serviceOf(match[1] ?? '', context);
  if (OWN_SERVICES.includes(service)) {
    throw new ValueError(`${service} is answered by OpenTrail itself and has no upstream`);
  }
  if (match?.[2] === 'embedded') return { key: service, value: embedded(service) };
  const url = parseEndpoint(match === null ? text : (match[2] ?? ''));
  if (url.pathname !== '/' && url.pathname !== '') {
    throw new ValueError(`${quote(text)} may not have a path: the signature of a call covers its own path`);
  }
  return { key: service, value: Object.freeze({ service, url }) };
}

function embedded(service: string): UpstreamSetting {
  if (EMBEDDED_SERVICES.includes(service)) return Object.freeze({ service, url: undefined });
  throw new ValueError(`${service} has no embedded service; those are ${EMBEDDED_SERVICES.join(', ')}`);
}

/** `dynamodb=blocking` or `*=batch`. */
export function parseRecordMode(
  text: string,
  context: ParseContext,
): { readonly key: string; readonly value: RecordSetting } {
  const at = text.indexOf('=');
  if (at < 1) throw new ValueError(`${quote(text)} is not SERVICE=MODE, like dynamodb=blocking or *=batch`);
  const service = serviceOf(text.slice(0, at), context);
  const mode = parseChoice(text.slice(at + 1), RECORD_MODES);
  if (OWN_SERVICES.includes(service)) {
    throw new ValueError(`calls to ${service} are always recorded when they are answered: leave it out`);
  }
  return { key: service, value: Object.freeze({ service, mode }) };
}

function serviceOf(name: string, context: ParseContext): string {
  if (name === '*') return name;
  if (OWN_SERVICES.includes(name)) return name;
  const service = context.resolveService(name);
  if (service !== undefined) return service;
  const nearest = context.nearestService(name);
  const suggestion = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  throw new ValueError(`${quote(name)} is not a service that AWS's models have${suggestion}`);
}

/** A suffix of host names: `s3.example.com`. */
export function parseS3Domain(text: string): { readonly key: string; readonly value: string } {
  const domain = text.toLowerCase().replace(/^\./, '');
  if (!/^[a-z0-9-]+(\.[a-z0-9-]+)*$/.test(domain)) throw new ValueError(`${quote(text)} is not a domain`);
  return { key: domain, value: domain };
}

/** `10.0.0.1` or `10.0.0.0/8`. */
export function parseNetwork(text: string): { readonly key: string; readonly value: string } {
  const [address = '', prefix, ...rest] = text.split('/');
  const version = isIP(address);
  if (version === 0 || rest.length > 0)
    throw new ValueError(`${quote(text)} is not an IP address or network`);
  if (prefix !== undefined) parseInteger(prefix, { min: 0, max: version === 4 ? 32 : 128 });
  return { key: text, value: text };
}
