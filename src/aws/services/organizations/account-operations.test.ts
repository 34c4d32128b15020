import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { AccountEntity, RoleEntity } from '../../../identity/entities.ts';
import { management, OrganizationsUnderTest } from './organizations-under-test.contract.ts';

interface CreateAccountStatus {
  readonly Id: string;
  readonly State: string;
  readonly AccountId?: string;
  readonly FailureReason?: string;
}

describe('CreateAccount', () => {
  test('makes an active account at once, with a role that trusts the management account', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const input = { Email: 'dev@example.com', AccountName: 'dev', RoleName: 'Admin' };
    const { CreateAccountStatus: status } = await aws.call<{ CreateAccountStatus: CreateAccountStatus }>(
      'CreateAccount',
      input,
    );
    assert.match(status.Id, /^car-[a-z0-9]{32}$/);
    assert.equal(status.State, 'SUCCEEDED');
    const accountId = status.AccountId ?? '';
    assert.match(accountId, /^\d{12}$/);
    assert.deepEqual(await aws.call('DescribeCreateAccountStatus', { CreateAccountRequestId: status.Id }), {
      CreateAccountStatus: status,
    });
    const role = await aws.store.get({ kind: 'role', accountId, name: 'Admin' });
    const entity: RoleEntity = JSON.parse(role?.body ?? '{}');
    assert.match(entity.roleId, /^AROA[A-Z2-7]{17}$/);
    assert.deepEqual(JSON.parse(entity.trustPolicy).Statement[0].Principal, {
      AWS: `arn:aws:iam::${management}:root`,
    });
    assert.deepEqual(Object.keys(entity.inlinePolicies), ['AdministratorAccess']);
    const { Account: account } = await aws.call<{ Account: Record<string, unknown> }>('DescribeAccount', {
      AccountId: accountId,
    });
    assert.deepEqual(
      [account.Name, account.Email, account.Status, account.JoinedMethod],
      ['dev', 'dev@example.com', 'ACTIVE', 'CREATED'],
    );
    assert.equal(account.JoinedTimestamp, aws.nowMs / 1000);
  });

  test('names the role as AWS does unless told otherwise', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const accountId = await aws.newAccount();
    const name = 'OrganizationAccountAccessRole';
    assert.ok(await aws.store.get({ kind: 'role', accountId, name }));
  });

  test('fails in its status, not in its answer, where the e-mail address is taken', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    await aws.newAccount('dev');
    const again = { Email: 'DEV@example.com', AccountName: 'dev' };
    const { CreateAccountStatus: status } = await aws.call<{ CreateAccountStatus: CreateAccountStatus }>(
      'CreateAccount',
      again,
    );
    assert.deepEqual(
      [status.State, status.FailureReason, status.AccountId],
      ['FAILED', 'EMAIL_ALREADY_EXISTS', undefined],
    );
    const failed = await aws.call<{ CreateAccountStatuses: CreateAccountStatus[] }>(
      'ListCreateAccountStatus',
      { States: ['FAILED'] },
    );
    assert.deepEqual(
      failed.CreateAccountStatuses.map(({ Id }) => Id),
      [status.Id],
    );
    assert.equal((await aws.accountIds()).length, 2);
    assert.equal(
      await aws.refusal('DescribeCreateAccountStatus', { CreateAccountRequestId: 'car-aaaaaaaa' }),
      'CreateAccountStatusNotFoundException',
    );
    assert.equal(
      await aws.refusal('ListCreateAccountStatus', { States: ['X'] }),
      'InvalidInputException INVALID_ENUM',
    );
  });

  test('called many times at once makes all of the accounts, each one once', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    await Promise.all(Array.from({ length: 8 }, (_, n) => aws.newAccount(`account${n}`)));
    assert.equal(new Set(await aws.accountIds()).size, 9);
  });
});

describe('accounts', () => {
  test('are listed in pages that neither leave out nor repeat one', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    for (let n = 0; n < 6; n += 1) await aws.newAccount(`account${n}`);
    const found: string[] = [];
    let token: string | undefined;
    do {
      const page = await aws.call<{ Accounts: { Id: string }[]; NextToken?: string }>('ListAccounts', {
        MaxResults: 3,
        ...(token === undefined ? {} : { NextToken: token }),
      });
      found.push(...page.Accounts.map(({ Id }) => Id));
      token = page.NextToken;
    } while (token !== undefined);
    assert.deepEqual(found, [...new Set(found)].sort());
    assert.equal(found.length, 7);
  });

  test('move between units, from where they are to where they are not', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const [AccountId, unit, root] = [await aws.newAccount(), await aws.newUnit('team'), await aws.rootId()];
    const move = (SourceParentId: string, DestinationParentId: string) =>
      aws.refusal('MoveAccount', { AccountId, SourceParentId, DestinationParentId });
    const missing = `ou-${root.slice(2)}-missing12`;
    assert.equal(await move(root, missing), 'DestinationParentNotFoundException');
    assert.equal(await move(missing, unit), 'SourceParentNotFoundException');
    assert.equal(await move(unit, root), 'DuplicateAccountException');
    assert.equal(await move(root, unit), 'none');
    assert.deepEqual(await aws.call('ListParents', { ChildId: AccountId }), {
      Parents: [{ Id: unit, Type: 'ORGANIZATIONAL_UNIT' }],
    });
    const other = await aws.newUnit('other');
    assert.equal(await move(root, other), 'AccountNotFoundException');
    const { Accounts } = await aws.call<{ Accounts: { Id: string; Paths: string[] }[] }>(
      'ListAccountsForParent',
      { ParentId: unit },
    );
    assert.deepEqual(
      Accounts.map(({ Id }) => Id),
      [AccountId],
    );
    assert.match(Accounts[0]?.Paths[0] ?? '', new RegExp(`^o-[a-z0-9]{10}/${root}/${unit}/${AccountId}/$`));
    assert.equal(
      await aws.refusal('MoveAccount', {
        AccountId: '999999999999',
        SourceParentId: root,
        DestinationParentId: unit,
      }),
      'AccountNotFoundException',
    );
  });

  test('leave by themselves or are removed, with effect at once; the management account stays', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const [one, two] = [await aws.newAccount('one'), await aws.newAccount('two')];
    await aws.call('LeaveOrganization', {}, one);
    assert.equal(await aws.refusal('DescribeOrganization', {}, one), 'AWSOrganizationsNotInUseException');
    await aws.call('RemoveAccountFromOrganization', { AccountId: two });
    assert.deepEqual(await aws.accountIds(), [management]);
    assert.equal(
      await aws.refusal('RemoveAccountFromOrganization', { AccountId: two }),
      'AccountNotFoundException',
    );
    const stays = 'MasterCannotLeaveOrganizationException';
    assert.equal(await aws.refusal('LeaveOrganization'), stays);
    assert.equal(await aws.refusal('RemoveAccountFromOrganization', { AccountId: management }), stays);
    assert.deepEqual(await aws.directory.organizationOf(one), undefined);
  });

  test('stay while they administer a service', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const AccountId = await aws.newAccount();
    const ServicePrincipal = 'cloudtrail.amazonaws.com';
    await aws.call('EnableAWSServiceAccess', { ServicePrincipal });
    await aws.call('RegisterDelegatedAdministrator', { AccountId, ServicePrincipal });
    const refused = 'ConstraintViolationException CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG';
    assert.equal(await aws.refusal('LeaveOrganization', {}, AccountId), refused);
    assert.equal(await aws.refusal('RemoveAccountFromOrganization', { AccountId }), refused);
  });

  test('are suspended when they are closed, once, and never the management account', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const AccountId = await aws.newAccount();
    await aws.call('CloseAccount', { AccountId });
    const document = await aws.store.get({ kind: 'account', accountId: AccountId, name: AccountId });
    assert.equal((JSON.parse(document?.body ?? '{}') as AccountEntity).status, 'SUSPENDED');
    const { Account: account } = await aws.call<{ Account: { Status: string } }>('DescribeAccount', {
      AccountId,
    });
    assert.equal(account.Status, 'SUSPENDED');
    assert.equal(await aws.refusal('CloseAccount', { AccountId }), 'AccountAlreadyClosedException');
    assert.equal(
      await aws.refusal('CloseAccount', { AccountId: '999999999999' }),
      'AccountNotFoundException',
    );
    assert.equal(
      await aws.refusal('CloseAccount', { AccountId: management }),
      'ConstraintViolationException CANNOT_CLOSE_MANAGEMENT_ACCOUNT',
    );
  });
});
