import type { KMSClient } from '@aws-sdk/client-kms';
import { DependencyError } from '../base/dependency-error.ts';
import type { KeyWrapper } from '../identity/secrets/master-key-file.ts';

/** Long enough for a KMS over a network, short enough for a start that nobody watches. */
const TIMEOUT_MS = 10_000;

/**
 * Lets a KMS encrypt master keys. The id of the key is bound to what is encrypted, so that one cannot take the place of
 * another. Both calls reject with a `DependencyError` (`kms`).
 */
export function createKmsKeyWrapper(options: {
  /** Id, alias or ARN. */
  readonly keyId: string;
  readonly endpoint: string;
  readonly region: string;
}): KeyWrapper {
  const { keyId: KeyId, endpoint, region } = options;
  const contextOf = (keyId: string) => ({ 'opentrail:master-key': keyId });
  const ask = async <T>(operation: string, action: (client: KMSClient, kms: Kms) => Promise<T>) => {
    // Loaded only where there is one: few installations have.
    const kms = await import('@aws-sdk/client-kms');
    const client = new kms.KMSClient({ endpoint, region });
    try {
      return await action(client, kms);
    } catch (cause) {
      const reason = `${endpoint}: ${cause instanceof Error ? cause.message : String(cause)}`;
      throw new DependencyError({ dependency: 'kms', operation, isRetryable: true, reason, cause });
    } finally {
      client.destroy();
    }
  };
  return {
    name: `kms:${KeyId}`,
    wrap: (key, keyId) =>
      ask('encrypt', async (client, { EncryptCommand }) => {
        const command = new EncryptCommand({ KeyId, Plaintext: key, EncryptionContext: contextOf(keyId) });
        const { CiphertextBlob } = await client.send(command, {
          abortSignal: AbortSignal.timeout(TIMEOUT_MS),
        });
        return Buffer.from(CiphertextBlob ?? []).toString('base64');
      }),
    unwrap: (wrapped, keyId) =>
      ask('decrypt', async (client, { DecryptCommand }) => {
        const CiphertextBlob = Buffer.from(wrapped, 'base64');
        const command = new DecryptCommand({ KeyId, CiphertextBlob, EncryptionContext: contextOf(keyId) });
        const { Plaintext } = await client.send(command, { abortSignal: AbortSignal.timeout(TIMEOUT_MS) });
        return Plaintext ?? new Uint8Array(0);
      }),
  };
}

type Kms = typeof import('@aws-sdk/client-kms');
