import type { Log } from '../../base/log.ts';
import type { Catalog } from '../catalog.ts';
import type { IdentityStore } from '../identity-store.ts';
import { createSqliteCatalog } from './sqlite-catalog.ts';
import { openSqliteDatabase } from './sqlite-database.ts';
import { createSqliteIdentityStore } from './sqlite-identity-store.ts';

/** Catalog and identity store in one file. Closing either closes the file, and so both. */
export interface SqliteStores {
  readonly catalog: Catalog;
  readonly identities: IdentityStore;
}

/**
 * Opens both on one thread, creating the file when it is not there. Its folder MUST exist. Rejects with a
 * `DependencyError` (`catalog`).
 */
export async function openSqliteStores(path: string, log: Log): Promise<SqliteStores> {
  const database = await openSqliteDatabase(path, log);
  return {
    catalog: createSqliteCatalog(database.db),
    identities: createSqliteIdentityStore(database.thread),
  };
}
