import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** Documents of the identity store, and the number of the last commit, in one row. */
export const identityMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await db.schema
      .createTable('identities')
      .addColumn('kind', 'text', (c) => c.notNull())
      .addColumn('accountId', 'text', (c) => c.notNull())
      .addColumn('foldedName', 'text', (c) => c.notNull())
      .addColumn('name', 'text', (c) => c.notNull())
      .addColumn('body', 'text', (c) => c.notNull())
      .addColumn('revision', 'integer', (c) => c.notNull())
      .addPrimaryKeyConstraint('identitiesKey', ['kind', 'accountId', 'foldedName'])
      .modifyEnd(sql`strict`)
      .execute();
    await db.schema
      .createIndex('identitiesByName')
      .on('identities')
      .columns(['kind', 'foldedName'])
      .execute();
    await db.schema
      .createTable('identityGeneration')
      .addColumn('id', 'integer', (c) => c.primaryKey().check(sql`id = 1`))
      .addColumn('generation', 'integer', (c) => c.notNull())
      .modifyEnd(sql`strict`)
      .execute();
    await sql`insert into "identityGeneration" (id, generation) values (1, 0)`.execute(db);
  },
};
