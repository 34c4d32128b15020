import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Random } from '../base/random.ts';
import { type Disk, errorCode, writeDurably } from './disk.ts';

const PRIVATE_NAME = 'head-key.pem';
const PUBLIC_NAME = 'head-key.pub.pem';
/** What stands before the 32 bytes of an Ed25519 private key in PKCS #8 (RFC 8410, section 7). */
const PKCS8_PREFIX = Buffer.from('302e020100300506032b657004220420', 'hex');
const SEED_BYTES = 32;

export interface HeadKey {
  readonly privateKey: KeyObject;
  readonly publicKeyPem: string;
}

/**
 * The Ed25519 key that chain heads are signed with: made at the first start, readable by the owner only,
 * the public key beside it. A lost key is not made anew while heads exist, because the new one could not
 * verify them.
 */
export async function openHeadKey(
  disk: Disk,
  options: { directory: string; random: Random; mayCreate: boolean },
): Promise<HeadKey> {
  const { directory, random, mayCreate } = options;
  const path = join(directory, PRIVATE_NAME);
  const pem = await readFile(path, 'utf8').catch((error: unknown) => {
    if (errorCode(error) === 'ENOENT' && mayCreate) return undefined;
    throw error;
  });
  const seed = () => Buffer.concat([PKCS8_PREFIX, random.bytes(SEED_BYTES)]);
  const privateKey =
    pem === undefined
      ? createPrivateKey({ key: seed(), format: 'der', type: 'pkcs8' })
      : createPrivateKey(pem);
  const publicKeyPem = createPublicKey(privateKey).export({ format: 'pem', type: 'spki' }).toString();
  if (pem === undefined) {
    const privatePem = privateKey.export({ format: 'pem', type: 'pkcs8' });
    await writeDurably(disk, { directory, name: PRIVATE_NAME, bytes: Buffer.from(privatePem) });
  }
  await chmod(path, 0o600);
  await writeDurably(disk, { directory, name: PUBLIC_NAME, bytes: Buffer.from(publicKeyPem) });
  return { privateKey, publicKeyPem };
}
