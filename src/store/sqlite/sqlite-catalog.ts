import { type Kysely, type RawBuilder, sql } from 'kysely';
import { DependencyError } from '../../base/dependency-error.ts';
import { type Log, silentLog } from '../../base/log.ts';
import type {
  Catalog,
  DroppedPartition,
  ExplainedRange,
  Hold,
  ImportConflict,
  PrincipalRecord,
  SourceObject,
} from '../catalog.ts';
import type { CatalogTables } from './catalog-tables.ts';
import { openSqliteDatabase } from './sqlite-database.ts';

/**
 * Opens the catalog in a SQLite file, creating it when it is not there, on a thread of its own. Its folder MUST exist.
 *
 * Every call is one statement, so it happens whole or not at all; one that has resolved is fsynced.
 * Rejects with a `DependencyError` (`catalog`).
 */
export async function openSqliteCatalog(path: string, log: Log = silentLog): Promise<Catalog> {
  return createSqliteCatalog((await openSqliteDatabase(path, log)).db);
}

/** The catalog in a database that is open; `close` closes the database. */
export function createSqliteCatalog(db: Kysely<CatalogTables>): Catalog {
  return new SqliteCatalog(db);
}

class SqliteCatalog implements Catalog {
  readonly #db: Kysely<CatalogTables>;

  constructor(db: Kysely<CatalogTables>) {
    this.#db = db;
  }

  async getSetting(name: string): Promise<string | undefined> {
    const row = await this.#attempt('getSetting', (db) =>
      db.selectFrom('settings').select('value').where('name', '=', name).executeTakeFirst(),
    );
    return row?.value;
  }

  async putSetting(name: string, value: string): Promise<void> {
    await this.#attempt('putSetting', (db) =>
      db
        .insertInto('settings')
        .values({ name, value })
        .onConflict((c) => c.column('name').doUpdateSet({ value }))
        .execute(),
    );
  }

  async getPrincipal(accessKeyId: string): Promise<PrincipalRecord | undefined> {
    return this.#attempt('getPrincipal', (db) =>
      db.selectFrom('principals').selectAll().where('accessKeyId', '=', accessKeyId).executeTakeFirst(),
    );
  }

  async putPrincipal(principal: PrincipalRecord): Promise<void> {
    await this.#attempt('putPrincipal', (db) =>
      db
        .insertInto('principals')
        .values(principal)
        .onConflict((c) =>
          c
            .column('accessKeyId')
            .doUpdateSet(principal)
            .where((where) =>
              where.or([
                where('principals.source', '=', 'learnt'),
                where('excluded.source', '=', 'configured'),
              ]),
            ),
        )
        .execute(),
    );
  }

  async listPrincipals(accountId: string): Promise<PrincipalRecord[]> {
    return this.#attempt('listPrincipals', (db) =>
      db
        .selectFrom('principals')
        .selectAll()
        .where('accountId', '=', accountId)
        .orderBy('accessKeyId')
        .execute(),
    );
  }

  async deletePrincipal(accessKeyId: string): Promise<boolean> {
    const result = await this.#attempt('deletePrincipal', (db) =>
      db.deleteFrom('principals').where('accessKeyId', '=', accessKeyId).executeTakeFirst(),
    );
    return result.numDeletedRows > 0n;
  }

  async deleteExpiredPrincipals(nowMs: number): Promise<number> {
    const result = await this.#attempt('deleteExpiredPrincipals', (db) =>
      db.deleteFrom('principals').where('expiresAtMs', '<=', nowMs).executeTakeFirst(),
    );
    return Number(result.numDeletedRows);
  }

  async putHold(hold: Hold): Promise<void> {
    await this.#attempt('putHold', (db) =>
      db
        .insertInto('holds')
        .values(hold)
        .onConflict((c) => c.column('holdId').doUpdateSet(hold))
        .execute(),
    );
  }

  async listHolds(): Promise<Hold[]> {
    return this.#attempt('listHolds', (db) =>
      db.selectFrom('holds').selectAll().orderBy('createdAtMs').orderBy('holdId').execute(),
    );
  }

  async deleteHold(holdId: string): Promise<boolean> {
    const result = await this.#attempt('deleteHold', (db) =>
      db.deleteFrom('holds').where('holdId', '=', holdId).executeTakeFirst(),
    );
    return result.numDeletedRows > 0n;
  }

  async getCursor(follower: string, journalId: string): Promise<number> {
    const row = await this.#attempt('getCursor', (db) =>
      db
        .selectFrom('cursors')
        .select('sequence')
        .where('follower', '=', follower)
        .where('journalId', '=', journalId)
        .executeTakeFirst(),
    );
    return row?.sequence ?? 0;
  }

  async putCursor(follower: string, journalId: string, sequence: number): Promise<void> {
    await this.#attempt('putCursor', (db) =>
      db
        .insertInto('cursors')
        .values({ follower, journalId, sequence })
        .onConflict((c) => c.columns(['follower', 'journalId']).doUpdateSet({ sequence }))
        .execute(),
    );
  }

  async getSourceObject(uri: string, sha256: string): Promise<SourceObject | undefined> {
    return (await this.getSourceObjects([{ uri, sha256 }]))[0];
  }

  async getSourceObjects(
    keys: readonly { readonly uri: string; readonly sha256: string }[],
  ): Promise<(SourceObject | undefined)[]> {
    const { rows } = await this.#attempt('getSourceObjects', (db) =>
      // The join is written so that the index is asked once for each key.
      sql<CatalogTables['sourceObjects'] & { readonly keyNumber: number }>`
        select sourceObjects.*, wanted.key as keyNumber from json_each(${JSON.stringify(keys)}) as wanted
        cross join sourceObjects on uri = wanted.value ->> 'uri' and sha256 = wanted.value ->> 'sha256'
        order by isComplete, importedAtMs`.execute(db),
    );
    const found = keys.map((): SourceObject | undefined => undefined);
    // The one that counts comes last.
    for (const { keyNumber, ...row } of rows) found[keyNumber] = toSourceObject(row);
    return found;
  }

  async putSourceObject(object: SourceObject): Promise<void> {
    await this.putSourceObjects([object]);
  }

  async putSourceObjects(objects: readonly SourceObject[]): Promise<void> {
    await this.#attempt('putSourceObjects', (db) =>
      insertAll('sourceObjects', SOURCE_OBJECT_COLUMNS, objects, SOURCE_OBJECT_UPDATE).execute(db),
    );
  }

  async listSourceObjects(importId: string): Promise<SourceObject[]> {
    const rows = await this.#attempt('listSourceObjects', (db) =>
      db
        .selectFrom('sourceObjects')
        .selectAll()
        .where('importId', '=', importId)
        .orderBy('importedAtMs')
        .orderBy('sourceObjectId')
        .execute(),
    );
    return rows.map(toSourceObject);
  }

  async putImportConflicts(conflicts: readonly ImportConflict[]): Promise<void> {
    await this.#attempt('putImportConflicts', (db) =>
      insertAll('importConflicts', IMPORT_CONFLICT_COLUMNS, conflicts).execute(db),
    );
  }

  async listImportConflicts(options: {
    readonly eventId?: string;
    readonly limit: number;
    readonly after?: { readonly eventId: string; readonly sha256: string };
  }): Promise<ImportConflict[]> {
    const { eventId, limit, after } = options;
    return this.#attempt('listImportConflicts', (db) => {
      let query = db.selectFrom('importConflicts').selectAll();
      if (eventId !== undefined) query = query.where('eventId', '=', eventId);
      if (after !== undefined) {
        query = query.where((where) =>
          where.or([
            where('eventId', '>', after.eventId),
            where.and([where('eventId', '=', after.eventId), where('sha256', '>', after.sha256)]),
          ]),
        );
      }
      return query.orderBy('eventId').orderBy('sha256').limit(limit).execute();
    });
  }

  async putExplained(range: ExplainedRange): Promise<void> {
    await this.#attempt('putExplained', (db) =>
      db
        .insertInto('explainedRanges')
        .values(range)
        .onConflict((c) =>
          c
            .columns(['journalId', 'firstSequence', 'lastSequence', 'reason'])
            .doUpdateSet({ detail: range.detail }),
        )
        .execute(),
    );
  }

  async listExplained(
    journalId: string,
    firstSequence: number,
    lastSequence: number,
  ): Promise<ExplainedRange[]> {
    return this.#attempt('listExplained', (db) =>
      db
        .selectFrom('explainedRanges')
        .selectAll()
        .where('journalId', '=', journalId)
        .where('firstSequence', '<=', lastSequence)
        .where('lastSequence', '>=', firstSequence)
        .orderBy('firstSequence')
        .orderBy('lastSequence')
        .orderBy('reason')
        .execute(),
    );
  }

  async putDropped(partition: DroppedPartition): Promise<void> {
    await this.#attempt('putDropped', (db) =>
      db
        .insertInto('droppedPartitions')
        .values(partition)
        .onConflict((c) => c.columns(['name', 'journalId', 'firstSequence']).doUpdateSet(partition))
        .execute(),
    );
  }

  async listDropped(): Promise<DroppedPartition[]> {
    return this.#attempt('listDropped', (db) =>
      db
        .selectFrom('droppedPartitions')
        .selectAll()
        .orderBy('droppedAtMs')
        .orderBy('name')
        .orderBy('journalId')
        .orderBy('firstSequence')
        .execute(),
    );
  }

  async close(): Promise<void> {
    await this.#attempt('close', (db) => db.destroy());
  }

  async #attempt<T>(operation: string, action: (db: Kysely<CatalogTables>) => Promise<T>): Promise<T> {
    try {
      return await action(this.#db);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DependencyError({ dependency: 'catalog', operation, isRetryable: true, reason, cause });
    }
  }
}

const SOURCE_OBJECT_COLUMNS: readonly (keyof SourceObject)[] = [
  'sourceObjectId',
  'importId',
  'uri',
  'sha256',
  'importedBy',
  'importedAtMs',
  'storedCount',
  'seenBeforeCount',
  'conflictCount',
  'refusedCount',
  'isComplete',
];

/** Only what changes is written again, none of which is in an index: a row is put twice for every file of an import. */
const SOURCE_OBJECT_UPDATE: Replacement<SourceObject> = {
  key: 'sourceObjectId',
  columns: ['importedAtMs', 'storedCount', 'seenBeforeCount', 'conflictCount', 'refusedCount', 'isComplete'],
};

interface Replacement<Row> {
  readonly key: keyof Row & string;
  readonly columns: readonly (keyof Row & string)[];
}

const IMPORT_CONFLICT_COLUMNS: readonly (keyof ImportConflict)[] = [
  'eventId',
  'sha256',
  'storedSha256',
  'sourceObjectId',
  'foundAtMs',
  'raw',
];

/**
 * Inserts any number of rows as one statement with one parameter, their values as JSON: whole or not at all, one fsync,
 * and no transaction in which statements of other calls could end up. A row that is there already gets the columns of
 * the replacement, and is kept as it is without one.
 */
function insertAll<Row extends object>(
  table: keyof CatalogTables,
  columns: readonly (keyof Row & string)[],
  rows: readonly Row[],
  replacement?: Replacement<Row>,
): RawBuilder<unknown> {
  const names = sql.join(columns.map((column) => sql.ref(column)));
  const values = sql.join(columns.map((_, index) => sql`value ->> ${sql.lit(index)}`));
  const json = JSON.stringify(rows.map((row) => columns.map((column) => row[column])));
  const replaced = replacement?.columns.map(
    (column) => sql`${sql.ref(column)} = excluded.${sql.ref(column)}`,
  );
  const onConflict =
    replacement === undefined || replaced === undefined
      ? sql`do nothing`
      : sql`(${sql.ref(replacement.key)}) do update set ${sql.join(replaced)}`;
  return sql`insert into ${sql.table(table)} (${names}) select ${values}
    from json_each(${json}) where true on conflict ${onConflict}`;
}

function toSourceObject(row: CatalogTables['sourceObjects']): SourceObject {
  return { ...row, isComplete: row.isComplete === 1 };
}
