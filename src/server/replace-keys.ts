import { existsSync } from 'node:fs';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { AccessKeyEntity } from '../identity/entities.ts';
import type { MasterKeyFile } from '../identity/secrets/master-key-file.ts';
import { abandonMasterKeys, openMasterKeys, type Rotation } from '../identity/secrets/master-keys.ts';
import type { IdentityStore } from '../store/identity-store.ts';
import { openSqliteCatalog } from '../store/sqlite/sqlite-catalog.ts';
import { openSqliteIdentityStore } from '../store/sqlite/sqlite-identity-store.ts';
import { ConfigError } from './config.ts';
import type { Config } from './config-options.ts';
import { type DataDirectory, dataPaths, openDataDirectory } from './data-directory.ts';
import { openMasterKeyFile } from './open-master-key-file.ts';
import { type RootCredentials, resetRootCredentials } from './root-credentials.ts';

export interface KeyWork {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly random: Random;
  readonly clock: Clock;
}

/**
 * Replaces the root key of a server that is stopped; its next start records that. `others` are active keys that root made
 * for itself with `CreateAccessKey`: they go on, so whoever replaces a stolen key has to know of them. Throws a
 * `ConfigError` that says what to do while the server runs, or where the key is not that of the file.
 */
export async function resetRootKey(work: KeyWork): Promise<{
  readonly before: RootCredentials | undefined;
  readonly made: RootCredentials;
  readonly others: readonly string[];
}> {
  const { config, environment, random } = work;
  const { paths, release } = openExisting(config.dataDir);
  try {
    const others = await onCatalog(paths.catalog, (store) => activeRootKeys(store, config.account));
    const path = paths.rootCredentials;
    return { ...resetRootCredentials({ path, accountId: config.account, environment, random }), others };
  } finally {
    release();
  }
}

async function activeRootKeys(store: IdentityStore, accountId: string): Promise<string[]> {
  const documents = await store.list({ kind: 'accessKey', accountId });
  return documents
    .map(({ body }) => JSON.parse(body) as AccessKeyEntity)
    .filter(({ userName, status }) => userName === undefined && status === 'Active')
    .map(({ accessKeyId }) => accessKeyId);
}

/** Rotates the master key of a server that is stopped: `MasterKeys.rotate`. */
export function rotateMasterKey(work: KeyWork, isForgettingOld: boolean): Promise<Rotation> {
  return withStore(work, async (store, file) => {
    const { random, clock } = work;
    const keys = await openMasterKeys({ file, store, random, clock });
    return keys.rotate({ isForgettingOld });
  });
}

/** Lets the next start make a new master key in the place of one that is lost: `abandonMasterKeys`. */
export function replaceLostMasterKey(work: KeyWork): Promise<void> {
  return withStore(work, (store) => abandonMasterKeys(store));
}

async function withStore<T>(
  { config, environment }: KeyWork,
  action: (store: IdentityStore, masterKeyFile: MasterKeyFile) => Promise<T>,
): Promise<T> {
  const { paths, release } = openExisting(config.dataDir);
  try {
    const file = openMasterKeyFile({ config, paths, environment });
    return await onCatalog(paths.catalog, (store) => action(store, file));
  } finally {
    release();
  }
}

/** Only a start may make a data folder: a misspelt one must not get keys of its own while the server keeps its old ones. */
function openExisting(folder: string): DataDirectory {
  if (existsSync(dataPaths(folder).catalog)) return openDataDirectory(folder);
  throw new ConfigError([`no server has run in ${folder} yet: name its data folder with --data-dir`]);
}

async function onCatalog<T>(path: string, action: (store: IdentityStore) => Promise<T>): Promise<T> {
  // Opened for its migrations, which make the tables that the identity store stands on.
  await (await openSqliteCatalog(path)).close();
  const store = await openSqliteIdentityStore(path);
  try {
    return await action(store);
  } finally {
    await store.close();
  }
}
