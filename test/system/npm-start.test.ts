import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { clientEnvironment } from '../harness/opentrail-server.ts';
import { temporaryFolder } from './server-client.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

it('a server that npm started stops cleanly when npm is told to, and does not outlive it', async () => {
  await using folder = await temporaryFolder();
  const { AWS_ENDPOINT_URL: _, ...env } = clientEnvironment('');
  const args = ['start', '--', '--data-dir', folder.path, '--port', '0'];
  const npm = spawn('npm', args, { cwd: PROJECT, env, detached: true });
  const output = { text: '' };
  const ready = new Promise<void>((resolve) => {
    for (const stream of [npm.stdout, npm.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        output.text += chunk.toString();
        if (output.text.includes('opentrail ready on ')) resolve();
      });
    }
  });
  // Closes when the last process that writes into it is gone: the server too.
  const closed = once(npm, 'close', { signal: AbortSignal.timeout(40_000) });
  try {
    await Promise.race([ready, closed]);
    npm.kill('SIGTERM');
    await closed;
  } finally {
    endGroup(npm.pid);
  }
  assert.match(output.text, /"event":"server.stopped","reason":"SIGTERM"/);
});

/** Whatever is left of npm and of what it started. */
function endGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
