import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import { DependencyError } from '../../base/dependency-error.ts';
import { describeCatalog } from '../catalog.contract.ts';
import { openSqliteCatalog } from './sqlite-catalog.ts';

async function freshFolder() {
  const folder = await mkdtemp(join(tmpdir(), 'opentrail-catalog-'));
  return { path: join(folder, 'catalog.sqlite'), remove: () => rm(folder, { recursive: true }) };
}

describeCatalog('SQLite', async () => {
  const { path, remove } = await freshFolder();
  const catalog = await openSqliteCatalog(path);
  return {
    catalog,
    async dispose() {
      await catalog.close();
      await remove();
    },
  };
});

describe('SQLite catalog', () => {
  it('keeps what it had when it is opened again', async () => {
    const { path, remove } = await freshFolder();
    const first = await openSqliteCatalog(path);
    await first.putSetting('a', '1');
    await first.close();
    const second = await openSqliteCatalog(path);
    assert.equal(await second.getSetting('a'), '1');
    await second.close();
    await remove();
  });

  it('is in WAL mode, so that a reader (a backup, an inspector) blocks nothing', async () => {
    const { path, remove } = await freshFolder();
    const catalog = await openSqliteCatalog(path);
    await catalog.close();
    const inspected = new DatabaseSync(path);
    assert.equal(inspected.prepare('pragma journal_mode').get()?.journal_mode, 'wal');
    inspected.close();
    await remove();
  });

  it('has every call that resolved after a kill -9', async () => {
    const { path, remove } = await freshFolder();
    const program = `
      import { openSqliteCatalog } from ${JSON.stringify(new URL('./sqlite-catalog.ts', import.meta.url).href)};
      const catalog = await openSqliteCatalog(${JSON.stringify(path)});
      for (let n = 1; ; n++) {
        await catalog.putCursor('drain', 'j', n);
        process.stdout.write(n + '\\n');
        if (n % 50 === 0) await new Promise((resolve) => setImmediate(resolve));
      }`;
    const file = `${path}.mjs`;
    await writeFile(file, program);
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.length > 2_000) child.kill('SIGKILL');
    });
    await new Promise((resolve) => child.once('close', resolve));
    const acknowledged = Number(output.slice(0, output.lastIndexOf('\n')).split('\n').at(-1));
    assert.ok(acknowledged > 100, `the child wrote ${acknowledged} cursors before it was killed`);
    const catalog = await openSqliteCatalog(path);
    const kept = await catalog.getCursor('drain', 'j');
    assert.ok(kept >= acknowledged, `kept ${kept} of ${acknowledged} acknowledged`);
    await catalog.close();
    await remove();
  });

  it('says which file it could not open', async () => {
    const { path, remove } = await freshFolder();
    await writeFile(path, 'this is not a database, whatever its name says'.repeat(100));
    await assert.rejects(openSqliteCatalog(path), (error: unknown) => {
      assert.ok(error instanceof DependencyError);
      assert.match(error.message, /^catalog open: .*catalog\.sqlite: file is not a database/);
      return true;
    });
    await remove();
  });

  it('refuses calls after it was closed, as the failure of a dependency', async () => {
    const { path, remove } = await freshFolder();
    const catalog = await openSqliteCatalog(path);
    await catalog.close();
    await assert.rejects(catalog.putSetting('a', '1'), DependencyError);
    await remove();
  });
});
