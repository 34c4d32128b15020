import assert from 'node:assert/strict';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { CreateQueueCommand } from '@aws-sdk/client-sqs';
import { OpenTrailServer } from '../harness/opentrail-server.ts';
import { startQueueUpstream } from '../harness/queue-upstream.ts';
import { cloudTrail, eventsNamed, eventually, REGION, ROOT, sqs, temporaryFolder } from './server-client.ts';

describe('a server that was started by its launcher', () => {
  it('makes root credentials at the first start, prints them once as lines to paste, and believes them', async () => {
    await using folder = await temporaryFolder();
    const env = { OPENTRAIL_ROOT_ACCESS_KEY_ID: '', OPENTRAIL_ROOT_SECRET_ACCESS_KEY: '' };
    const first = await OpenTrailServer.start({ dataDir: folder.path, env });
    const exported = Object.fromEntries(
      [...first.output.text.matchAll(/^ {2}export (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]),
    );
    assert.equal(exported.AWS_ENDPOINT_URL, first.endpoint);
    assert.equal(exported.AWS_REGION, REGION);
    assert.match(first.output.text, /^opentrail ready on http:\/\/127\.0\.0\.1:\d+$/m);
    assert.match(first.output.text, /aws cloudtrail lookup-events/);
    const credentials = {
      accessKeyId: exported.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: exported.AWS_SECRET_ACCESS_KEY ?? '',
    };
    await cloudTrail(first.endpoint, credentials).send(new LookupEventsCommand({}));
    await first.stop();
    const { mode } = await stat(join(folder.path, 'root-credentials.json'));
    assert.equal(mode & 0o777, 0o600);
    const second = await OpenTrailServer.start({ dataDir: folder.path, env });
    assert.doesNotMatch(second.output.text, /AWS_SECRET_ACCESS_KEY=/);
    assert.ok(!second.output.text.includes(credentials.secretAccessKey));
    await cloudTrail(second.endpoint, credentials).send(new LookupEventsCommand({}));
    await second.stop();
  });

  it('is ready within three seconds in an empty folder', async () => {
    const startedMs = performance.now();
    await using server = await OpenTrailServer.start();
    const tookMs = performance.now() - startedMs;
    assert.equal((await fetch(`${server.endpoint}/readyz`)).status, 200);
    assert.ok(tookMs < 3_000, `ready after ${tookMs} ms`);
  });

  it('records a call that it forwards, and finds it within a second', async () => {
    await using upstream = await startQueueUpstream();
    await using server = await OpenTrailServer.start({ flags: ['--upstream', upstream.url] });
    await sqs(server.endpoint).send(new CreateQueueCommand({ QueueName: 'within-a-second' }));
    const calledAt = Date.now();
    const [event] = await eventually(
      () => eventsNamed(server.endpoint, 'CreateQueue'),
      (events) => events.length > 0,
    );
    const foundAfterMs = Date.now() - calledAt;
    assert.ok(foundAfterMs < 1_000, `found after ${foundAfterMs} ms`);
    assert.equal(event?.eventSource, 'sqs.amazonaws.com');
    assert.equal(event?.userIdentity.type, 'Root');
    assert.equal(event?.userIdentity.accessKeyId, ROOT.accessKeyId);
    assert.equal(event?.requestParameters?.queueName, 'within-a-second');
  });

  it('keeps everything over a clean restart, and records that it stopped and started', async () => {
    await using upstream = await startQueueUpstream();
    await using folder = await temporaryFolder();
    const options = { dataDir: folder.path, flags: ['--upstream', upstream.url] };
    const first = await OpenTrailServer.start(options);
    await sqs(first.endpoint).send(new CreateQueueCommand({ QueueName: 'kept' }));
    assert.equal(await first.stop(), 0);
    await using second = await OpenTrailServer.start(options);
    await eventually(
      () => eventsNamed(second.endpoint, 'CreateQueue'),
      (events) => events.length === 1,
    );
    await eventually(
      () => eventsNamed(second.endpoint, 'RecordingStarted'),
      (events) => events.length === 2,
    );
    const [stopped, ...others] = await eventsNamed(second.endpoint, 'RecordingStopped');
    assert.equal(others.length, 0);
    assert.equal(stopped?.serviceEventDetails?.reason, 'SIGTERM');
    assert.deepEqual(await eventsNamed(second.endpoint, 'RecordingInterrupted'), []);
  });

  it('finds at its start that the one before was killed, and has what was acknowledged', async () => {
    await using upstream = await startQueueUpstream();
    await using folder = await temporaryFolder();
    const options = {
      dataDir: folder.path,
      flags: ['--upstream', upstream.url, '--record', 'sqs=blocking'],
    };
    const first = await OpenTrailServer.start(options);
    await sqs(first.endpoint).send(new CreateQueueCommand({ QueueName: 'acknowledged' }));
    await first.stop('SIGKILL');
    await using second = await OpenTrailServer.start({ ...options, flags: ['--upstream', upstream.url] });
    const [crash] = await eventually(
      () => eventsNamed(second.endpoint, 'RecordingInterrupted'),
      (events) => events.length === 1,
    );
    assert.match(String(crash?.serviceEventDetails?.lastAliveTime), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    const [weakened] = await eventually(
      () => eventsNamed(second.endpoint, 'RecordingWeakened'),
      (events) => events.length === 1,
    );
    assert.deepEqual(weakened?.serviceEventDetails?.changes, [
      { option: 'record sqs', before: 'blocking', after: 'batch' },
    ]);
    const [event] = await eventsNamed(second.endpoint, 'CreateQueue');
    assert.equal(event?.requestParameters?.queueName, 'acknowledged');
  });

  it('records a blocking call whose outcome a crash took as one that was begun', async () => {
    const hanging = createServer(() => {}).listen(0, '127.0.0.1');
    await once(hanging, 'listening');
    const upstream = `http://127.0.0.1:${(hanging.address() as AddressInfo).port}`;
    await using folder = await temporaryFolder();
    const options = { dataDir: folder.path, flags: ['--upstream', upstream, '--record', '*=blocking'] };
    const first = await OpenTrailServer.start(options);
    const arrived = once(hanging, 'request');
    const call = assert.rejects(sqs(first.endpoint).send(new CreateQueueCommand({ QueueName: 'begun' })));
    await arrived;
    await first.stop('SIGKILL');
    await call;
    await using second = await OpenTrailServer.start(options);
    const [event] = await eventually(
      () => eventsNamed(second.endpoint, 'CreateQueue'),
      (events) => events.length === 1,
    );
    assert.equal(event?.eventSource, 'sqs.amazonaws.com');
    assert.ok(event?.errorCode, 'the record says that the outcome is not known');
    const [crash] = await eventsNamed(second.endpoint, 'RecordingInterrupted');
    assert.equal(crash?.serviceEventDetails?.callsWithoutOutcomeCount, 1);
    hanging.closeAllConnections();
    hanging.close();
  });
});
