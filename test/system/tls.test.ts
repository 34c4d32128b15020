import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { run } from '../harness/aws-cli.ts';
import { OpenTrailServer } from '../harness/opentrail-server.ts';
import { runCli } from '../import/run-cli.ts';
import { temporaryFolder } from './server-client.ts';

const LAUNCHER = fileURLToPath(new URL('../../opentrail', import.meta.url));

it('a server with a certificate speaks TLS alone; one with a broken certificate says so and does not start', async (context) => {
  await using folder = await temporaryFolder();
  const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1', '-days', '2'];
  const made = await run('openssl', [
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-keyout',
    key,
    '-out',
    cert,
    ...subject,
  ]).catch(() => ({ status: 1 }));
  if (made.status !== 0) return context.skip('needs openssl');
  await using server = await OpenTrailServer.start({ flags: ['--tls-cert', cert, '--tls-key', key] });
  assert.match(server.endpoint, /^https:\/\/127\.0\.0\.1:\d+$/);
  const request = get(`${server.endpoint}/readyz`, { ca: await readFile(cert) });
  const [response] = await once(request, 'response');
  assert.equal(response.statusCode, 200);
  response.resume();
  const status = (env: Readonly<Record<string, string>>) => runCli(server.endpoint, ['status'], env);
  const untrusted = await status({});
  assert.deepEqual([untrusted.code, /export AWS_CA_BUNDLE/.test(untrusted.stderr)], [1, true]);
  const trusted = await status({ AWS_CA_BUNDLE: cert });
  assert.equal(trusted.code, 0, trusted.stderr);
  assert.equal((await status({ NODE_EXTRA_CA_CERTS: cert })).code, 0);
  const absent = await status({ AWS_CA_BUNDLE: join(folder.path, 'none.pem') });
  assert.deepEqual([absent.code, /AWS_CA_BUNDLE names cannot be read/.test(absent.stderr)], [2, true]);
  await writeFile(cert, 'no certificate');
  const data = join(folder.path, 'data');
  const broken = await run(LAUNCHER, [
    'serve',
    '--data-dir',
    data,
    '--port',
    '0',
    '--tls-cert',
    cert,
    '--tls-key',
    key,
  ]);
  assert.equal(broken.status, 1);
  assert.match(broken.stderr, /^opentrail: --tls-cert, --tls-key or --tls-client-ca cannot be used: /m);
  assert.doesNotMatch(broken.stderr, /server\.startFailed|\n {4}at /);
});

it('a server with --tls-client-ca serves only clients that present a certificate of that issuer', async (context) => {
  await using folder = await temporaryFolder();
  const [key, cert] = [join(folder.path, 'key.pem'), join(folder.path, 'cert.pem')];
  const made = await run('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', cert, '-days', '2'],
    ...['-subj', '/CN=localhost', '-addext', 'subjectAltName=IP:127.0.0.1'],
  ]).catch(() => ({ status: 1 }));
  if (made.status !== 0) return context.skip('needs openssl');
  await using server = await OpenTrailServer.start({
    flags: ['--tls-cert', cert, '--tls-key', key, '--tls-client-ca', cert],
  });
  const [pemKey, pemCert] = [await readFile(key), await readFile(cert)];
  const known = get(`${server.endpoint}/readyz`, { ca: pemCert, cert: pemCert, key: pemKey });
  const [response] = await once(known, 'response');
  assert.equal(response.statusCode, 200);
  response.resume();
  await assert.rejects(
    once(get(`${server.endpoint}/readyz`, { ca: pemCert }), 'response'),
    /certificate required|ECONNRESET|alert/i,
  );
  const status = (...args: string[]) => runCli(server.endpoint, ['status', ...args], { AWS_CA_BUNDLE: cert });
  const without = await status();
  assert.equal(without.code, 1);
  assert.match(without.stderr, /asks for a certificate of the client: give one with --client-cert/);
  const presented = await status('--client-cert', cert, '--client-key', key);
  assert.equal(presented.code, 0, presented.stderr);
  for (const env of [{}, { NODE_EXTRA_CA_CERTS: cert }]) {
    const { stdout } = await runCli(server.endpoint, ['doctor', '--data-dir', server.dataDir], env);
    assert.match(
      stdout,
      /^note +server: one listens on https:\S+, but doctor cannot ask it .*\n +export NODE_/m,
    );
    assert.doesNotMatch(stdout, /PROBLEM/);
  }
  const half = await status('--client-cert', cert);
  assert.deepEqual([half.code, /--client-key both, or none/.test(half.stderr)], [2, true]);
  const swapped = await status('--client-cert', key, '--client-key', cert);
  assert.deepEqual([swapped.code, /--client-key cannot be used: /.test(swapped.stderr)], [2, true]);
});
