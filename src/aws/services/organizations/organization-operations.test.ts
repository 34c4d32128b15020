import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { claimAccount } from '../../../identity/organization/join-organization.ts';
import { management, OrganizationsUnderTest } from './organizations-under-test.contract.ts';

interface Organization {
  readonly Id: string;
  readonly Arn: string;
  readonly FeatureSet: string;
  readonly MasterAccountArn: string;
  readonly MasterAccountId: string;
}

describe('an organization', () => {
  test('has the identifiers and ARNs that AWS forms, and is seen by its members', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const member = await aws.newAccount();
    const { Organization: found } = await aws.call<{ Organization: Organization }>('DescribeOrganization');
    assert.match(found.Id, /^o-[a-z0-9]{10}$/);
    assert.equal(found.Arn, `arn:aws:organizations::${management}:organization/${found.Id}`);
    assert.equal(
      found.MasterAccountArn,
      `arn:aws:organizations::${management}:account/${found.Id}/${management}`,
    );
    assert.equal(found.FeatureSet, 'ALL');
    assert.deepEqual(await aws.call('DescribeOrganization', {}, member), { Organization: found });
    const root = await aws.rootId();
    assert.match(root, /^r-[0-9a-z]{4}$/);
    assert.match(await aws.newUnit('team'), new RegExp(`^ou-${root.slice(2)}-[a-z0-9]{8}$`));
  });

  test('is one for an account: who has one, or is a member of one, makes none', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const member = await aws.newAccount();
    assert.equal(await aws.refusal('CreateOrganization'), 'AlreadyInOrganizationException');
    assert.equal(await aws.refusal('CreateOrganization', {}, member), 'AlreadyInOrganizationException');
    assert.equal(
      await aws.refusal('CreateOrganization', { FeatureSet: 'SOME' }, '999999999999'),
      'InvalidInputException INVALID_ENUM',
    );
  });

  test('is one even where an account makes two at once', async () => {
    const aws = new OrganizationsUnderTest();
    const answers = await Promise.all(Array.from({ length: 5 }, () => aws.refusal('CreateOrganization')));
    assert.equal(answers.filter((answer) => answer === 'none').length, 1);
    assert.equal((await aws.store.list({ kind: 'organization', accountId: management })).length, 1);
    const claimed = await claimAccount(aws.store, management, 0);
    assert.equal(claimed, undefined);
  });

  test('is not there for accounts outside of it, whatever they ask', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    for (const name of ['DescribeOrganization', 'ListAccounts', 'LeaveOrganization', 'DeleteOrganization']) {
      assert.equal(await aws.refusal(name, {}, '999999999999'), 'AWSOrganizationsNotInUseException');
    }
  });

  test('is deleted only when nothing is left in it, and its account may then make another', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const member = await aws.newAccount();
    assert.equal(await aws.refusal('DeleteOrganization'), 'OrganizationNotEmptyException');
    await aws.call('RemoveAccountFromOrganization', { AccountId: member });
    const unit = await aws.newUnit('team');
    assert.equal(await aws.refusal('DeleteOrganization'), 'OrganizationNotEmptyException');
    await aws.call('DeleteOrganizationalUnit', { OrganizationalUnitId: unit });
    await aws.call('DeleteOrganization');
    assert.equal(await aws.refusal('DescribeOrganization'), 'AWSOrganizationsNotInUseException');
    await aws.call('CreateOrganization');
    assert.deepEqual(await aws.accountIds(), [management]);
  });

  test('is changed by the management account alone, and read by delegated administrators too', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const [member, delegate] = [await aws.newAccount('one'), await aws.newAccount('two')];
    const ServicePrincipal = 'cloudtrail.amazonaws.com';
    await aws.call('EnableAWSServiceAccess', { ServicePrincipal });
    await aws.call('RegisterDelegatedAdministrator', { AccountId: delegate, ServicePrincipal });
    const root = await aws.rootId();
    for (const name of ['ListAccounts', 'ListRoots', 'ListHandshakesForOrganization']) {
      assert.equal(await aws.refusal(name, {}, member), 'AccessDeniedException', name);
      assert.equal(await aws.refusal(name, {}, delegate), 'none', name);
    }
    const changes = {
      CreateAccount: { Email: 'a@example.com', AccountName: 'a' },
      CreateOrganizationalUnit: { ParentId: root, Name: 'a' },
      RemoveAccountFromOrganization: { AccountId: member },
      CloseAccount: { AccountId: member },
      EnableAWSServiceAccess: { ServicePrincipal },
      DeregisterDelegatedAdministrator: { AccountId: delegate, ServicePrincipal },
      DisablePolicyType: { RootId: root, PolicyType: 'SERVICE_CONTROL_POLICY' },
      AttachPolicy: { PolicyId: 'p-FullAWSAccess', TargetId: root },
      TagResource: { ResourceId: root, Tags: [] },
      InviteAccountToOrganization: { Target: { Type: 'ACCOUNT', Id: '999999999999' } },
      DeleteOrganization: {},
    };
    for (const [name, input] of Object.entries(changes)) {
      for (const accountId of [member, delegate]) {
        assert.equal(await aws.refusal(name, input, accountId), 'AccessDeniedException', name);
      }
    }
  });

  test('is found by policies under the ARNs of what a call names', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const member = await aws.newAccount();
    const unit = await aws.newUnit('team');
    const root = await aws.rootId();
    const { Organization: found } = await aws.call<{ Organization: Organization }>('DescribeOrganization');
    await aws.call('TagResource', { ResourceId: member, Tags: [{ Key: 'team', Value: 'blue' }] });
    const targets = await aws.targets('MoveAccount', {
      AccountId: member,
      SourceParentId: root,
      DestinationParentId: unit,
    });
    const prefix = `arn:aws:organizations::${management}`;
    assert.deepEqual(targets.map(({ resourceArn }) => resourceArn).sort(), [
      `${prefix}:account/${found.Id}/${member}`,
      `${prefix}:ou/${found.Id}/${unit}`,
      `${prefix}:root/${found.Id}/${root}`,
    ]);
    assert.deepEqual([...(targets[0]?.resourceTags ?? [])], [['team', 'blue']]);
    const [target] = await aws.targets('EnableAWSServiceAccess', {
      ServicePrincipal: 'cloudtrail.amazonaws.com',
    });
    assert.equal(target?.resourceArn, '*');
    assert.deepEqual(target?.context?.get('organizations:serviceprincipal'), ['cloudtrail.amazonaws.com']);
    const [tagged] = await aws.targets('TagResource', {
      ResourceId: root,
      Tags: [{ Key: 'Team', Value: 'red' }],
    });
    assert.deepEqual(tagged?.context?.get('aws:requesttag/team'), ['red']);
    assert.deepEqual(tagged?.context?.get('aws:tagkeys'), ['Team']);
  });
});

describe('inputs', () => {
  test('that are missing, of the wrong form or type are refused with their reason', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const cases: readonly (readonly [string, object, string])[] = [
      ['DescribeAccount', {}, 'InvalidInputException INPUT_REQUIRED'],
      ['DescribeAccount', { AccountId: '1' }, 'InvalidInputException INVALID_PATTERN'],
      ['DescribeAccount', { AccountId: 1 }, 'SerializationException'],
      ['DescribeAccount', { AccountId: '123456789012\n' }, 'InvalidInputException INVALID_PATTERN'],
      ['ListAccounts', { MaxResults: 21 }, 'InvalidInputException MAX_VALUE_EXCEEDED'],
      ['ListAccounts', { MaxResults: 0 }, 'InvalidInputException MIN_VALUE_EXCEEDED'],
      ['ListAccounts', { NextToken: 'abc' }, 'InvalidInputException INVALID_NEXT_TOKEN'],
      ['ListPolicies', { Filter: 'X' }, 'InvalidInputException INVALID_ENUM_POLICY_TYPE'],
      ['EnableAWSServiceAccess', { ServicePrincipal: '' }, 'InvalidInputException MIN_LENGTH_EXCEEDED'],
      [
        'EnableAWSServiceAccess',
        { ServicePrincipal: 'cloudtrail' },
        'InvalidInputException UNRECOGNIZED_SERVICE_PRINCIPAL',
      ],
      ['TagResource', { ResourceId: '111111111111' }, 'InvalidInputException INPUT_REQUIRED'],
    ];
    for (const [name, input, expected] of cases) {
      assert.equal(await aws.refusal(name, input as never), expected, JSON.stringify([name, input]));
    }
  });
});
