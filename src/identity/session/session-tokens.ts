import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Random } from '../../base/random.ts';
import { accessKeyForAccount } from '../../model/access-key-account.ts';
import type { MasterKeyRing } from '../secrets/master-key.ts';
import { openBytes, saltBytes, sealBytes } from '../secrets/sealed-bytes.ts';
import { decodeClaims, encodeClaims, type SessionClaims } from './session-claims.ts';

/**
 * Characters that a session token has at most; a longer one is never looked at. It travels in a header of each request,
 * and 16 KiB is what many servers and proxies take for all headers together. One without policies and tags has about 200.
 */
export const sessionTokenLengthMax = 8192;

/** Bytes that all claims of a token may expand to; it only ever inflates what was sealed here. */
const CLAIMS_BYTES_MAX = 256 * 1024;

/** The first byte of a token: how the rest is to be read. */
const VERSION = 1;
const KEY_ID_BYTES = 8;
const HEAD_BYTES = 1 + KEY_ID_BYTES;
/** Bytes of the secret that belongs to a token: 40 characters of base64, as long-term ones have. */
const SECRET_BYTES = 30;
const LABEL = 'opentrail session v1';

export interface IssuedSession {
  /** `ASIA…`, which tells the account. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
}

export interface OpenedSession {
  readonly claims: SessionClaims;
  readonly secretAccessKey: string;
  /** Different for each session that was ever issued, which access key ids are only nearly. */
  readonly sessionId: string;
  /** The master key that it stands on: a session ends when that is removed. */
  readonly keyId: string;
}

/** Makes and reads temporary credentials. Nothing of them is kept: token and secret stand on the master key. */
export interface SessionTokens {
  issue(claims: SessionClaims): IssuedSession;
  /** Undefined for what was not issued here for this access key id, every character as it was. Expired ones open. */
  open(accessKeyId: string, sessionToken: string): OpenedSession | undefined;
  /** Whether the master key of an opened session is still there. */
  isKeyThere(session: OpenedSession): boolean;
}

/**
 * A token is base64 of: version, id of the master key, salt, ciphertext, tag. What is encrypted are the claims, deflated;
 * the access key id is bound to them, and the secret is derived from the salt together with the token's own key.
 */
export function createSessionTokens(options: {
  readonly ring: MasterKeyRing;
  readonly random: Random;
}): SessionTokens {
  const { ring, random } = options;
  return {
    issue(claims) {
      const { id, key } = ring.current;
      const accessKeyId = accessKeyForAccount('ASIA', claims.accountId, random.bytes(5));
      const packed = deflateRawSync(encodeClaims(claims), { level: 9 });
      const { bytes, extra } = sealBytes(packed, key, { ...purposeOf(accessKeyId), random });
      const head = Buffer.concat([Buffer.of(VERSION), Buffer.from(id, 'hex')]);
      return {
        accessKeyId,
        secretAccessKey: extra.toString('base64'),
        sessionToken: Buffer.concat([head, bytes]).toString('base64'),
      };
    },
    open(accessKeyId, sessionToken) {
      if (sessionToken.length > sessionTokenLengthMax) return undefined;
      const bytes = Buffer.from(sessionToken, 'base64');
      // Base64 has several spellings of the same bytes, and one token must not be two.
      if (bytes.length <= HEAD_BYTES || bytes.toString('base64') !== sessionToken) return undefined;
      if (bytes[0] !== VERSION) return undefined;
      const keyId = bytes.toString('hex', 1, HEAD_BYTES);
      const key = ring.find(keyId)?.key;
      if (key === undefined) return undefined;
      const opened = openBytes(bytes.subarray(HEAD_BYTES), key, purposeOf(accessKeyId));
      if (opened === undefined) return undefined;
      const text = inflateRawSync(opened.plain, { maxOutputLength: CLAIMS_BYTES_MAX }).toString();
      const sessionId = bytes.toString('hex', HEAD_BYTES, HEAD_BYTES + saltBytes);
      return {
        claims: decodeClaims(text),
        secretAccessKey: opened.extra.toString('base64'),
        sessionId,
        keyId,
      };
    },
    isKeyThere: ({ keyId }) => ring.find(keyId) !== undefined,
  };
}

function purposeOf(accessKeyId: string) {
  return { label: LABEL, context: accessKeyId, extraBytes: SECRET_BYTES };
}
