import { DependencyError } from '../../base/dependency-error.ts';
import type { Random } from '../../base/random.ts';
import type { IdentityReference } from '../../store/identity-store.ts';
import type { MasterKeyRing } from './master-key.ts';
import { openBytes, sealBytes } from './sealed-bytes.ts';

/** The document that holds the secret: a sealed secret that is moved to another document does not open there. */
export type SecretContext = IdentityReference;

/** Encrypts secrets that the identity store keeps, with the master key. */
export interface SecretSealer {
  /** `sealed:v1.<key id>.<base64url>`; another text each time. */
  seal(plain: string, context: SecretContext): string;
  /** Throws a `DependencyError` (`master key`) where the key is gone, or the text was not sealed so for this document. */
  open(sealed: string, context: SecretContext): string;
}

const LABEL = 'opentrail secret v1';
const SEALED = /^sealed:v1\.([0-9a-f]{16})\.([\w-]+)$/; // sealed:v1.0123456789abcdef.mZ3…

export function createSecretSealer(options: {
  readonly ring: MasterKeyRing;
  readonly random: Random;
}): SecretSealer {
  const { ring, random } = options;
  return {
    seal(plain, context) {
      const { id, key } = ring.current;
      const purpose = { label: LABEL, context: associatedData(id, context), random };
      const { bytes } = sealBytes(Buffer.from(plain), key, purpose);
      return `sealed:v1.${id}.${bytes.toString('base64url')}`;
    },
    open(sealed, context) {
      const [, id = '', body = ''] = SEALED.exec(sealed) ?? [];
      const key = ring.find(id)?.key;
      if (key === undefined) {
        throw unopened(context, id === '' ? 'it is not sealed' : `the master key ${id} is not there`);
      }
      const purpose = { label: LABEL, context: associatedData(id, context) };
      const opened = openBytes(Buffer.from(body, 'base64url'), key, purpose);
      if (opened === undefined) throw unopened(context, 'it was changed, or belongs to another document');
      return opened.plain.toString();
    },
  };
}

/** The id of the master key that a text is sealed under; undefined where it is not sealed. */
export function sealingKeyId(text: string): string | undefined {
  return SEALED.exec(text)?.[1];
}

function associatedData(keyId: string, { kind, accountId, name }: SecretContext): string {
  return JSON.stringify([keyId, kind, accountId, name]);
}

function unopened({ kind, accountId, name }: SecretContext, why: string): DependencyError {
  return new DependencyError({
    dependency: 'master key',
    operation: 'open',
    isRetryable: false,
    reason: `the secret of ${kind} ${name} of account ${accountId} cannot be opened: ${why}`,
  });
}
