import { createCipheriv, createDecipheriv, hkdfSync, type KeyObject } from 'node:crypto';
import type { Random } from '../../base/random.ts';

/** What one sealing is for. A key that is derived for one purpose opens nothing of another. */
export interface SealPurpose {
  /** `opentrail secret v1` */
  readonly label: string;
  /** Who or what it belongs to: bound into the seal, and not told by it. */
  readonly context: string;
  /** More bytes that only who has the key and the salt can derive; default: none. */
  readonly extraBytes?: number;
}

export interface Sealed {
  readonly bytes: Buffer;
  readonly extra: Buffer;
}

/** What a seal begins with; no two have the same. */
export const saltBytes = 16;
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Encrypts with AES-256-GCM. Each sealing has a key of its own, derived with HKDF from a random salt of 128 bits, so that
 * however many there are, no key is used with the same nonce twice. Layout: salt, ciphertext, tag.
 */
export function sealBytes(
  plain: Uint8Array,
  key: KeyObject,
  { random, ...purpose }: SealPurpose & { readonly random: Random },
): Sealed {
  const salt = random.bytes(saltBytes);
  const derived = derive(key, salt, purpose);
  const cipher = createCipheriv('aes-256-gcm', derived.key, derived.nonce);
  cipher.setAAD(Buffer.from(purpose.context));
  const bytes = Buffer.concat([salt, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  return { bytes, extra: derived.extra };
}

/** Undefined where it was not sealed so: under this key, for this purpose and context, every bit as it is. */
export function openBytes(
  sealed: Uint8Array,
  key: KeyObject,
  purpose: SealPurpose,
): { readonly plain: Buffer; readonly extra: Buffer } | undefined {
  if (sealed.length < saltBytes + TAG_BYTES) return undefined;
  const derived = derive(key, sealed.subarray(0, saltBytes), purpose);
  const decipher = createDecipheriv('aes-256-gcm', derived.key, derived.nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(Buffer.from(purpose.context));
  decipher.setAuthTag(sealed.subarray(sealed.length - TAG_BYTES));
  try {
    const body = sealed.subarray(saltBytes, sealed.length - TAG_BYTES);
    return { plain: Buffer.concat([decipher.update(body), decipher.final()]), extra: derived.extra };
  } catch {
    // The tag does not fit: the only thing that fails here.
    return undefined;
  }
}

function derive(key: KeyObject, salt: Uint8Array, { label, extraBytes = 0 }: SealPurpose) {
  const bytes = Buffer.from(hkdfSync('sha256', key, salt, label, KEY_BYTES + NONCE_BYTES + extraBytes));
  return {
    key: bytes.subarray(0, KEY_BYTES),
    nonce: bytes.subarray(KEY_BYTES, KEY_BYTES + NONCE_BYTES),
    extra: bytes.subarray(KEY_BYTES + NONCE_BYTES),
  };
}
