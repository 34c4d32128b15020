import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import type { MasterKeyFile } from '../identity/secrets/master-key-file.ts';
import { abandonMasterKeys, openMasterKeys, type Rotation } from '../identity/secrets/master-keys.ts';
import type { IdentityStore } from '../store/identity-store.ts';
import { openSqliteCatalog } from '../store/sqlite/sqlite-catalog.ts';
import { openSqliteIdentityStore } from '../store/sqlite/sqlite-identity-store.ts';
import type { Config } from './config-options.ts';
import { openDataDirectory } from './data-directory.ts';
import { openMasterKeyFile } from './open-master-key-file.ts';
import { type RootCredentials, resetRootCredentials } from './root-credentials.ts';

export interface KeyWork {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly random: Random;
  readonly clock: Clock;
}

/**
 * Replaces the root key of a server that is stopped; its next start records that. Throws a `ConfigError` that says what to
 * do while the server runs, or where the key is not that of the file.
 */
export function resetRootKey(work: KeyWork): {
  readonly before: RootCredentials | undefined;
  readonly made: RootCredentials;
} {
  const { config, environment, random } = work;
  const directory = openDataDirectory(config.dataDir);
  try {
    const path = directory.paths.rootCredentials;
    return resetRootCredentials({ path, accountId: config.account, environment, random });
  } finally {
    directory.release();
  }
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
  const { paths, release } = openDataDirectory(config.dataDir);
  try {
    // Opened for its migrations, which make the tables that the identity store stands on.
    await (await openSqliteCatalog(paths.catalog)).close();
    const store = await openSqliteIdentityStore(paths.catalog);
    try {
      return await action(store, openMasterKeyFile({ config, paths, environment }));
    } finally {
      await store.close();
    }
  } finally {
    release();
  }
}
