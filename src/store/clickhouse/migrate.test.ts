import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { ClickHouseHttp } from './clickhouse-http.ts';
import { openTestStore, type TestStore } from './embedded-store.contract.ts';
import { MIGRATIONS, type Migration, migrate } from './migrate.ts';

describe('migrations of the event store', () => {
  let opened: TestStore;
  let http: ClickHouseHttp;
  before(async () => {
    opened = await openTestStore();
    const { socketPath } = opened.engine;
    http = new ClickHouseHttp({ url: 'http://engine', socketPath, checkReady: () => undefined });
  });
  after(async () => {
    await http.close();
    await opened.dispose();
  });
  const applied = () =>
    http.query<{ version: number; name: string }>({
      lane: 'lookup',
      operation: 'test',
      sql: 'SELECT version, name FROM opentrail.migrations ORDER BY version',
    });
  const next: Migration = {
    version: MIGRATIONS.length + 1,
    name: 'next',
    statements: ['CREATE TABLE IF NOT EXISTS opentrail.next (x UInt8) ENGINE = MergeTree ORDER BY x'],
  };

  it('run once each and in order, however often the store is opened', async () => {
    await migrate(http);
    await migrate(http, [...MIGRATIONS, next]);
    await migrate(http, [...MIGRATIONS, next]);
    assert.deepEqual(await applied(), [
      { version: 1, name: 'events' },
      { version: 2, name: 'next' },
    ]);
  });

  it('refuse a store that a newer program has written', async () => {
    await assert.rejects(migrate(http), { name: 'DependencyError', message: /migration 2 is newer/ });
  });

  it('refuse a migration that was changed after it ran, and numbers that leave one out', async () => {
    const changed = { ...next, statements: ['SELECT 1'] };
    await assert.rejects(migrate(http, [...MIGRATIONS, changed]), {
      message: /migration 2 \(next\) was changed/,
    });
    const late = { ...next, version: next.version + 1 };
    await assert.rejects(migrate(http, [...MIGRATIONS, late]), { name: 'InvariantError' });
  });
});
