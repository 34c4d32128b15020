import { type Kysely, sql } from 'kysely';
import type { Migration } from 'kysely/migration';

/** The catalog's first tables. `STRICT`, so that a wrong type is refused when written and not found when read. */
export const catalogMigration: Migration = {
  async up(db: Kysely<unknown>) {
    await createPrincipals(db);
    await createHoldsAndCursors(db);
    await createSourceObjects(db);
    await createLedgers(db);
  },
};

async function createPrincipals(db: Kysely<unknown>) {
  await db.schema
    .createTable('settings')
    .addColumn('name', 'text', (c) => c.primaryKey().notNull())
    .addColumn('value', 'text', (c) => c.notNull())
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('principals')
    .addColumn('accessKeyId', 'text', (c) => c.primaryKey().notNull())
    .addColumn('accountId', 'text', (c) => c.notNull())
    .addColumn('userIdentityJson', 'text', (c) => c.notNull())
    .addColumn('source', 'text', (c) => c.notNull())
    .addColumn('learntAtMs', 'integer', (c) => c.notNull())
    .addColumn('expiresAtMs', 'integer')
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema.createIndex('principalsByAccount').on('principals').column('accountId').execute();
  await db.schema.createIndex('principalsByExpiry').on('principals').column('expiresAtMs').execute();
}

async function createHoldsAndCursors(db: Kysely<unknown>) {
  await db.schema
    .createTable('holds')
    .addColumn('holdId', 'text', (c) => c.primaryKey().notNull())
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('fromMs', 'integer', (c) => c.notNull())
    .addColumn('toMs', 'integer', (c) => c.notNull())
    .addColumn('createdAtMs', 'integer', (c) => c.notNull())
    .addColumn('createdBy', 'text', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('cursors')
    .addColumn('follower', 'text', (c) => c.notNull())
    .addColumn('journalId', 'text', (c) => c.notNull())
    .addColumn('sequence', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('cursorsKey', ['follower', 'journalId'])
    .modifyEnd(sql`strict`)
    .execute();
}

async function createSourceObjects(db: Kysely<unknown>) {
  await db.schema
    .createTable('sourceObjects')
    .addColumn('sourceObjectId', 'text', (c) => c.primaryKey().notNull())
    .addColumn('importId', 'text', (c) => c.notNull())
    .addColumn('uri', 'text', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('importedBy', 'text', (c) => c.notNull())
    .addColumn('importedAtMs', 'integer', (c) => c.notNull())
    .addColumn('storedCount', 'integer', (c) => c.notNull())
    .addColumn('seenBeforeCount', 'integer', (c) => c.notNull())
    .addColumn('conflictCount', 'integer', (c) => c.notNull())
    .addColumn('refusedCount', 'integer', (c) => c.notNull())
    .addColumn('isComplete', 'integer', (c) => c.notNull())
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createIndex('sourceObjectsByContent')
    .on('sourceObjects')
    .columns(['uri', 'sha256'])
    .execute();
  await db.schema
    .createTable('importConflicts')
    .addColumn('eventId', 'text', (c) => c.notNull())
    .addColumn('sha256', 'text', (c) => c.notNull())
    .addColumn('storedSha256', 'text', (c) => c.notNull())
    .addColumn('sourceObjectId', 'text', (c) => c.notNull())
    .addColumn('foundAtMs', 'integer', (c) => c.notNull())
    .addColumn('raw', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('importConflictsKey', ['eventId', 'sha256'])
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema.createIndex('sourceObjectsByImport').on('sourceObjects').column('importId').execute();
}

async function createLedgers(db: Kysely<unknown>) {
  await db.schema
    .createTable('explainedRanges')
    .addColumn('journalId', 'text', (c) => c.notNull())
    .addColumn('firstSequence', 'integer', (c) => c.notNull())
    .addColumn('lastSequence', 'integer', (c) => c.notNull())
    .addColumn('reason', 'text', (c) => c.notNull())
    .addColumn('detail', 'text', (c) => c.notNull())
    .addPrimaryKeyConstraint('explainedRangesKey', ['journalId', 'firstSequence', 'lastSequence', 'reason'])
    .modifyEnd(sql`strict`)
    .execute();
  await db.schema
    .createTable('droppedPartitions')
    .addColumn('name', 'text', (c) => c.notNull())
    .addColumn('journalId', 'text', (c) => c.notNull())
    .addColumn('firstSequence', 'integer', (c) => c.notNull())
    .addColumn('lastSequence', 'integer', (c) => c.notNull())
    .addColumn('eventsCount', 'integer', (c) => c.notNull())
    .addColumn('droppedAtMs', 'integer', (c) => c.notNull())
    .addPrimaryKeyConstraint('droppedPartitionsKey', ['name', 'journalId', 'firstSequence'])
    .modifyEnd(sql`strict`)
    .execute();
}
