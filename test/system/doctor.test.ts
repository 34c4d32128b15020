import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../harness/aws-cli.ts';
import { clientEnvironment, OpenTrailServer } from '../harness/opentrail-server.ts';
import { startQueueUpstream } from '../harness/queue-upstream.ts';
import { temporaryFolder } from './server-client.ts';

const LAUNCHER = fileURLToPath(new URL('../../opentrail', import.meta.url));

describe('doctor', () => {
  it('finds nothing to be done beside a running server with its upstream', async () => {
    await using upstream = await startQueueUpstream();
    await using server = await OpenTrailServer.start({ flags: ['--upstream', upstream.url] });
    const env = clientEnvironment(server.endpoint);
    const result = await run(LAUNCHER, ['doctor', '--data-dir', server.dataDir, '--upstream', upstream.url], {
      env,
    });
    assert.equal(result.status, 0, result.stdout + result.stderr);
    for (const subject of [
      'node',
      'library chdb',
      'data folder',
      'journal',
      'server',
      'your credentials',
      'upstream',
    ]) {
      assert.match(result.stdout, new RegExp(`^ok +${subject}: `, 'm'), result.stdout);
    }
  });

  it('says what to do about credentials that the server does not believe', async () => {
    await using server = await OpenTrailServer.start();
    const env = { ...clientEnvironment(server.endpoint), AWS_SECRET_ACCESS_KEY: 'wrong' };
    const result = await run(LAUNCHER, ['doctor', '--data-dir', server.dataDir], { env });
    assert.match(result.stdout, /^WARNING +your credentials: .*\n +export AWS_ACCESS_KEY_ID/m);
  });

  it('ends with 1 and the remedy for a folder, an upstream and an option that cannot be used', async () => {
    await using folder = await temporaryFolder();
    const env = clientEnvironment('http://127.0.0.1:9');
    const dataDir = join(folder.path, 'new');
    const unreachable = ['doctor', '--data-dir', dataDir, '--upstream', 'http://127.0.0.1:9', '--port', '0'];
    const upstream = await run(LAUNCHER, unreachable, { env });
    assert.equal(upstream.status, 1);
    assert.match(upstream.stdout, /^note +data folder: \S+ will be made at the first start$/m);
    assert.match(upstream.stdout, /^PROBLEM +upstream: 127\.0\.0\.1:9 cannot be reached: .*\n +start it/m);
    const option = await run(LAUNCHER, ['doctor', '--port', 'many'], { env });
    assert.equal(option.status, 1);
    assert.match(option.stdout, /^PROBLEM +configuration: --port: "many" is not a whole number/m);
  });
});
