import type { RequestHead } from '../../model/captured-call.ts';
import { decodeAwsChunked } from './aws-chunked.ts';
import { parseSignature } from './parse-signature.ts';
import type { SignatureResult, SignatureVerifier } from './signature.ts';
import { type BodyOpener, PayloadMismatchError } from './sigv4.ts';

/**
 * Takes every signature for right, for `--auth off`: only a request without one, or with one that cannot be read, is
 * refused, as clients must see the difference. Framing of chunked bodies is taken off, its signatures are not checked.
 */
export const trustingVerifier: SignatureVerifier & BodyOpener = {
  parse: (head) => parseSignature(head),
  async verify(head): Promise<SignatureResult> {
    const parsed = parseSignature(head);
    return 'kind' in parsed
      ? { isValid: false, failure: parsed, parsed: undefined }
      : { isValid: true, parsed };
  },
  openBody(head: RequestHead, wire: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
    const parsed = parseSignature(head);
    if ('kind' in parsed || parsed.payload.kind !== 'stream') return wire;
    return decodeAwsChunked(wire, {
      hasTrailer: parsed.payload.scheme.endsWith('-TRAILER'),
      isEqual: () => true,
      reject: (reason) => new PayloadMismatchError(reason),
    });
  },
};
