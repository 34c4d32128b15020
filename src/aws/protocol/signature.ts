import type { Principal } from '../../identity/principal.ts';
import type { RequestHead } from '../../model/captured-call.ts';

/** How the payload is covered by the signature, from `x-amz-content-sha256` and the authentication form. */
export type PayloadCover =
  | { readonly kind: 'hash'; readonly sha256: string }
  | { readonly kind: 'body' }
  | { readonly kind: 'unsigned' }
  | { readonly kind: 'stream'; readonly scheme: string };

/** The parts of a signed request, parsed and not yet believed. */
export interface ParsedSignature {
  readonly form: 'header' | 'query';
  readonly accessKeyId: string;
  readonly date: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly sessionToken: string | undefined;
  readonly payload: PayloadCover;
}

/** Why a signature was not accepted; the protocol family decides code, text and status. */
export type SignatureFailure =
  | { readonly kind: 'missing' }
  | { readonly kind: 'malformed'; readonly detail: string }
  | { readonly kind: 'unknownKey' }
  | { readonly kind: 'mismatch' }
  | { readonly kind: 'skew'; readonly detail: string }
  /** `subject`: a presigned URL past its time, or temporary credentials past theirs. */
  | { readonly kind: 'expired'; readonly detail: string; readonly subject: 'url' | 'credential' }
  | { readonly kind: 'payloadMismatch' };

export type SignatureResult =
  | {
      readonly isValid: true;
      readonly parsed: ParsedSignature;
      /** What the signature was checked with; absent where none is checked. */
      readonly credential?: SigningCredential;
    }
  | {
      readonly isValid: false;
      readonly failure: SignatureFailure;
      readonly parsed: ParsedSignature | undefined;
    };

/** A secret and what goes with it; looked up by access key id. */
export interface SigningCredential {
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiresAtMs?: number;
  /** Whom the key stands for; absent for expired ones. */
  readonly principal?: Principal;
}

/**
 * Checks SigV4 signatures: signs again and compares in constant time.
 * `body` is needed only where `payload.kind` is `body`, or to check a declared hash.
 */
export interface SignatureVerifier {
  parse(head: RequestHead): ParsedSignature | SignatureFailure;
  verify(head: RequestHead, body: Uint8Array | undefined): Promise<SignatureResult>;
}
