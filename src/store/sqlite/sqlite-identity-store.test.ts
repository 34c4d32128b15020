import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { DependencyError } from '../../base/dependency-error.ts';
import { describeIdentityStore } from '../identity-store.contract.ts';
import { openSqliteCatalog } from './sqlite-catalog.ts';
import { openSqliteIdentityStore } from './sqlite-identity-store.ts';

const user = { kind: 'user', accountId: '111122223333' } as const;

async function freshFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'opentrail-identity-'));
  return { path: join(folder, 'catalog.sqlite'), remove: () => rm(folder, { recursive: true }) };
}

describeIdentityStore('SQLite', async () => {
  const { path, remove } = await freshFolder();
  const store = await openSqliteIdentityStore(path);
  return {
    store,
    async dispose() {
      await store.close();
      await remove();
    },
  };
});

describe('SQLite identity store', () => {
  it('keeps documents and generation when it is opened again, beside the catalog in one file', async () => {
    const { path, remove } = await freshFolder();
    const catalog = await openSqliteCatalog(path);
    const first = await openSqliteIdentityStore(path);
    await first.commit([{ ...user, name: 'Bob', body: '{"a":1}', expectedRevision: 0 }]);
    await catalog.putSetting('a', '1');
    await first.close();
    const second = await openSqliteIdentityStore(path);
    assert.deepEqual(await second.get({ ...user, name: 'bob' }), {
      ...user,
      name: 'Bob',
      body: '{"a":1}',
      revision: 1,
    });
    assert.equal(await second.generation(), 1);
    await second.close();
    await catalog.close();
    await remove();
  });

  it('lets commits and calls of the catalog go on side by side', async () => {
    const { path, remove } = await freshFolder();
    const catalog = await openSqliteCatalog(path);
    const store = await openSqliteIdentityStore(path);
    const steps = Array.from({ length: 50 }, (_, n) => n);
    await Promise.all(
      steps.flatMap((n) => [
        catalog.putCursor('f', `j${n}`, n),
        store.commit([{ ...user, name: `u${n}`, body: '{}', expectedRevision: 0 }]),
      ]),
    );
    assert.equal(await store.count(user), 50);
    assert.equal(await catalog.getCursor('f', 'j49'), 49);
    await store.close();
    await catalog.close();
    await remove();
  });

  it('sees the commits of another connection, and loses to them', async () => {
    const { path, remove } = await freshFolder();
    const mine = await openSqliteIdentityStore(path);
    const theirs = await openSqliteIdentityStore(path);
    const generation = await mine.generation();
    assert.equal(await theirs.commit([{ ...user, name: 'bob', body: '1', expectedRevision: 0 }]), true);
    assert.ok((await mine.generation()) > generation);
    assert.equal(await mine.commit([{ ...user, name: 'bob', body: '2', expectedRevision: 0 }]), false);
    await mine.close();
    await theirs.close();
    await remove();
  });

  it('has every commit that resolved after a kill -9, each whole', async () => {
    const { path, remove } = await freshFolder();
    const module = new URL('./sqlite-identity-store.ts', import.meta.url).href;
    const file = `${path}.mjs`;
    await writeFile(
      file,
      `
      import { openSqliteIdentityStore } from ${JSON.stringify(module)};
      const store = await openSqliteIdentityStore(${JSON.stringify(path)});
      const step = (n, kind) => ({ kind, accountId: '111122223333', name: 'n' + n, body: '{}', expectedRevision: 0 });
      for (let n = 1; ; n++) {
        await store.commit([step(n, 'user'), step(n, 'accessKey')]);
        process.stdout.write(n + '\\n');
        if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }`,
    );
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > 1_000) child.kill('SIGKILL');
    });
    await new Promise((resolve) => child.once('close', resolve));
    const acknowledged = Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1));
    assert.ok(acknowledged > 100, `the child made ${acknowledged} commits before it was killed`);
    const store = await openSqliteIdentityStore(path);
    const users = await store.count(user);
    assert.ok(users >= acknowledged, `kept ${users} of ${acknowledged} acknowledged`);
    assert.equal(await store.count({ ...user, kind: 'accessKey' }), users);
    assert.equal(await store.generation(), users);
    await store.close();
    await remove();
  });

  it('says which file it could not open, and refuses calls after it was closed', async () => {
    const { path, remove } = await freshFolder();
    const store = await openSqliteIdentityStore(path);
    await store.close();
    await assert.rejects(store.generation(), DependencyError);
    await assert.rejects(store.commit([]), DependencyError);
    const other = `${path}2`;
    await writeFile(other, 'this is not a database, whatever its name says'.repeat(100));
    await assert.rejects(
      openSqliteIdentityStore(other),
      /^DependencyError: catalog open: .*catalog\.sqlite2: /,
    );
    await remove();
  });
});
