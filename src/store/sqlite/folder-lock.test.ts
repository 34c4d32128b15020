import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { lockFolder } from './folder-lock.ts';

describe('the lock of a folder', () => {
  it('is refused while another process holds it, and free after that one was killed', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'opentrail-lock-'));
    const path = join(folder, 'lock');
    const module = JSON.stringify(new URL('./folder-lock.ts', import.meta.url).href);
    const program = `import { lockFolder } from ${module};
      const lock = lockFolder(${JSON.stringify(path)});
      process.stdout.write(lock ? 'held' : 'refused');
      setInterval(() => lock, 1_000);`;
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', program],
      { stdio: ['ignore', 'pipe', 'inherit'] },
    );
    const [output] = await new Promise<Buffer[]>((resolve) =>
      child.stdout.once('data', (data: Buffer) => resolve([data])),
    );
    assert.equal(String(output), 'held');
    assert.equal(lockFolder(path), undefined);
    child.kill('SIGKILL');
    await new Promise((resolve) => child.once('close', resolve));
    const lock = lockFolder(path);
    assert.ok(lock);
    lock.release();
    await rm(folder, { recursive: true });
  });
});
