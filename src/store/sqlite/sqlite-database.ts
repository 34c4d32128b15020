import { closeSync, fsyncSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';
import { Kysely, type SqliteDatabase, SqliteDialect, type SqliteStatement } from 'kysely';
import { type Migration, Migrator } from 'kysely/migration';
import { DependencyError } from '../../base/dependency-error.ts';
import type { CatalogTables } from './catalog-tables.ts';
import { catalogMigration } from './migrations/0001-catalog.ts';
import { identityMigration } from './migrations/0002-identity.ts';

/** Every migration in order. A released one is never edited: add the next number. */
const MIGRATIONS: Readonly<Record<string, Migration>> = {
  '0001-catalog': catalogMigration,
  '0002-identity': identityMigration,
};

/** Milliseconds that a statement waits for another process (a backup, an inspector) before it fails. */
const BUSY_TIMEOUT_MS = 5_000;

/** Prepared statements kept; the catalog has about thirty different ones. */
const STATEMENTS_MAX = 100;

/**
 * Opens the catalog's database and brings its schema up to date.
 *
 * WAL with `synchronous=FULL`: a statement that has returned is fsynced. The folder is fsynced after the first opening,
 * so that the file itself survives a power cut too.
 */
export async function openSqliteDatabase(path: string): Promise<Kysely<CatalogTables>> {
  const database = openFile(path);
  const db = new Kysely<CatalogTables>({ dialect: new SqliteDialect({ database: adapt(database) }) });
  const { error } = await new Migrator({
    db,
    provider: { getMigrations: async () => ({ ...MIGRATIONS }) },
  }).migrateToLatest();
  if (error !== undefined) {
    await db.destroy();
    throw openingFailed(path, error);
  }
  syncFolder(dirname(path));
  return db;
}

/** The same file, as up to date, for statements that are run as they are written. */
export async function openSqliteConnection(path: string): Promise<DatabaseSync> {
  await (await openSqliteDatabase(path)).destroy();
  return openFile(path);
}

function openFile(path: string): DatabaseSync {
  try {
    const database = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    database.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on');
    return database;
  } catch (cause) {
    throw openingFailed(path, cause);
  }
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

/** What Kysely's SQLite dialect wants of a driver (better-sqlite3's shape) over `node:sqlite`. */
function adapt(database: DatabaseSync): SqliteDatabase {
  const statements = new Map<string, SqliteStatement>();
  return {
    close: () => database.close(),
    prepare(sql) {
      const known = statements.get(sql);
      if (known !== undefined) return known;
      const statement = adaptStatement(database.prepare(sql));
      if (statements.size >= STATEMENTS_MAX) statements.clear();
      statements.set(sql, statement);
      return statement;
    },
  };
}

function adaptStatement(statement: StatementSync): SqliteStatement {
  return {
    reader: statement.columns().length > 0,
    all: (parameters) => statement.all(...parameters.map(toInput)),
    run: (parameters) => statement.run(...parameters.map(toInput)),
    iterate: (parameters) => statement.iterate(...parameters.map(toInput)),
  };
}

function toInput(value: unknown): SQLInputValue {
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value as SQLInputValue;
}
