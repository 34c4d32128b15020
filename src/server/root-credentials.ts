import { chmodSync, readFileSync, statSync } from 'node:fs';
import type { Random } from '../base/random.ts';
import { writeDurably } from '../identity/secrets/write-durably.ts';
import { accessKeyForAccount } from '../model/access-key-account.ts';
import { ConfigError } from './config.ts';

/** The account's root key: signs whatever may look up, import and administer. */
export interface RootCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** `made` at this start: to be printed, once. */
  readonly origin: 'environment' | 'file' | 'made';
}

export interface RootCredentialsOptions {
  /** Where made credentials are kept, mode 0600. */
  readonly path: string;
  readonly accountId: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly random: Random;
}

/** Bytes of a made secret: 40 characters of base64, as AWS's own. */
const SECRET_BYTES = 30;

/** As `SigV4` needs it: nothing that ends a field of the `Credential` scope or a header. */
const ACCESS_KEY_ID = /^[\w-]{3,128}$/;

/**
 * The credentials of the environment, else those of the file, else new ones, which are in the file (fsynced) when this
 * returns. Throws a `ConfigError` for half a pair and for a file that cannot be used.
 */
export function loadRootCredentials(options: RootCredentialsOptions): RootCredentials {
  const accessKeyId = options.environment.OPENTRAIL_ROOT_ACCESS_KEY_ID ?? '';
  const secretAccessKey = options.environment.OPENTRAIL_ROOT_SECRET_ACCESS_KEY ?? '';
  if (accessKeyId !== '' && secretAccessKey !== '') {
    if (!ACCESS_KEY_ID.test(accessKeyId)) {
      throw new ConfigError([
        'OPENTRAIL_ROOT_ACCESS_KEY_ID: must be 3 to 128 letters, digits, underscores or hyphens',
      ]);
    }
    return { accessKeyId, secretAccessKey, origin: 'environment' };
  }
  if (accessKeyId !== secretAccessKey) {
    const missing = accessKeyId === '' ? 'OPENTRAIL_ROOT_ACCESS_KEY_ID' : 'OPENTRAIL_ROOT_SECRET_ACCESS_KEY';
    throw new ConfigError([`${missing} is missing: give both variables of the root credentials or none`]);
  }
  return readCredentials(options.path) ?? makeCredentials(options);
}

function readCredentials(path: string): RootCredentials | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError([`${path}: cannot be read: ${(error as Error).message}`]);
  }
  // A copied data folder may have lost the mode; the secret must not stay readable for it.
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
  const parsed = parseCredentials(text);
  if (parsed === undefined) {
    throw new ConfigError([
      `${path}: holds no credentials; put back a copy of it, or remove it to have new ones made at the next start`,
    ]);
  }
  return { ...parsed, origin: 'file' };
}

function parseCredentials(text: string): { accessKeyId: string; secretAccessKey: string } | undefined {
  try {
    const { accessKeyId, secretAccessKey } = JSON.parse(text) as Record<string, unknown>;
    if (typeof accessKeyId !== 'string' || typeof secretAccessKey !== 'string') return undefined;
    return { accessKeyId, secretAccessKey };
  } catch {
    // Not JSON: the caller says which file it is and what to do.
    return undefined;
  }
}

/**
 * Puts a new key in the place of the one in the file; the one before is void from the next start on. Throws a
 * `ConfigError` where the key is that of the environment, which only its owner can change.
 */
export function resetRootCredentials(options: RootCredentialsOptions): {
  readonly before: RootCredentials | undefined;
  readonly made: RootCredentials;
} {
  const { environment } = options;
  if ((environment.OPENTRAIL_ROOT_ACCESS_KEY_ID ?? '') !== '') {
    throw new ConfigError([
      'the root key is the one of OPENTRAIL_ROOT_ACCESS_KEY_ID and OPENTRAIL_ROOT_SECRET_ACCESS_KEY: ' +
        'change these variables, or unset both to have one in a file',
    ]);
  }
  const before = readCredentials(options.path);
  return { before, made: makeCredentials(options) };
}

function makeCredentials({ path, accountId, random }: RootCredentialsOptions): RootCredentials {
  const accessKeyId = accessKeyForAccount('AKIA', accountId, random.bytes(5));
  const secretAccessKey = Buffer.from(random.bytes(SECRET_BYTES)).toString('base64');
  writeDurably(path, `${JSON.stringify({ accessKeyId, secretAccessKey, accountId }, null, 2)}\n`);
  return { accessKeyId, secretAccessKey, origin: 'made' };
}
