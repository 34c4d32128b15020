import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  CreateAccountCommand,
  CreateOrganizationCommand,
  DescribeOrganizationCommand,
  ListAccountsCommand,
  OrganizationsClient,
  RemoveAccountFromOrganizationCommand,
} from '@aws-sdk/client-organizations';
import { OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';
import { runCli } from '../import/run-cli.ts';

let folder: string;
let server: OpenTrailServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'opentrail-organization-'));
  server = await OpenTrailServer.start({ dataDir: join(folder, 'data') });
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

function organizations(): OrganizationsClient {
  return new OrganizationsClient({
    endpoint: server.endpoint,
    region: 'eu-west-1',
    credentials: {
      accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
      secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
    },
  });
}

/** The names of the imported events that a search finds. */
async function lookup(...args: string[]): Promise<string[]> {
  const all = ['lookup', '--origin', 'import', '--all-regions', '--output', 'ndjson', ...args];
  const { code, stdout, stderr } = await runCli(server.endpoint, all);
  assert.equal(code, 0, stderr);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { eventName: string }).eventName).sort();
}

/** Imports one event of an account. */
async function importEvent(eventName: string, recipientAccountId: string): Promise<void> {
  const event = {
    eventVersion: '1.11',
    eventID: crypto.randomUUID(),
    eventTime: '2024-05-06T07:08:09Z',
    eventSource: 'ec2.amazonaws.com',
    eventName,
    awsRegion: 'eu-west-1',
    recipientAccountId,
    eventType: 'AwsApiCall',
    eventCategory: 'Management',
    managementEvent: true,
    readOnly: false,
    userIdentity: { type: 'Root', accountId: recipientAccountId },
  };
  const path = join(folder, `${eventName}.json`);
  await writeFile(path, JSON.stringify({ Records: [event] }));
  const { code, stderr } = await runCli(server.endpoint, ['import', path]);
  assert.equal(code, 0, stderr);
}

describe('an organization', () => {
  test('survives a restart, and its history is searched as far as it reaches at that moment', async () => {
    const made = await organizations().send(new CreateOrganizationCommand({}));
    const created = await organizations().send(
      new CreateAccountCommand({ Email: 'dev@example.com', AccountName: 'dev' }),
    );
    const member = created.CreateAccountStatus?.AccountId ?? '';
    await importEvent('OfMember', member);
    await importEvent('OfStranger', '333333333333');
    await server.stop();
    server = await OpenTrailServer.start({ dataDir: join(folder, 'data') });
    const found = await organizations().send(new DescribeOrganizationCommand({}));
    assert.deepEqual(found.Organization, made.Organization);
    const { Accounts: accounts } = await organizations().send(new ListAccountsCommand({}));
    assert.equal(accounts?.length, 2);
    assert.deepEqual(await lookup(), []);
    assert.deepEqual(await lookup('--organization'), ['OfMember']);
    assert.deepEqual(await lookup('--account', member), ['OfMember']);
    assert.deepEqual(await lookup('--all-accounts'), ['OfMember', 'OfStranger']);
    await organizations().send(new RemoveAccountFromOrganizationCommand({ AccountId: member }));
    assert.deepEqual(await lookup('--organization'), []);
  });
});
