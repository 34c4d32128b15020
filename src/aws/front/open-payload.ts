import { ApiError } from '../../model/api-error.ts';
import { decompressBody } from '../protocol/read-body.ts';
import { PayloadMismatchError } from '../protocol/sigv4.ts';
import type { FrontDoorContext } from './front-door-context.ts';
import type { OwnCall } from './own-call.ts';

/** The payload of a verified request: framing taken off, signatures of its chunks checked, unpacked. */
export async function openPayload(
  context: FrontDoorContext,
  call: OwnCall,
  wireBody: Uint8Array,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of context.verifier.openBody(call.head, once(wireBody))) chunks.push(chunk);
  } catch (cause) {
    asBadPayload(cause);
  }
  return decompressBody(call.head, Buffer.concat(chunks), context.limits.bodyBytesMax);
}

/** A body that is not the one that was signed is the caller's error. */
export function asBadPayload(cause: unknown): never {
  if (!(cause instanceof PayloadMismatchError)) throw cause;
  throw new ApiError('InvalidSignatureException', cause.message, { isPlatform: true, cause });
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  if (bytes.length > 0) yield bytes;
}
