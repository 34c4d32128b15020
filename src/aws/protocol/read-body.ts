import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { ApiError } from '../../model/api-error.ts';
import type { RequestHead } from '../../model/captured-call.ts';
import { headerValue } from './header-values.ts';

const gunzipBytes = promisify(gunzip);

/**
 * The whole body, or `RequestEntityTooLargeException` as soon as it is clear that it is larger than the
 * limit.
 */
export async function readBody(
  wire: AsyncIterable<Uint8Array>,
  limits: { readonly bodyBytesMax: number; readonly declaredBytes: number | undefined },
): Promise<Uint8Array> {
  const tooLarge = () =>
    new ApiError('RequestEntityTooLargeException', `the body is larger than ${limits.bodyBytesMax} bytes`, {
      isPlatform: true,
    });
  if (limits.declaredBytes !== undefined && limits.declaredBytes > limits.bodyBytesMax) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of wire) {
    size += chunk.length;
    if (size > limits.bodyBytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Takes a declared compression off; `MalformedHttpRequestException` when the body does not have it. */
export async function decompressBody(
  head: RequestHead,
  body: Uint8Array,
  bodyBytesMax: number,
): Promise<Uint8Array> {
  const declared = (headerValue(head.headers, 'content-encoding') ?? '')
    .split(',')
    .map((part) => part.trim().toLowerCase())
    .filter((part) => part !== '' && part !== 'identity' && part !== 'aws-chunked');
  if (declared.length === 0) return body;
  const malformed = (message: string, cause?: unknown) =>
    new ApiError('MalformedHttpRequestException', message, {
      isPlatform: true,
      ...(cause === undefined ? {} : { cause }),
    });
  if (declared.length > 1 || declared[0] !== 'gzip') {
    throw malformed(
      `the content encoding '${declared.join(', ').slice(0, 64)}' is not supported: use gzip or none`,
    );
  }
  try {
    return await gunzipBytes(body, { maxOutputLength: bodyBytesMax });
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE') {
      throw new ApiError(
        'RequestEntityTooLargeException',
        `the body unpacks to more than ${bodyBytesMax} bytes`,
        {
          isPlatform: true,
          cause,
        },
      );
    }
    throw malformed('the body is not gzip, as its content encoding says', cause);
  }
}
