import { createHash } from 'node:crypto';
import { assert } from '../../base/assert.ts';
import { DependencyError } from '../../base/dependency-error.ts';
import type { ClickHouseHttp } from './clickhouse-http.ts';
import { eventsMigration } from './migrations/0001-events.ts';
import { quoteString } from './quote.ts';

export interface Migration {
  readonly version: number;
  readonly name: string;
  /** Each MUST be harmless when it is run again: a crash may come between it and the note that it ran. */
  readonly statements: readonly string[];
}

export const MIGRATIONS: readonly Migration[] = [eventsMigration];

const LEDGER = `CREATE TABLE IF NOT EXISTS opentrail.migrations
  (version UInt32, name String, checksum String, applied_at DateTime('UTC'))
  ENGINE = MergeTree ORDER BY version SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`;

/**
 * Brings the schema up to date, in order, each migration once. Refuses a store that was written by a newer version, and
 * one whose applied migrations are not the ones that this program knows.
 */
export async function migrate(http: ClickHouseHttp, migrations: readonly Migration[] = MIGRATIONS) {
  migrations.forEach((migration, index) => {
    assert(migration.version === index + 1, `migration ${migration.name} has number ${migration.version}`);
  });
  const run = (sql: string) => http.command({ lane: 'insert', operation: 'migrate', sql });
  await run('CREATE DATABASE IF NOT EXISTS opentrail');
  await run(LEDGER);
  const applied = await http.query<{ version: number; checksum: string }>({
    lane: 'insert',
    operation: 'migrate',
    sql: 'SELECT version, any(checksum) AS checksum FROM opentrail.migrations GROUP BY version ORDER BY version',
  });
  for (const { version, checksum } of applied) {
    const known = migrations[version - 1];
    if (known === undefined)
      throw refuse(`migration ${version} is newer than this program; use the newer one`);
    if (checksumOf(known) !== checksum) throw refuse(`migration ${version} (${known.name}) was changed`);
  }
  for (const migration of migrations.slice(applied.length)) {
    for (const statement of migration.statements) await run(statement);
    const { version, name } = migration;
    await run(
      `INSERT INTO opentrail.migrations SELECT ${version}, ${quoteString(name)}, ` +
        `${quoteString(checksumOf(migration))}, now('UTC')`,
    );
  }
}

function checksumOf(migration: Migration): string {
  return createHash('sha256').update(migration.statements.join(';\n')).digest('hex');
}

function refuse(reason: string): DependencyError {
  return new DependencyError({ dependency: 'engine', operation: 'migrate', isRetryable: false, reason });
}
