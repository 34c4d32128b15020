import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RoleEntity } from '../../../identity/entities.ts';
import { ApiError } from '../../../model/api-error.ts';
import { cloudTrailApi } from '../../../model/cloudtrail-api.generated.ts';
import { systemClock } from '../../../server/system/system-clock.ts';
import { systemRandom } from '../../../server/system/system-random.ts';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import { type Authorize, rootOnly } from '../../opentrail/access.ts';
import type { Caller } from '../../opentrail/operation.ts';
import { validateInput } from '../../protocol/validate-input.ts';
import {
  management,
  OrganizationsUnderTest,
  rootOf,
} from '../../services/organizations/organizations-under-test.contract.ts';
import type { OperationContext } from '../operation.ts';
import { cloudTrailOperations } from '../operation-index.ts';

const ServicePrincipal = 'cloudtrail.amazonaws.com';
const register = 'RegisterOrganizationDelegatedAdmin';
const deregister = 'DeregisterOrganizationDelegatedAdmin';
type Name = typeof register | typeof deregister;

const members = { [register]: 'MemberAccountId', [deregister]: 'DelegatedAdminAccountId' } as const;

/** An organization that trusts CloudTrail, with CloudTrail's operations on it. */
async function trusted(): Promise<OrganizationsUnderTest> {
  const aws = await OrganizationsUnderTest.withOrganization();
  await aws.call('EnableAWSServiceAccess', { ServicePrincipal });
  return aws;
}

function callerOf(accountId: string): Caller {
  const principal = rootOf(accountId);
  return {
    accountId,
    region: 'us-east-1',
    userIdentity: principal.userIdentity,
    principal,
    sourceIPAddress: '192.0.2.1',
    userAgent: undefined,
    isSecure: false,
  };
}

/** Answers the code of the error, or `none`. */
async function answer(
  aws: OrganizationsUnderTest | undefined,
  name: Name,
  facts: { accountId: string; by?: string; authorize?: Authorize },
): Promise<string> {
  const operation = cloudTrailOperations[name];
  const delegation =
    aws === undefined
      ? undefined
      : {
          store: aws.store,
          directory: aws.directory,
          authorize: facts.authorize ?? rootOnly,
          clock: systemClock,
          random: systemRandom,
        };
  const context = { ...(delegation === undefined ? {} : { delegation }) } as OperationContext;
  const input = { [members[name]]: facts.accountId };
  try {
    const { ownExceptions } = operation;
    validateInput(cloudTrailApi, name, { input, ...(ownExceptions === undefined ? {} : { ownExceptions }) });
    const signal = new AbortController().signal;
    const output = await operation.run({ caller: callerOf(facts.by ?? management), input, signal }, context);
    assert.deepEqual(output, {});
    return 'none';
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.code;
  }
}

/** Allows all but the actions of one service. */
function allBut(prefix: string): Authorize {
  return async (_caller, action) => {
    if (action.startsWith(prefix)) throw new ApiError('AccessDeniedException', 'no', { isPlatform: true });
  };
}

describe(register, () => {
  test('makes a member the administrator of CloudTrail, with the service-linked roles in place', async () => {
    const aws = await trusted();
    const accountId = await aws.newAccount();
    assert.equal(await answer(aws, register, { accountId }), 'none');
    assert.equal(await aws.directory.isDelegatedAdministrator(accountId, ServicePrincipal), true);
    const roles = await aws.store.list({ kind: 'role', accountId: management });
    const found = roles.map(({ body }): RoleEntity => JSON.parse(body));
    assert.deepEqual(
      found.map(({ path, roleName }) => `${path}${roleName}`),
      [
        '/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail',
        '/aws-service-role/context.cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrailEventContext',
      ],
    );
    const second = await aws.newAccount('two');
    assert.equal(await answer(aws, register, { accountId: second }), 'none');
    assert.deepEqual(await aws.store.list({ kind: 'role', accountId: management }), roles);
  });

  test('AccountNotFoundException: of an account outside of the organization', async () => {
    const aws = await trusted();
    const left = await aws.newAccount();
    await aws.call('LeaveOrganization', {}, left);
    for (const accountId of [left, '999999999999', '9999999999999999']) {
      assert.equal(await answer(aws, register, { accountId }), 'AccountNotFoundException');
    }
  });

  test('AccountRegisteredException: of one that is registered', async () => {
    const aws = await trusted();
    const accountId = await aws.newAccount();
    await answer(aws, register, { accountId });
    assert.equal(await answer(aws, register, { accountId }), 'AccountRegisteredException');
  });

  test('CannotDelegateManagementAccountException: of the management account', async () => {
    const aws = await trusted();
    assert.equal(
      await answer(aws, register, { accountId: management }),
      'CannotDelegateManagementAccountException',
    );
  });

  test('DelegatedAdminAccountLimitExceededException: of a fourth, however many ask at once', async () => {
    const aws = await trusted();
    const names = ['one', 'two', 'three', 'four', 'five'];
    const ids = await Promise.all(names.map((name) => aws.newAccount(name)));
    const answers = await Promise.all(ids.map((accountId) => answer(aws, register, { accountId })));
    assert.deepEqual(answers.sort(), [
      'DelegatedAdminAccountLimitExceededException',
      'DelegatedAdminAccountLimitExceededException',
      'none',
      'none',
      'none',
    ]);
  });

  test('OperationNotPermittedException: of a suspended member', async () => {
    const aws = await trusted();
    const accountId = await aws.newAccount();
    await aws.call('CloseAccount', { AccountId: accountId });
    assert.equal(await answer(aws, register, { accountId }), 'OperationNotPermittedException');
  });

  test('InsufficientIAMAccessPermissionException: where the caller may not make service-linked roles', async () => {
    const aws = await trusted();
    const accountId = await aws.newAccount();
    const authorize = allBut('iam:');
    assert.equal(
      await answer(aws, register, { accountId, authorize }),
      'InsufficientIAMAccessPermissionException',
    );
    assert.equal(await aws.directory.isDelegatedAdministrator(accountId, ServicePrincipal), false);
  });
});

describe(deregister, () => {
  test('takes the administration back', async () => {
    const aws = await trusted();
    const accountId = await aws.newAccount();
    await answer(aws, register, { accountId });
    assert.equal(await answer(aws, deregister, { accountId }), 'none');
    assert.equal(await aws.directory.isDelegatedAdministrator(accountId, ServicePrincipal), false);
  });

  test('AccountNotRegisteredException: of a member that is not registered', async () => {
    const aws = await trusted();
    const accountId = await aws.newAccount();
    assert.equal(await answer(aws, deregister, { accountId }), 'AccountNotRegisteredException');
  });

  test('AccountNotFoundException: of an account outside of the organization', async () => {
    const aws = await trusted();
    assert.equal(await answer(aws, deregister, { accountId: '999999999999' }), 'AccountNotFoundException');
  });

  test('never answers OperationNotPermittedException: also a suspended member can be deregistered', async () => {
    const aws = await trusted();
    const accountId = await aws.newAccount();
    await answer(aws, register, { accountId });
    await aws.call('CloseAccount', { AccountId: accountId });
    assert.equal(await answer(aws, deregister, { accountId }), 'none');
  });
});

for (const name of [register, deregister] as const) {
  describe(`${name}, in common`, () => {
    const accountId = '222222222222';

    test('OrganizationsNotInUseException: from an account without an organization', async () => {
      const aws = await trusted();
      const facts = { accountId, by: '999999999999' };
      assert.equal(await answer(aws, name, facts), 'OrganizationsNotInUseException');
    });

    test('NotOrganizationManagementAccountException: from a member, also from a delegated administrator', async () => {
      const aws = await trusted();
      const member = await aws.newAccount();
      const facts = { accountId: member, by: member };
      assert.equal(await answer(aws, name, facts), 'NotOrganizationManagementAccountException');
      await answer(aws, register, { accountId: member });
      assert.equal(await answer(aws, name, facts), 'NotOrganizationManagementAccountException');
    });

    test('OrganizationNotInAllFeaturesModeException: in one for billing only', async () => {
      const aws = await OrganizationsUnderTest.withOrganization({ FeatureSet: 'CONSOLIDATED_BILLING' });
      assert.equal(await answer(aws, name, { accountId }), 'OrganizationNotInAllFeaturesModeException');
    });

    test('CloudTrailAccessNotEnabledException: while CloudTrail is not trusted', async () => {
      const aws = await OrganizationsUnderTest.withOrganization();
      assert.equal(await answer(aws, name, { accountId }), 'CloudTrailAccessNotEnabledException');
    });

    test('InsufficientDependencyServiceAccessPermissionException: where Organizations would refuse the caller', async () => {
      const aws = await trusted();
      assert.equal(
        await answer(aws, name, { accountId, authorize: allBut('organizations:') }),
        'InsufficientDependencyServiceAccessPermissionException',
      );
    });

    test('InvalidParameterException: of what is no account id', async () => {
      const aws = await trusted();
      for (const invalid of ['1', 'abcdefghijkl', '12345678901234567']) {
        assert.equal(await answer(aws, name, { accountId: invalid }), 'InvalidParameterException');
      }
    });

    test('UnsupportedOperationException: where Organizations are answered elsewhere', async () => {
      assert.equal(await answer(undefined, name, { accountId }), 'UnsupportedOperationException');
    });

    test('ConflictException: while other changes come first again and again', async () => {
      const aws = new OrganizationsUnderTest(new RefusingStore());
      await aws.call('CreateOrganization');
      await aws.call('EnableAWSServiceAccess', { ServicePrincipal });
      const member = await aws.newAccount();
      if (name === deregister) await answer(aws, register, { accountId: member });
      (aws.store as RefusingStore).isBusy = true;
      assert.equal(await answer(aws, name, { accountId: member }), 'ConflictException');
    });
  });
}

/** Whose every commit loses against another one, while it is busy. */
class RefusingStore extends MemoryIdentityStore {
  isBusy = false;

  override async commit(changes: Parameters<MemoryIdentityStore['commit']>[0]): Promise<boolean> {
    return this.isBusy ? false : super.commit(changes);
  }
}
