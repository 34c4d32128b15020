import { createHmac, createSecretKey, type KeyObject } from 'node:crypto';
import type { Random } from '../../base/random.ts';

/** A key that secrets and session tokens are encrypted under; the bytes never leave the `KeyObject`. */
export interface MasterKey {
  /** 16 hexadecimal digits that the key itself determines, so that a damaged key is noticed and no other takes its name. */
  readonly id: string;
  readonly key: KeyObject;
  readonly createdAtMs: number;
  /** When another key took its place; since then it only opens. */
  readonly retiredAtMs?: number;
}

/** The keys of an installation. The newest seals, all of them open. */
export interface MasterKeyRing {
  readonly current: MasterKey;
  find(keyId: string): MasterKey | undefined;
}

/** AES-256. */
const KEY_BYTES = 32;

export function makeMasterKey(random: Random, nowMs: number): { bytes: Uint8Array; key: MasterKey } {
  const bytes = random.bytes(KEY_BYTES);
  return { bytes, key: { ...toMasterKey(bytes), createdAtMs: nowMs } };
}

/** Throws where the bytes are not as many as a key has. */
export function toMasterKey(bytes: Uint8Array): { readonly id: string; readonly key: KeyObject } {
  if (bytes.length !== KEY_BYTES) throw new Error(`a master key has ${KEY_BYTES} bytes, not ${bytes.length}`);
  const key = createSecretKey(bytes);
  const id = createHmac('sha256', key).update('opentrail master key id').digest('hex').slice(0, 16);
  return { id, key };
}
