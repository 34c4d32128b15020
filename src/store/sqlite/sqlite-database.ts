import { closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { Kysely } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { DependencyError } from '../../base/dependency-error.ts';
import type { Log } from '../../base/log.ts';
import type { CatalogTables } from './catalog-tables.ts';
import { catalogMigration } from './migrations/0001-catalog.ts';
import { identityMigration } from './migrations/0002-identity.ts';
import { SqliteThreadDialect } from './sqlite-dialect.ts';
import { SqliteThread } from './sqlite-thread.ts';

/** Every migration in order. A released one is never edited: add the next number. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-catalog': catalogMigration,
  '0002-identity': identityMigration,
};

/** One thread on a file that is up to date, and Kysely's view of it. Destroying `db` closes the thread. */
export interface SqliteDatabase {
  readonly thread: SqliteThread;
  readonly db: Kysely<CatalogTables>;
}

/**
 * Opens the catalog's database in a thread of its own and brings its schema up to date.
 *
 * The folder is fsynced after the first opening, so that the file itself survives a power cut too.
 */
export async function openSqliteDatabase(path: string, log: Log): Promise<SqliteDatabase> {
  const thread = await SqliteThread.open(path, log).catch((cause: unknown) => {
    throw openingFailed(path, cause);
  });
  const db = new Kysely<CatalogTables>({ dialect: new SqliteThreadDialect(thread) });
  const { error } = await new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
  }).migrateToLatest();
  if (error !== undefined) {
    await thread.close();
    throw openingFailed(path, error);
  }
  syncFolder(dirname(path));
  return { thread, db };
}

function openingFailed(path: string, cause: unknown): DependencyError {
  const reason = `${path}: ${cause instanceof Error ? cause.message : String(cause)}`;
  return new DependencyError({ dependency: 'catalog', operation: 'open', isRetryable: false, reason, cause });
}

function syncFolder(path: string) {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
