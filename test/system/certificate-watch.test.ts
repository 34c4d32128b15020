import assert from 'node:assert/strict';
import { once } from 'node:events';
import { copyFile, readFile, writeFile } from 'node:fs/promises';
import { get } from 'node:https';
import { join } from 'node:path';
import { it } from 'node:test';
import { silentLog } from '../../src/base/log.ts';
import { noMetrics } from '../../src/base/metrics.ts';
import { CertificateWatch } from '../../src/server/certificate-watch.ts';
import { defaultListenLimits } from '../../src/server/listen/listen-limits.ts';
import { listen } from '../../src/server/listen.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { run } from '../harness/aws-cli.ts';
import { temporaryFolder } from './server-client.ts';

it('a renewed certificate is served to new connections; files that do not belong together leave the old one in use', async (context) => {
  await using folder = await temporaryFolder();
  const path = (name: string) => join(folder.path, name);
  for (const name of ['old', 'new']) {
    const made = await run('openssl', [
      ...[
        'req',
        '-x509',
        '-newkey',
        'rsa:2048',
        '-nodes',
        '-keyout',
        path(`${name}.key`),
        '-out',
        path(`${name}.crt`),
      ],
      ...['-days', '2', '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1'],
    ]).catch(() => ({ status: 1 }));
    if (made.status !== 0) return context.skip('needs openssl');
  }
  const use = async (cert: string, key: string) => {
    await copyFile(path(`${cert}.crt`), path('tls.crt'));
    await copyFile(path(`${key}.key`), path('tls.key'));
  };
  await use('old', 'old');
  const inUse = { cert: await readFile(path('tls.crt')), key: await readFile(path('tls.key')) };
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    tls: inUse,
    handler: async (_request, response) => {
      response.end('ok');
    },
    onRefused: () => {},
    limits: defaultListenLimits,
    log: silentLog,
    metrics: noMetrics,
    clock: systemClock,
  });
  const warnings: string[] = [];
  const watch = new CertificateWatch({
    paths: { tlsCert: path('tls.crt'), tlsKey: path('tls.key'), tlsClientCa: undefined },
    inUse,
    renew: (certificates) => listener.renewTls(certificates),
    clock: systemClock,
    log: { ...silentLog, warn: (event) => warnings.push(event) },
  });
  const served = async (): Promise<string> => {
    const request = get({ host: '127.0.0.1', port: listener.port, agent: false, rejectUnauthorized: false });
    const [response] = await once(request, 'response');
    response.resume();
    const { CN } = response.socket.getPeerCertificate().subject;
    await once(response, 'end');
    return String(CN);
  };
  try {
    assert.equal(await served(), 'old');
    await use('new', 'old');
    await watch.check();
    await watch.check();
    assert.deepEqual([await served(), warnings], ['old', ['tls.notRenewed']]);
    await use('new', 'new');
    await watch.check();
    assert.equal(await served(), 'new');
    await writeFile(path('tls.crt'), 'no certificate');
    await watch.check();
    assert.equal(await served(), 'new');
  } finally {
    await listener.close(0);
  }
});
