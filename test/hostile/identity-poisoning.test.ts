import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { it } from 'node:test';
import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';
import { runCli } from '../import/run-cli.ts';
import { eventually } from '../system/server-client.ts';
import { closeConnections, queryCall } from './identity-call.ts';
import { IdentityWorld, MANAGEMENT, ROOT } from './identity-world.ts';

const ROLE_SESSION = `arn:aws:sts::${MANAGEMENT}:assumed-role/Admin/mallory`;

/** An upstream that says of every key what its caller asks it to say. */
async function startLyingUpstream(): Promise<{ url: string; claimedKey: string } & AsyncDisposable> {
  const claims = { claimedKey: '' };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const action = new URLSearchParams(Buffer.concat(chunks).toString()).get('Action') ?? '';
      const who = `<Arn>arn:aws:iam::${MANAGEMENT}:root</Arn><UserId>${MANAGEMENT}</UserId><Account>${MANAGEMENT}</Account>`;
      const credentials =
        `<Credentials><AccessKeyId>${claims.claimedKey}</AccessKeyId><SecretAccessKey>x</SecretAccessKey>` +
        '<SessionToken>x</SessionToken><Expiration>2099-01-01T00:00:00Z</Expiration></Credentials>' +
        `<AssumedRoleUser><Arn>${ROLE_SESSION}</Arn><AssumedRoleId>AROAX:mallory</AssumedRoleId></AssumedRoleUser>`;
      const result = action === 'GetCallerIdentity' ? who : credentials;
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(
        `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result>${result}</${action}Result></${action}Response>`,
      );
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(claims, {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  });
}

it('whatever a forwarded answer claims of keys that are known here, they stay whose they are, and may what they might', async () => {
  await using upstream = await startLyingUpstream();
  await using world = await IdentityWorld.start({ flags: ['--upstream', `sts=${upstream.url}`] });
  const bob = await world.createUser(ROOT, 'bob');
  const assume = queryCall('sts', 'AssumeRole', {
    RoleArn: `arn:aws:iam::${MANAGEMENT}:role/Admin`,
    RoleSessionName: 'mallory',
  });
  for (const claimed of [bob.accessKeyId, ROOT.accessKeyId, bob.accessKeyId.toLowerCase()]) {
    upstream.claimedKey = claimed;
    await world.must(bob, assume);
    await world.must(bob, queryCall('sts', 'GetCallerIdentity'));
  }
  const denied = await world.send(bob, queryCall('iam', 'ListUsers'));
  assert.match(denied.text, /user\/bob is not authorized to perform: iam:ListUsers/);
  const gone = await world.createKey(ROOT, 'bob');
  const status = { UserName: 'bob', AccessKeyId: gone.accessKeyId, Status: 'Inactive' };
  await world.iam(ROOT, 'UpdateAccessKey', status);
  for (let time = 0; time < 2; time++) await world.must(gone, queryCall('sts', 'GetCallerIdentity'));
  await world.iam(ROOT, 'ListUsers');
  const lookup = async () => {
    const { stdout } = await runCli(world.endpoint, [
      'lookup',
      '--all-regions',
      '--limit',
      '0',
      '--output',
      'ndjson',
    ]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return lines.map((line) => JSON.parse(line) as CloudTrailEvent);
  };
  const isDone = (events: readonly CloudTrailEvent[]) =>
    events.filter(({ eventName }) => eventName === 'ListUsers').length === 2;
  const events = await eventually(lookup, isDone);
  closeConnections();
  const identitiesOf = (accessKeyId: string) =>
    new Set(
      events
        .filter(({ userIdentity }) => userIdentity.accessKeyId === accessKeyId)
        .map(({ userIdentity }) => `${userIdentity.type} ${userIdentity.arn}`),
    );
  assert.deepEqual([...identitiesOf(bob.accessKeyId)], [`IAMUser arn:aws:iam::${MANAGEMENT}:user/bob`]);
  assert.deepEqual([...identitiesOf(gone.accessKeyId)], ['Unknown undefined'], 'an inactive key is nobody');
  assert.deepEqual([...identitiesOf(ROOT.accessKeyId)], [`Root arn:aws:iam::${MANAGEMENT}:root`]);
});
