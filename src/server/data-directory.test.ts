import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { ConfigError } from './config.ts';
import { openDataDirectory, readServerFacts } from './data-directory.ts';

describe('data folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = join(mkdtempSync(join(tmpdir(), 'opentrail-data-')), 'data');
  });
  afterEach(() => rmSync(join(folder, '..'), { recursive: true }));

  const facts = { pid: process.pid, url: 'http://127.0.0.1:1', version: '1' };

  it('is made for its owner alone', () => {
    openDataDirectory(folder).release();
    assert.equal(statSync(folder).mode & 0o777, 0o700);
  });

  it('is made with the folders above it', () => {
    const deep = join(folder, 'a', 'b');
    openDataDirectory(deep).release();
    assert.equal(statSync(deep).mode & 0o777, 0o700);
  });

  const noProc = process.platform === 'linux' ? false : 'there is no /proc';
  it('is refused at once where the system lets nobody make a folder', { skip: noProc }, () => {
    assert.throws(() => openDataDirectory('/proc/opentrail/data'), ConfigError);
  });

  it('tells who uses it, as long as that process lives', () => {
    const directory = openDataDirectory(folder);
    directory.announce(facts);
    assert.deepEqual(readServerFacts(directory.paths), facts);
    directory.announce({ ...facts, pid: 2 ** 30 });
    assert.equal(readServerFacts(directory.paths), undefined);
    directory.release();
    assert.equal(readServerFacts(directory.paths), undefined);
  });

  it('keeps when the server before was last alive over a start that fails, and forgets it after a stop', async () => {
    const killed = openDataDirectory(folder);
    writeFileSync(killed.paths.server, JSON.stringify(facts));
    await killed.touch(1_000_000);
    killed.release();
    const failed = openDataDirectory(folder);
    assert.equal(failed.lastAliveMs, 1_000_000);
    failed.release();
    const next = openDataDirectory(folder);
    assert.equal(next.lastAliveMs, 1_000_000);
    next.announce(facts);
    next.release();
    const last = openDataDirectory(folder);
    assert.equal(last.lastAliveMs, undefined);
    last.release();
  });

  it('goes on without its mark when that is removed or cannot be written', async () => {
    const directory = openDataDirectory(folder);
    directory.announce(facts);
    rmSync(directory.paths.server);
    await directory.touch(5_000);
    assert.equal(statSync(directory.paths.server).mtimeMs, 5_000);
    const late = directory.touch(5_500);
    directory.release();
    await late;
    await directory.touch(5_900);
    assert.equal(existsSync(directory.paths.server), false);
    rmSync(folder, { recursive: true });
    await directory.touch(6_000);
  });

  it('is refused when it cannot be a folder', () => {
    writeFileSync(folder, '');
    assert.throws(() => openDataDirectory(folder), ConfigError);
  });
});
