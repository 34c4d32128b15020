import assert from 'node:assert/strict';
import { once } from 'node:events';
import { it } from 'node:test';
import { type Credential, closeConnections } from '../hostile/identity-call.ts';
import { allow, IdentityWorld, ROOT } from '../hostile/identity-world.ts';
import { startCli } from '../import/run-cli.ts';
import { eventually } from './server-client.ts';

function startTail(
  world: IdentityWorld,
  { accessKeyId, secretAccessKey }: Credential,
  flags: readonly string[],
) {
  const env = {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    AWS_REGION: 'us-east-1',
  };
  const child = startCli(world.endpoint, ['tail', '--output', 'ndjson', ...flags], env);
  const output = { text: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    output.text += chunk.toString();
  });
  return { child, output };
}

it('a tail ends when its key, its permission, or that of all accounts is taken back, before another event is seen', async () => {
  await using world = await IdentityWorld.start();
  const tail = allow(['opentrail:TailEvents', 'opentrail:LookupAllAccounts']);
  const takeBack: readonly ((UserName: string, key: Credential) => Promise<string>)[] = [
    (UserName, { accessKeyId: AccessKeyId }) =>
      world.iam(ROOT, 'UpdateAccessKey', { UserName, AccessKeyId, Status: 'Inactive' }),
    (UserName) => world.iam(ROOT, 'DeleteUserPolicy', { UserName, PolicyName: 'tail' }),
    (UserName) =>
      world.iam(ROOT, 'PutUserPolicy', {
        UserName,
        PolicyName: 'tail',
        PolicyDocument: allow('opentrail:TailEvents'),
      }),
  ];
  // Another call each time: that of one round may be stored only when the tail of the next has begun.
  const unseen = ['GetAccountSummary', 'ListAccountAliases', 'ListRoles'];
  for (const [index, take] of takeBack.entries()) {
    const last = unseen[index] ?? '';
    const userName = `watcher${index}`;
    const key = await world.createUser(ROOT, userName, { tail });
    const { child, output } = startTail(world, key, ['--all-accounts', '--all-regions']);
    try {
      const called = async () => {
        await world.iam(ROOT, 'ListGroups');
        return output.text;
      };
      await eventually(called, (text) => text.includes('ListGroups'));
      await take(userName, key);
      const exited = once(child, 'exit');
      await world.iam(ROOT, last);
      await exited;
      assert.ok(!output.text.includes(`"${last}"`), `${last} was seen`);
    } finally {
      child.kill();
    }
  }
  closeConnections();
});
