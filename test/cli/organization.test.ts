import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  CreateAccountCommand,
  CreateOrganizationCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { FrontDoorServer, rootKey } from '../../src/aws/front/front-door-server.contract.ts';
import { entryOf } from '../../src/store/segment-writer.contract.ts';
import { runCli } from '../import/run-cli.ts';

let server: FrontDoorServer;
let member: string;

beforeEach(async () => {
  server = await FrontDoorServer.start();
  const organizations = new OrganizationsClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: rootKey,
  });
  await organizations.send(new CreateOrganizationCommand({}));
  const created = await organizations.send(
    new CreateAccountCommand({ Email: 'dev@example.com', AccountName: 'dev' }),
  );
  member = created.CreateAccountStatus?.AccountId ?? '';
  await server.put([
    entryOf({ eventName: 'Own' }),
    entryOf({ eventName: 'OfMember', recipientAccountId: member }),
    entryOf({ eventName: 'OfStranger', recipientAccountId: '333333333333' }),
  ]);
});
afterEach(() => server.stop());

async function lookup(...args: string[]): Promise<string[] | string> {
  const { code, stdout, stderr } = await runCli(server.url, ['lookup', '--output', 'ndjson', ...args], {
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: rootKey.accessKeyId,
    AWS_SECRET_ACCESS_KEY: rootKey.secretAccessKey,
  });
  if (code !== 0) return stderr;
  const lines = stdout.split('\n').filter((line) => line !== '');
  return lines.map((line) => (JSON.parse(line) as { eventName: string }).eventName).sort();
}

describe('lookup in an organization', () => {
  test('finds the events of all members, of some, or of the own account', async () => {
    assert.deepEqual(await lookup(), ['Own']);
    assert.deepEqual(await lookup('--organization'), ['OfMember', 'Own']);
    assert.deepEqual(await lookup('--account', member), ['OfMember']);
    assert.match(String(await lookup('--account', '333333333333')), /333333333333 is not an account that/);
    assert.match(String(await lookup('--account', '1')), /12 digits/);
    const refused = /cannot be used with option '--(account|all-accounts)/;
    assert.match(String(await lookup('--organization', '--account', member)), refused);
    assert.match(String(await lookup('--organization', '--all-accounts')), refused);
  });
});
