import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  DeregisterOrganizationDelegatedAdminCommand,
  RegisterOrganizationDelegatedAdminCommand,
} from '@aws-sdk/client-cloudtrail';
import {
  AcceptHandshakeCommand,
  CreateAccountCommand,
  CreateOrganizationCommand,
  EnableAWSServiceAccessCommand,
  InviteAccountToOrganizationCommand,
  LeaveOrganizationCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { entryOf } from '../../store/segment-writer.contract.ts';
import {
  account,
  aliceKey,
  FrontDoorServer,
  otherKey,
  rootKey,
} from '../front/front-door-server.contract.ts';

/** The account of `otherKey`. */
const member = '222222222222';
let server: FrontDoorServer;

beforeEach(async () => {
  server = await FrontDoorServer.start();
  await server.put([
    entryOf({ eventName: 'Own' }),
    entryOf({ eventName: 'OfMember', recipientAccountId: member }),
    entryOf({ eventName: 'OfStranger', recipientAccountId: '333333333333' }),
  ]);
  // Accounts that nobody has written of cannot be invited.
  const body = JSON.stringify({
    accountId: member,
    name: 'member',
    email: 'm@example.com',
    status: 'ACTIVE',
    createdAtMs: 0,
  });
  const reference = { kind: 'account', accountId: member, name: member } as const;
  await server.identities.commit([{ ...reference, body, expectedRevision: 0 }]);
});
afterEach(() => server.stop());

function organizations(key = rootKey): OrganizationsClient {
  return new OrganizationsClient({
    endpoint: server.url,
    region: 'us-east-1',
    credentials: key,
    maxAttempts: 1,
  });
}

async function join(): Promise<void> {
  const invited = await organizations().send(
    new InviteAccountToOrganizationCommand({ Target: { Type: 'ACCOUNT', Id: member } }),
  );
  await organizations(otherKey).send(new AcceptHandshakeCommand({ HandshakeId: invited.Handshake?.Id }));
}

function leave() {
  return organizations(otherKey).send(new LeaveOrganizationCommand({}));
}

async function names(input: object, key = rootKey): Promise<string[] | string | undefined> {
  const answer = await server.post('/opentrail/v1/SearchEvents', JSON.stringify(input), { key });
  const found = (await answer.json()) as { Events?: { EventName: string }[]; __type?: string };
  return found.Events?.map((event) => event.EventName).sort() ?? found.__type;
}

const all = { Accounts: ['*'] };

describe('Accounts', () => {
  test('spans the members for the management account, and nothing else for a member', async () => {
    await organizations().send(new CreateOrganizationCommand({}));
    assert.deepEqual(await names(all), ['Own']);
    await join();
    assert.deepEqual(await names(all), ['OfMember', 'Own']);
    assert.deepEqual(await names({}), ['Own']);
    assert.deepEqual(await names({ Accounts: [member] }), ['OfMember']);
    assert.deepEqual(await names(all, otherKey), ['OfMember']);
    assert.deepEqual(await names({ Accounts: [member] }, otherKey), ['OfMember']);
    for (const accountId of [account, '333333333333']) {
      assert.equal(await names({ Accounts: [accountId] }, otherKey), 'AccessDeniedException');
    }
    assert.equal(await names({ Accounts: ['333333333333'] }), 'AccessDeniedException');
    assert.equal(await names({ Accounts: [account, '333333333333'] }), 'AccessDeniedException');
  });

  test('shows the past of one that joined, and nothing more of one that left', async () => {
    await organizations().send(new CreateOrganizationCommand({}));
    await join();
    await server.put([entryOf({ eventName: 'AsMember', recipientAccountId: member })]);
    assert.deepEqual(await names(all), ['AsMember', 'OfMember', 'Own']);
    await leave();
    assert.deepEqual(await names(all), ['Own']);
    assert.equal(await names({ Accounts: [member] }), 'AccessDeniedException');
    assert.deepEqual(await names({}, otherKey), ['AsMember', 'OfMember']);
  });

  test('means the members at the time of each page', async () => {
    await organizations().send(new CreateOrganizationCommand({}));
    await join();
    type Page = { Events: { EventName: string }[]; NextToken?: string };
    const page = async (input: object) => {
      const answer = await server.post('/opentrail/v1/SearchEvents', JSON.stringify({ ...all, ...input }));
      return (await answer.json()) as Page;
    };
    await server.put([entryOf({ eventName: 'Newest', eventTime: '2026-03-03T00:00:00Z' })]);
    const first = await page({ MaxResults: 1 });
    assert.deepEqual(
      first.Events.map(({ EventName }) => EventName),
      ['Newest'],
    );
    await leave();
    const second = await page({
      MaxResults: 10,
      ...(first.NextToken === undefined ? {} : { NextToken: first.NextToken }),
    });
    assert.deepEqual(
      second.Events.map(({ EventName }) => EventName),
      ['Own'],
    );
  });

  test('is for delegated administrators of CloudTrail too, for as long as they are', async () => {
    await organizations().send(new CreateOrganizationCommand({}));
    await join();
    await organizations().send(
      new EnableAWSServiceAccessCommand({ ServicePrincipal: 'cloudtrail.amazonaws.com' }),
    );
    const cloudTrail = server.client();
    await cloudTrail.send(new RegisterOrganizationDelegatedAdminCommand({ MemberAccountId: member }));
    assert.deepEqual(await names(all, otherKey), ['OfMember', 'Own']);
    await cloudTrail.send(
      new DeregisterOrganizationDelegatedAdminCommand({ DelegatedAdminAccountId: member }),
    );
    assert.deepEqual(await names(all, otherKey), ['OfMember']);
  });

  test('is refused with AllAccounts, of another form, and to who is not allowed it', async () => {
    await organizations().send(new CreateOrganizationCommand({}));
    assert.equal(await names({ ...all, AllAccounts: true }), 'InvalidParameterCombinationException');
    assert.equal(await names({ Accounts: ['1'] }), 'ValidationException');
    assert.equal(await names({ Accounts: [] }), 'ValidationException');
    assert.equal(await names(all, aliceKey), 'AccessDeniedException');
  });

  test('follows who joins and who leaves in a tail', async () => {
    await organizations().send(new CreateOrganizationCommand({}));
    const abort = new AbortController();
    const answer = await server.post('/opentrail/v1/TailEvents', JSON.stringify(all), {
      signal: abort.signal,
    });
    const lines = createInterface({ input: Readable.fromWeb(answer.body as never) })[Symbol.asyncIterator]();
    const next = async () =>
      (JSON.parse(String((await lines.next()).value)) as { EventName: string }).EventName;
    const put = (eventName: string, recipientAccountId: string) =>
      server.put([entryOf({ eventName, recipientAccountId })]);
    await put('NotYet', member);
    await put('First', account);
    assert.equal(await next(), 'First');
    await join();
    await put('Joined', member);
    assert.equal(await next(), 'Joined');
    await leave();
    await put('Gone', member);
    await put('Last', account);
    assert.equal(await next(), 'Last');
    abort.abort();
    await lines.next().catch(() => {});
  });

  test('has every change of the organization announced and recorded in the account of its caller', async () => {
    server.recorded.length = 0;
    await organizations().send(new CreateOrganizationCommand({}));
    await organizations().send(new CreateAccountCommand({ Email: 'dev@example.com', AccountName: 'dev' }));
    await assert.rejects(leave());
    const told = server.recorded.map(({ draft, intentId }) => [
      draft.eventSource,
      draft.eventName,
      draft.recipientAccountId,
      draft.errorCode,
      intentId !== undefined,
    ]);
    assert.deepEqual(told, [
      ['organizations.amazonaws.com', 'CreateOrganization', account, undefined, true],
      ['organizations.amazonaws.com', 'CreateAccount', account, undefined, true],
      ['organizations.amazonaws.com', 'LeaveOrganization', member, 'AWSOrganizationsNotInUseException', true],
    ]);
    assert.match(JSON.stringify(server.recorded[1]?.draft.responseElements), /SUCCEEDED/);
    assert.doesNotMatch(JSON.stringify(server.recorded[1]?.draft.requestParameters), /dev@example\.com/);
  });
});
