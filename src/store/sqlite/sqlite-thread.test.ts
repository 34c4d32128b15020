import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { it, type TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { DependencyError } from '../../base/dependency-error.ts';
import { type Log, silentLog } from '../../base/log.ts';
import { createSqliteCatalog } from './sqlite-catalog.ts';
import { openSqliteDatabase } from './sqlite-database.ts';
import { createSqliteIdentityStore } from './sqlite-identity-store.ts';

const user = { kind: 'user', accountId: '111122223333' } as const;
const key = { kind: 'accessKey', accountId: '111122223333' } as const;

/** Turns of the event loop: far more than a few calls need, and never reached while the loop waits for a lock. */
const TURNS = 2_000;

async function open(test: TestContext, log: Log = silentLog) {
  const folder = await mkdtemp(join(tmpdir(), 'opentrail-thread-'));
  const path = join(folder, 'catalog.sqlite');
  const { thread, db } = await openSqliteDatabase(path, log);
  test.after(async () => {
    await thread.close();
    await rm(folder, { recursive: true });
  });
  return { path, thread, catalog: createSqliteCatalog(db), identities: createSqliteIdentityStore(thread) };
}

/** The lock for writing, as another process would hold it. */
function holdWriting(path: string) {
  const other = new DatabaseSync(path, { timeout: 10_000 });
  other.exec('begin immediate');
  return () => {
    other.exec('rollback');
    other.close();
  };
}

it('a commit that has to wait, for a lock or a disk, holds up nothing but itself', async (t) => {
  const { path, catalog } = await open(t);
  const release = holdWriting(path);
  let isDone = false;
  const waiting = catalog.putSetting('a', '1').then(() => {
    isDone = true;
  });
  // A commit on this thread would end the test here: the lock is released by this thread alone.
  for (let turn = 0; turn < TURNS; turn++) await nextTurn();
  assert.equal(isDone, false);
  release();
  await waiting;
  assert.equal(await catalog.getSetting('a'), '1');
});

it('calls are made in their order, and a read sees every write before it', async (t) => {
  const { catalog, identities } = await open(t);
  const finished: number[] = [];
  const steps = Array.from({ length: 100 }, (_, n) => n);
  const reads: Promise<[number, number]>[] = [];
  const writes = steps.flatMap((n) => {
    const cursor = catalog.putCursor('f', 'j', n).then(() => finished.push(n));
    const document = { ...user, name: `u${n}`, body: '{}', expectedRevision: 0 };
    const commit = identities.commit([document]);
    reads.push(Promise.all([catalog.getCursor('f', 'j'), identities.count(user)]));
    return [cursor, commit];
  });
  await Promise.all(writes);
  assert.deepEqual(finished, steps);
  assert.deepEqual(
    await Promise.all(reads),
    steps.map((n) => [n, n + 1]),
  );
});

it('a commit that breaks a rule in its middle leaves nothing behind, and the calls after it are made', async (t) => {
  const { thread, catalog, identities } = await open(t);
  const put = "insert into settings (name, value) values ('a', ?)";
  const failing = thread.commit([
    { sql: put, parameters: ['1'] },
    { sql: put, parameters: ['2'] },
  ]);
  const commit = identities.commit([{ ...user, name: 'u', body: '{}', expectedRevision: 0 }]);
  await assert.rejects(failing, /UNIQUE constraint failed/);
  assert.equal(await commit, true);
  assert.equal(await catalog.getSetting('a'), undefined);
});

it('a result of any size comes whole and in order', async (t) => {
  const { thread, catalog } = await open(t);
  const ranges = Array.from({ length: 2_500 }, (_, n) => ({
    journalId: 'j',
    firstSequence: n,
    lastSequence: n,
    reason: 'setAside' as const,
    detail: `${n} ${'é'.repeat(n)}`,
  }));
  const sql = 'insert into explainedRanges values (?, ?, ?, ?, ?)';
  assert.equal(await thread.commit(ranges.map((range) => ({ sql, parameters: Object.values(range) }))), true);
  assert.deepEqual(await catalog.listExplained('j', 0, ranges.length), ranges);
});

it('when the thread dies, calls under way fail, what resolved stays, and the next call is made', async (t) => {
  const ended: unknown[] = [];
  const log: Log = { ...silentLog, error: (event, fields) => ended.push([event, fields]) };
  const { path, thread, catalog, identities } = await open(t, log);
  let acknowledged = 0;
  for (let life = 1; life <= 5; life++) {
    const first = acknowledged + 1;
    const calls = Array.from({ length: 20 }, (_, n) =>
      catalog.putCursor('f', 'j', first + n).then(() => {
        acknowledged = first + n;
      }),
    );
    await calls[life];
    const release = holdWriting(path);
    const commit = identities.commit([
      { ...user, name: `u${life}`, body: '{}', expectedRevision: 0 },
      { ...key, name: `k${life}`, body: '{}', expectedRevision: 0 },
    ]);
    const killed = thread.kill();
    release();
    await killed;
    for (const outcome of await Promise.allSettled([...calls, commit])) {
      if (outcome.status === 'rejected') assert.ok(outcome.reason instanceof DependencyError);
    }
    await assert.rejects(
      commit,
      /^DependencyError: catalog commitIdentities: the thread of the database ended/,
    );
    assert.ok((await catalog.getCursor('f', 'j')) >= acknowledged);
    assert.equal(await identities.count(user), await identities.count(key));
    assert.equal(ended.length, life);
    assert.deepEqual(ended.at(-1), ['catalog.threadEnded', { reason: 'it was ended' }]);
  }
});

it('closing waits for what was asked before, and what is asked after it is refused', async (t) => {
  const { path, catalog, identities } = await open(t);
  const calls = Array.from({ length: 50 }, (_, n) => catalog.putCursor('f', 'j', n));
  const closing = Promise.all([catalog.close(), identities.close()]);
  await Promise.all(calls);
  await closing;
  await assert.rejects(catalog.putCursor('f', 'j', 99), DependencyError);
  await assert.rejects(identities.generation(), DependencyError);
  const again = new DatabaseSync(path);
  assert.equal(again.prepare('select sequence from cursors').get()?.sequence, 49);
  again.close();
});

it('a call keeps the process alive until it is answered, and a database that nobody closed does not', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'opentrail-thread-'));
  const module = JSON.stringify(new URL('./sqlite-catalog.ts', import.meta.url).href);
  const file = join(folder, 'program.mjs');
  await writeFile(
    file,
    `import { openSqliteCatalog } from ${module};
    const catalog = await openSqliteCatalog(${JSON.stringify(join(folder, 'catalog.sqlite'))});
    catalog.putSetting('a', '1').then(() => process.stdout.write('put'));`,
  );
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const [code] = await new Promise<unknown[]>((resolve) => {
    child.once('close', (...result) => resolve(result));
  });
  assert.deepEqual([code, output], [0, 'put']);
  await rm(folder, { recursive: true });
});
