import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import type { CapturedBody, RawHeaders } from '../../../model/captured-call.ts';

/** A captured body of 1 MiB may be unpacked to this; more is a bomb or of no use for a record. */
const UNPACKED_BYTES_MAX = 4 * 1024 * 1024;

/** The first value of a header; `name` in lower case. */
export function headerValue(headers: RawHeaders, name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const given = headers[index] as string;
    if (given.length === name.length && given.toLowerCase() === name) return headers[index + 1];
  }
  return undefined;
}

/**
 * The content of a body, with the framing of `aws-chunked` and compression taken off; undefined when it was
 * not captured whole, or is not what its headers say.
 */
export function bodyContent(body: CapturedBody, headers: RawHeaders): Uint8Array | undefined {
  if (body.isTruncated) return undefined;
  if (body.bytes.length === 0) return body.bytes;
  const encoding = headerValue(headers, 'content-encoding');
  const isSigned = headerValue(headers, 'x-amz-content-sha256')?.startsWith('STREAMING-') === true;
  if (encoding === undefined && !isSigned) return body.bytes;
  const codings = (encoding ?? '')
    .toLowerCase()
    .split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding !== '' && coding !== 'identity');
  const isChunked = codings.includes('aws-chunked') || isSigned;
  let content: Uint8Array | undefined = isChunked ? unchunk(body.bytes) : body.bytes;
  // The coding that was applied last stands last.
  for (const coding of codings.filter((name) => name !== 'aws-chunked').reverse()) {
    if (content === undefined) return undefined;
    content = unpack(content, coding);
  }
  return content;
}

function unpack(bytes: Uint8Array, coding: string): Uint8Array | undefined {
  const limit = { maxOutputLength: UNPACKED_BYTES_MAX };
  try {
    switch (coding) {
      case 'gzip':
      case 'x-gzip':
        return gunzipSync(bytes, limit);
      case 'deflate':
        return inflateSync(bytes, limit);
      case 'br':
        return brotliDecompressSync(bytes, limit);
      default:
        return undefined;
    }
  } catch {
    // Not what the header says, or a bomb: the body is then recorded as one that could not be read.
    return undefined;
  }
}

/** Longest line of a chunk's size and signature that is looked for. */
const CHUNK_LINE_BYTES_MAX = 512;

/**
 * `5;chunk-signature=…CRLF` `hello` `CRLF` `0…CRLF` → `hello`; trailers are dropped. The upstream checks the
 * signatures.
 */
function unchunk(bytes: Uint8Array): Uint8Array | undefined {
  const wire = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts: Buffer[] = [];
  for (let at = 0; at < wire.length; ) {
    const end = wire.indexOf('\r\n', at, 'latin1');
    if (end < 0 || end - at > CHUNK_LINE_BYTES_MAX) return undefined;
    const size = /^([0-9a-fA-F]{1,8})(?:;|$)/.exec(wire.toString('latin1', at, end))?.[1];
    if (size === undefined) return undefined;
    const length = Number.parseInt(size, 16);
    if (length === 0) return Buffer.concat(parts);
    const start = end + 2;
    if (start + length > wire.length) return undefined;
    parts.push(wire.subarray(start, start + length));
    at = start + length + 2;
  }
  return undefined;
}

/** Bytes as text, U+FFFD for what is not UTF-8, a byte order mark dropped. */
export function bodyText(bytes: Uint8Array): string {
  const buffer =
    bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const text = buffer.toString('utf8');
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}
