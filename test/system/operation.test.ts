import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { describe, it } from 'node:test';
import { type CloudTrailServiceException, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import type { ServerError } from '../../src/cli/client/cli-error.ts';
import { OpenTrailClient } from '../../src/cli/client/open-trail-client.ts';
import { OpenTrailServer } from '../harness/opentrail-server.ts';
import { startQueueUpstream } from '../harness/queue-upstream.ts';
import { cloudTrail, eventsNamed, eventually, REGION, ROOT, sqs, temporaryFolder } from './server-client.ts';

async function freePort(): Promise<number> {
  const probe = createTcpServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

/** All samples of `/metrics`, by name with labels. */
async function metricsOf(port: number): Promise<Map<string, number>> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  return new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );
}

/** The engine: the only child of the server. */
function engineOf(pid: number): number {
  const child = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find((name) => {
      try {
        const status = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false;
      }
    });
  assert.ok(child, 'the server has an engine');
  return Number(child);
}

const healthOf = async (endpoint: string) => {
  const response = await fetch(`${endpoint}/healthz`);
  const body = (await response.json()) as { status: string; alarms: { alarm: string; message: string }[] };
  return { httpStatus: response.status, ...body };
};

/** One signal in quick succession is the same one; sooner or later one counts as the second. */
async function signalUntilExit(server: OpenTrailServer): Promise<void> {
  while (server.process.exitCode === null && server.process.signalCode === null) {
    server.process.kill('SIGTERM');
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

describe('a server in operation', () => {
  it('stops within its bound when a call hangs, and at once at the second signal', async () => {
    const hanging = createServer(() => {}).listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    const upstream = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
    for (const [bound, isSecond, code] of [
      ['300ms', false, 0],
      ['1h', true, 143],
    ] as const) {
      const server = await OpenTrailServer.start({
        flags: ['--upstream', upstream, '--shutdown-timeout', bound],
      });
      const arrived = once(hanging, 'request');
      const call = sqs(server.endpoint).send(new CreateQueueCommand({ QueueName: 'hangs' }));
      const failed = assert.rejects(call);
      await arrived;
      const startedMs = performance.now();
      const exited = server.stop();
      if (isSecond) await signalUntilExit(server);
      assert.equal(await exited, code);
      const tookMs = performance.now() - startedMs;
      assert.ok(tookMs < 8_000, `stopped after ${tookMs} ms`);
      await failed;
    }
    hanging.closeAllConnections();
    hanging.close();
  });

  it('takes the signal that a terminal and npm both send for one, and stops cleanly', async () => {
    await using folder = await temporaryFolder();
    const server = await OpenTrailServer.start({ dataDir: folder.path });
    const exited = once(server.process, 'exit');
    server.process.kill('SIGINT');
    server.process.kill('SIGINT');
    assert.equal((await exited)[0], 0);
    assert.match(server.output.text, /"event":"server.stopped"/);
  });

  it('finishes a call that is under way when it is told to stop', async () => {
    let finish = () => {};
    const slow = createServer((request, response) => {
      request.resume();
      finish = () => {
        response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
        response.end('{"QueueUrl":"http://127.0.0.1/queue"}');
      };
    }).listen(0, '127.0.0.1');
    await once(slow, 'listening');
    const upstream = `http://127.0.0.1:${(slow.address() as AddressInfo).port}`;
    const server = await OpenTrailServer.start({ flags: ['--upstream', upstream] });
    const arrived = once(slow, 'request');
    const call = sqs(server.endpoint).send(new CreateQueueCommand({ QueueName: 'under-way' }));
    await arrived;
    const exited = server.stop();
    await eventually(
      async () => server.output.text,
      (text) => text.includes('server.stopping'),
    );
    finish();
    assert.equal((await call).QueueUrl, 'http://127.0.0.1/queue');
    assert.equal(await exited, 0);
    slow.closeAllConnections();
    slow.close();
  });

  it('stops cleanly and in time while its engine hangs, and stores the rest after the next start', async (context) => {
    if (process.platform !== 'linux') return context.skip('only where procfs tells the engine');
    await using upstream = await startQueueUpstream();
    await using folder = await temporaryFolder();
    const options = { dataDir: folder.path, flags: ['--upstream', upstream.url] };
    const first = await OpenTrailServer.start(options);
    process.kill(engineOf(first.process.pid ?? 0), 'SIGSTOP');
    await sqs(first.endpoint).send(new CreateQueueCommand({ QueueName: 'left-in-the-journal' }));
    const startedMs = performance.now();
    assert.equal(await first.stop(), 0);
    const tookMs = performance.now() - startedMs;
    assert.ok(tookMs < 15_000, `stopped after ${tookMs} ms`);
    await using second = await OpenTrailServer.start(options);
    const [event] = await eventually(
      () => eventsNamed(second.endpoint, 'CreateQueue'),
      (events) => events.length === 1,
    );
    assert.equal(event?.requestParameters?.queueName, 'left-in-the-journal');
    assert.deepEqual(await eventsNamed(second.endpoint, 'RecordingInterrupted'), []);
  });

  it('answers every look-up with 503 and Retry-After within seconds while its engine hangs', async (context) => {
    if (process.platform !== 'linux') return context.skip('only where procfs tells the engine');
    await using server = await OpenTrailServer.start();
    const engine = engineOf(server.process.pid ?? 0);
    process.kill(engine, 'SIGSTOP');
    try {
      const startedMs = performance.now();
      const own = new OpenTrailClient({
        endpointUrl: new URL(server.endpoint),
        region: REGION,
        credentials: async () => ROOT,
      });
      const refusals = await Promise.all([
        cloudTrail(server.endpoint)
          .send(new LookupEventsCommand())
          .then(
            () => undefined,
            (error: CloudTrailServiceException) => [
              error.$metadata.httpStatusCode,
              Number(error.$response?.headers['retry-after']),
            ],
          ),
        ...['SearchEvents', 'CountEvents'].map((operation) =>
          own.call(operation, {}).then(
            () => undefined,
            (error: ServerError) => [error.status, error.retryAfterSeconds],
          ),
        ),
      ]);
      const tookMs = performance.now() - startedMs;
      assert.deepEqual(refusals, [
        [503, 2],
        [503, 2],
        [503, 2],
      ]);
      assert.ok(tookMs < 3_500, `answered after ${tookMs} ms`);
      const status = await own.call('GetStatus', {});
      assert.equal((status.Engine as { IsUp: boolean }).IsUp, false);
      own.close();
    } finally {
      process.kill(engine, 'SIGCONT');
    }
    await eventually(
      () => eventsNamed(server.endpoint, 'LookupEvents').catch(() => []),
      (events) => events.length > 0,
    );
  });

  it('refuses with a reason when the journal is full, shows the alarm, and recovers by itself with the gap recorded', async (context) => {
    if (process.platform !== 'linux') return context.skip('only where procfs tells the engine');
    await using upstream = await startQueueUpstream();
    const metricsPort = await freePort();
    await using server = await OpenTrailServer.start({
      metricsPort,
      flags: ['--upstream', upstream.url, '--record', 'sqs=blocking', '--journal-max-bytes', '1MB'],
    });
    const engine = engineOf(server.process.pid ?? 0);
    process.kill(engine, 'SIGSTOP');
    const client = sqs(server.endpoint);
    let acknowledged = 0;
    const create = (name: string) => client.send(new CreateQueueCommand({ QueueName: name }));
    const refusal = await (async () => {
      for (let n = 0; n < 5_000; n++) {
        try {
          await create(`q-${n}`);
          acknowledged++;
        } catch (error) {
          return error as { $metadata: { httpStatusCode: number } };
        }
      }
      return undefined;
    })();
    assert.equal(refusal?.$metadata.httpStatusCode, 503, `refused after ${acknowledged} calls`);
    const health = await healthOf(server.endpoint);
    assert.equal(health.status, 'failing', 'at once, not at the next check');
    assert.equal(health.httpStatus, 503);
    await eventually(
      async () => server.output.text,
      (text) => text.includes('"event":"health.alarm"'),
    );
    const counted = await metricsOf(metricsPort);
    const refused = [...counted].filter(([name]) =>
      name.startsWith('opentrail_recorder_events_refused_total'),
    );
    assert.ok(
      refused.some(([, value]) => value > 0),
      JSON.stringify(refused),
    );
    process.kill(engine, 'SIGCONT');
    await eventually(
      () =>
        create('after').then(
          () => true,
          () => false,
        ),
      (isRecorded) => isRecorded,
      60_000,
    );
    const [gap] = await eventually(
      () => eventsNamed(server.endpoint, 'RecordingGap').catch(() => []),
      (events) => events.length > 0,
      60_000,
    );
    assert.ok(Number(gap?.serviceEventDetails?.refusedCount) >= 1);
    const reasons = Object.keys(gap?.serviceEventDetails?.reasons ?? {});
    assert.deepEqual(reasons, ['journalFull']);
    await eventually(
      () => healthOf(server.endpoint),
      ({ alarms }) => !alarms.some(({ alarm }) => ['journalRefusing', 'eventsRefused'].includes(alarm)),
      30_000,
    );
  });

  it('accounts for every event: accepted = stored + set aside', async () => {
    await using upstream = await startQueueUpstream();
    const metricsPort = await freePort();
    await using server = await OpenTrailServer.start({ metricsPort, flags: ['--upstream', upstream.url] });
    const client = sqs(server.endpoint);
    await Promise.all(
      Array.from({ length: 50 }, (_, n) => client.send(new CreateQueueCommand({ QueueName: `q-${n}` }))),
    );
    const settled = (samples: Map<string, number>) =>
      [...samples]
        .filter(([name]) => name.startsWith('opentrail_drain_events_settled_total'))
        .reduce((sum, [, value]) => sum + value, 0);
    const samples = await eventually(
      () => metricsOf(metricsPort),
      (found) =>
        settled(found) >= 51 && settled(found) === found.get('opentrail_journal_events_appended_total'),
    );
    assert.equal(samples.get('opentrail_recorder_events_recorded_total'), settled(samples));
    const health = await healthOf(server.endpoint);
    assert.deepEqual([health.httpStatus, health.status], [200, 'ok'], JSON.stringify(health.alarms));
  });

  it('records forged calls one by one up to a rate, and those beyond as a counted summary', async () => {
    await using folder = await temporaryFolder();
    const options = { dataDir: folder.path, flags: ['--unverified-per-minute', '5'] };
    const server = await OpenTrailServer.start(options);
    const calls = Array.from({ length: 40 }, () =>
      fetch(server.endpoint, {
        method: 'POST',
        headers: {
          'x-amz-target': 'CloudTrail_20131101.LookupEvents',
          'content-type': 'application/x-amz-json-1.1',
        },
        body: '{}',
      }),
    );
    for (const response of await Promise.all(calls))
      assert.ok(response.status >= 400 && response.status < 500);
    const denied = await eventually(
      async () =>
        (await eventsNamed(server.endpoint, 'LookupEvents')).filter((event) => event.errorCode !== undefined),
      (events) => events.length >= 5,
    );
    assert.ok(denied.length <= 6, `${denied.length} were recorded one by one`);
    await server.stop();
    await using next = await OpenTrailServer.start(options);
    const [summary] = await eventually(
      () => eventsNamed(next.endpoint, 'UnverifiedCallsSummarized'),
      (events) => events.length > 0,
    );
    assert.equal(summary?.serviceEventDetails?.sourceIPAddress, '127.0.0.1');
    assert.equal(Number(summary?.serviceEventDetails?.callsCount) + denied.length, 40, 'none is left out');
  });
});
