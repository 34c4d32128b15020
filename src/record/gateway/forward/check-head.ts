import type { RequestHead } from '../../../model/captured-call.ts';
import { connectionOptions, headerValues } from './raw-headers.ts';

/** Why a request is not forwarded: its framing or target could mean something else to the upstream than it does here. */
export interface HeadRefusal {
  readonly status: 400 | 405 | 413 | 417;
  /** Lower case, no full stop; sent to the caller. */
  readonly reason: string;
}

/** RFC 9110 token, such as `x-amz-date`. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Origin form without spaces and control characters, such as `/bucket/key?list-type=2`; bytes over 0x7f pass as they are. */
const ORIGIN_FORM = /^\/[\x21-\x7e\x80-\xff]*$/;
/** Field value of RFC 9110: `a b`, tabs allowed, no other control character. */
const FIELD_VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** `host`, `host:port`, `[::1]:4610`; never user information, path or list. */
const HOST = /^(?:[A-Za-z0-9._~%!$&'()*+;=-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]{0,5})?$/;
/** Digits only: no sign, list or blank. 15 digits stay an exact number. */
const CONTENT_LENGTH = /^[0-9]{1,15}$/;

/**
 * Headers that a `Connection` header may not name. Taking them away from the request would change what the upstream
 * sees of the caller, such as an `Authorization` that was recorded here and never arrived there.
 */
const NEVER_HOP_BY_HOP =
  /^(?:host|authorization|content-.*|date|expect|range|if-.*|cookie|accept.*|user-agent|trailer|x-.*|amz-.*|forwarded|cache-control)$/;

/** Undefined when the request means one thing only and may be forwarded. */
export function checkHead(head: RequestHead): HeadRefusal | undefined {
  return checkMethod(head) ?? checkTarget(head) ?? checkFields(head) ?? checkHost(head) ?? checkFraming(head);
}

function checkMethod(head: RequestHead): HeadRefusal | undefined {
  if (!TOKEN.test(head.method)) return refuse('the method is not a token');
  if (head.method === 'CONNECT' || head.method === 'TRACE') {
    return { status: 405, reason: `method ${head.method} is not forwarded` };
  }
  return undefined;
}

function checkTarget(head: RequestHead): HeadRefusal | undefined {
  if (ORIGIN_FORM.test(head.target)) return undefined;
  return refuse('the request target must be a path, without scheme, host, spaces and control characters');
}

function checkFields(head: RequestHead): HeadRefusal | undefined {
  for (let index = 0; index < head.headers.length; index += 2) {
    if (!TOKEN.test(head.headers[index] as string)) return refuse('a header name is not a token');
    if (!FIELD_VALUE.test(head.headers[index + 1] as string)) {
      return refuse(`header ${head.headers[index]} holds a control character`);
    }
  }
  const named = connectionOptions(head.headers);
  if (named === undefined) return undefined;
  for (const option of named) {
    if (NEVER_HOP_BY_HOP.test(option)) {
      return refuse(`the Connection header may not name ${option}, which is meant for the service`);
    }
  }
  return undefined;
}

function checkHost(head: RequestHead): HeadRefusal | undefined {
  const hosts = headerValues(head.headers, 'host');
  if (hosts.length === 0 && head.httpVersion === '1.0') return undefined;
  if (hosts.length !== 1) return refuse(`one Host header is needed, ${hosts.length} were sent`);
  if (!HOST.test(hosts[0] as string)) return refuse('the Host header is not a host with an optional port');
  return undefined;
}

function checkFraming(head: RequestHead): HeadRefusal | undefined {
  const lengths = headerValues(head.headers, 'content-length');
  const codings = headerValues(head.headers, 'transfer-encoding');
  if (lengths.length > 1) return refuse('more than one Content-Length was sent');
  if (lengths.length === 1 && !CONTENT_LENGTH.test(lengths[0] as string)) {
    return refuse('Content-Length is not a plain number of bytes');
  }
  if (codings.length === 0) return checkExpect(head);
  if (head.httpVersion !== '1.1') {
    return refuse(`Transfer-Encoding does not exist in HTTP/${head.httpVersion}`);
  }
  if (lengths.length > 0) return refuse('Content-Length and Transfer-Encoding were both sent');
  if (codings.length > 1 || (codings[0] as string).toLowerCase() !== 'chunked') {
    return refuse('the only Transfer-Encoding that is understood is chunked');
  }
  return checkExpect(head);
}

function checkExpect(head: RequestHead): HeadRefusal | undefined {
  const expectations = headerValues(head.headers, 'expect');
  if (expectations.every((value) => value.toLowerCase() === '100-continue')) return undefined;
  return { status: 417, reason: 'the only expectation that is understood is 100-continue' };
}

function refuse(reason: string): HeadRefusal {
  return { status: 400, reason };
}
