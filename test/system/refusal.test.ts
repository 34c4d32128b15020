import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../harness/aws-cli.ts';
import { OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';
import { temporaryFolder } from './server-client.ts';

const LAUNCHER = fileURLToPath(new URL('../../opentrail', import.meta.url));

function serve(args: readonly string[], env: Record<string, string> = {}) {
  const own = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(AWS|OPENTRAIL)_/.test(name)),
  );
  return run(LAUNCHER, ['serve', ...args], {
    env: { ...(own as Record<string, string>), ...TEST_ROOT, ...env },
  });
}

describe('a server that cannot start says why and what to do', () => {
  it('for unknown options, with the nearest right name, and for every unusable value at once', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'opentrail.json');
    await writeFile(file, JSON.stringify({ 'journal-max-byte': '1GB' }));
    const unknownFlag = await serve(['--upstrem', 'http://127.0.0.1:1']);
    assert.equal(unknownFlag.status, 2);
    assert.match(unknownFlag.stderr, /unknown option '--upstrem'\n\(Did you mean --upstream\?\)/);
    const others = await serve(['--config', file, '--upstream', 'dynamodbb=http://127.0.0.1:1'], {
      OPENTRAIL_PROT: '1',
    });
    assert.equal(others.status, 2);
    assert.match(others.stderr, /unknown key "journal-max-byte"; did you mean "journal-max-bytes"\?/);
    assert.match(others.stderr, /"dynamodbb" is not a service .*; did you mean dynamodb\?/);
    assert.match(others.stderr, /unknown variable OPENTRAIL_PROT; did you mean OPENTRAIL_PORT\?/);
  });

  it('when the port is taken', async () => {
    await using folder = await temporaryFolder();
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const result = await serve(['--data-dir', folder.path, '--port', String(port)]);
    other.close();
    assert.equal(result.status, 1);
    assert.match(
      result.stderr,
      new RegExp(`^opentrail: 127\\.0\\.0\\.1:${port} is taken by another program: .*--port`, 'm'),
    );
  });

  it('when the data folder cannot be written', async () => {
    await using folder = await temporaryFolder();
    await writeFile(join(folder.path, 'file'), '');
    const result = await serve(['--data-dir', join(folder.path, 'file', 'data'), '--port', '0']);
    assert.equal(result.status, 1);
    assert.match(result.stderr, /^opentrail: the data folder \S+ cannot be written .*--data-dir/m);
  });

  it('when another server uses the data folder, and does that one no harm', async () => {
    await using folder = await temporaryFolder();
    await using first = await OpenTrailServer.start({ dataDir: folder.path });
    const second = await serve(['--data-dir', folder.path, '--port', '0']);
    assert.equal(second.status, 1);
    assert.match(
      second.stderr,
      new RegExp(`another opentrail \\(process ${first.process.pid}, ${first.endpoint}\\)`),
    );
    const ready = await fetch(`${first.endpoint}/readyz`);
    assert.equal(ready.status, 200);
  });

  it('when its own clients, or its upstream, would call itself', async () => {
    await using folder = await temporaryFolder();
    const args = ['--data-dir', folder.path, '--port', '46109'];
    const exported = await serve(args, { AWS_ENDPOINT_URL: 'http://localhost:46109' });
    assert.equal(exported.status, 1);
    assert.match(exported.stderr, /AWS_ENDPOINT_URL is http:\/\/localhost:46109, .*env -u AWS_ENDPOINT_URL/);
    const upstream = await serve([...args, '--upstream', 's3=http://127.0.0.1:46109']);
    assert.equal(upstream.status, 1);
    assert.match(upstream.stderr, /--upstream s3 is http:\/\/127\.0\.0\.1:46109/);
  });

  it('for a command that does not exist', async () => {
    const result = await run(LAUNCHER, ['lokup']);
    assert.equal(result.status, 2);
    assert.match(result.stderr, /unknown command "lokup"; did you mean lookup\?/);
  });
});
