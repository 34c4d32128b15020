import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { management, OrganizationsUnderTest } from './organizations-under-test.contract.ts';

interface Handshake {
  readonly Id: string;
  readonly Arn: string;
  readonly State: string;
}

/** An account that stands alone: it was a member once. */
async function standAlone(aws: OrganizationsUnderTest, name: string): Promise<string> {
  const accountId = await aws.newAccount(name);
  await aws.call('LeaveOrganization', {}, accountId);
  return accountId;
}

async function invite(aws: OrganizationsUnderTest, accountId: string): Promise<Handshake> {
  const input = { Target: { Type: 'ACCOUNT', Id: accountId }, Notes: 'welcome' };
  return (await aws.call<{ Handshake: Handshake }>('InviteAccountToOrganization', input)).Handshake;
}

describe('an invitation', () => {
  test('brings an account into the organization when it accepts, and once only', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const invited = await standAlone(aws, 'one');
    const handshake = await invite(aws, invited);
    assert.match(handshake.Id, /^h-[0-9a-z]{32}$/);
    assert.match(
      handshake.Arn,
      new RegExp(`^arn:aws:organizations::${management}:handshake/o-[a-z0-9]{10}/invite/${handshake.Id}$`),
    );
    assert.equal(handshake.State, 'OPEN');
    const accepted = await aws.call<{ Handshake: Handshake }>(
      'AcceptHandshake',
      { HandshakeId: handshake.Id },
      invited,
    );
    assert.equal(accepted.Handshake.State, 'ACCEPTED');
    assert.deepEqual(await aws.accountIds(), [management, invited].sort());
    assert.equal(
      await aws.refusal('AcceptHandshake', { HandshakeId: handshake.Id }, invited),
      'HandshakeAlreadyInStateException',
    );
    assert.equal(
      await aws.refusal('InviteAccountToOrganization', { Target: { Type: 'ACCOUNT', Id: invited } }),
      'HandshakeConstraintViolationException ALREADY_IN_AN_ORGANIZATION',
    );
  });

  test('is seen by both sides and by nobody else', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const [invited, other] = [await standAlone(aws, 'one'), await standAlone(aws, 'two')];
    const { Id: HandshakeId } = await invite(aws, invited);
    const ids = async (name: string, accountId: string) => {
      const { Handshakes } = await aws.call<{ Handshakes: Handshake[] }>(name, {}, accountId);
      return Handshakes.map(({ Id }) => Id);
    };
    assert.deepEqual(await ids('ListHandshakesForAccount', invited), [HandshakeId]);
    assert.deepEqual(await ids('ListHandshakesForOrganization', management), [HandshakeId]);
    assert.deepEqual(await ids('ListHandshakesForAccount', other), []);
    assert.equal(await aws.refusal('DescribeHandshake', { HandshakeId }, invited), 'none');
    for (const name of ['DescribeHandshake', 'AcceptHandshake', 'DeclineHandshake', 'CancelHandshake']) {
      assert.equal(await aws.refusal(name, { HandshakeId }, other), 'AccessDeniedException', name);
    }
    assert.equal(await aws.refusal('CancelHandshake', { HandshakeId }, invited), 'AccessDeniedException');
    assert.equal(
      await aws.refusal('DescribeHandshake', { HandshakeId: 'h-aaaaaaaa' }),
      'HandshakeNotFoundException',
    );
  });

  test('that was declined, cancelled or is older than 15 days brings nobody in', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const invited = await standAlone(aws, 'one');
    const first = { HandshakeId: (await invite(aws, invited)).Id };
    assert.equal(
      await aws.refusal('InviteAccountToOrganization', { Target: { Type: 'ACCOUNT', Id: invited } }),
      'DuplicateHandshakeException',
    );
    await aws.call('DeclineHandshake', first, invited);
    assert.equal(await aws.refusal('AcceptHandshake', first, invited), 'InvalidHandshakeTransitionException');
    const second = { HandshakeId: (await invite(aws, invited)).Id };
    await aws.call('CancelHandshake', second);
    assert.equal(
      await aws.refusal('AcceptHandshake', second, invited),
      'InvalidHandshakeTransitionException',
    );
    const third = { HandshakeId: (await invite(aws, invited)).Id };
    aws.nowMs += 15 * 24 * 60 * 60 * 1000;
    assert.equal(await aws.refusal('AcceptHandshake', third, invited), 'InvalidHandshakeTransitionException');
    const { Handshake: expired } = await aws.call<{ Handshake: Handshake }>('DescribeHandshake', third);
    assert.equal(expired.State, 'EXPIRED');
    assert.deepEqual(await aws.accountIds(), [management]);
  });

  test('of two organizations that are accepted at once brings the account into one', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const [invited, rival] = [await standAlone(aws, 'one'), await standAlone(aws, 'rival')];
    await aws.call('CreateOrganization', {}, rival);
    const mine = await invite(aws, invited);
    const input = { Target: { Type: 'ACCOUNT', Id: invited } };
    const { Handshake: theirs } = await aws.call<{ Handshake: Handshake }>(
      'InviteAccountToOrganization',
      input,
      rival,
    );
    const answers = await Promise.all(
      [mine, theirs].map(({ Id }) => aws.refusal('AcceptHandshake', { HandshakeId: Id }, invited)),
    );
    assert.deepEqual(answers.sort(), [
      'HandshakeConstraintViolationException ALREADY_IN_AN_ORGANIZATION',
      'none',
    ]);
    const memberships = await Promise.all(
      [management, rival].map((accountId) => aws.store.list({ kind: 'organizationMember', accountId })),
    );
    assert.equal(memberships.flat().filter(({ name }) => name === invited).length, 1);
  });

  test('is for accounts that are there, by their id', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    for (const Target of [
      { Type: 'ACCOUNT', Id: '999999999999' },
      { Type: 'EMAIL', Id: 'a@example.com' },
    ]) {
      assert.equal(
        await aws.refusal('InviteAccountToOrganization', { Target }),
        'InvalidInputException INVALID_PARTY_TYPE_TARGET',
      );
    }
  });
});
