import assert from 'node:assert/strict';
import { it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { run } from '../harness/aws-cli.ts';
import { OpenTrailServer } from '../harness/opentrail-server.ts';
import { runCli } from '../import/run-cli.ts';
import { temporaryFolder } from './server-client.ts';

const LAUNCHER = fileURLToPath(new URL('../../opentrail', import.meta.url));

it('with --auth off any key is the root, nothing vouches for it, and the weakening is recorded', async () => {
  await using folder = await temporaryFolder();
  await (await OpenTrailServer.start({ dataDir: folder.path })).stop();
  await using server = await OpenTrailServer.start({ dataDir: folder.path, flags: ['--auth', 'off'] });
  const client = new CloudTrailClient({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'anything', secretAccessKey: 'wrong' },
  });
  try {
    const weakened = { AttributeKey: 'EventName', AttributeValue: 'RecordingWeakened' } as const;
    const lookup = () => client.send(new LookupEventsCommand({ LookupAttributes: [weakened] }));
    const deadlineMs = Date.now() + 10_000;
    let found = await lookup();
    while (found.Events?.length === 0 && Date.now() < deadlineMs) found = await lookup();
    assert.match(found.Events?.[0]?.CloudTrailEvent ?? '', /"auth".*"off"/);
    const started = { AttributeKey: 'EventName', AttributeValue: 'RecordingStarted' } as const;
    const { Events = [] } = await client.send(new LookupEventsCommand({ LookupAttributes: [started] }));
    const shown = Events.map(
      ({ CloudTrailEvent = '' }) => JSON.parse(CloudTrailEvent).serviceEventDetails.auth,
    );
    assert.deepEqual(shown, ['off', undefined], 'each start tells it, also the first of an installation');
  } finally {
    client.destroy();
  }
  assert.match(server.output.text, /AUTHENTICATION IS OFF/);
  const keys = { AWS_ACCESS_KEY_ID: 'any', AWS_SECRET_ACCESS_KEY: 'any' };
  assert.match((await runCli(server.endpoint, ['status'], keys)).stdout, /^AUTH IS OFF +every key/m);
});

it('--auth off is refused on an address that others can reach', async () => {
  const refused = await run(LAUNCHER, ['serve', '--auth', 'off', '--host', '0.0.0.0', '--port', '0']);
  assert.equal(refused.status, 2);
  assert.match(refused.stderr, /--auth off is for the loopback address alone/);
});
