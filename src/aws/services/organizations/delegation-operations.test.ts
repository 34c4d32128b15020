import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { management, OrganizationsUnderTest } from './organizations-under-test.contract.ts';

const ServicePrincipal = 'cloudtrail.amazonaws.com';

describe('trusted access', () => {
  test('is enabled and disabled by service, with effect at once', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const member = await aws.newAccount();
    assert.equal(await aws.directory.hasServiceAccess(member, ServicePrincipal), false);
    await aws.call('EnableAWSServiceAccess', { ServicePrincipal });
    assert.equal(await aws.directory.hasServiceAccess(member, ServicePrincipal), true);
    aws.nowMs += 1000;
    await aws.call('EnableAWSServiceAccess', { ServicePrincipal });
    assert.deepEqual(await aws.call('ListAWSServiceAccessForOrganization'), {
      EnabledServicePrincipals: [{ ServicePrincipal, DateEnabled: aws.nowMs / 1000 - 1 }],
    });
    await aws.call('DisableAWSServiceAccess', { ServicePrincipal });
    assert.equal(await aws.directory.hasServiceAccess(member, ServicePrincipal), false);
  });

  test('needs an organization with all features', async () => {
    const aws = await OrganizationsUnderTest.withOrganization({ FeatureSet: 'CONSOLIDATED_BILLING' });
    const refused = 'ConstraintViolationException ORGANIZATION_NOT_IN_ALL_FEATURES_MODE';
    assert.equal(await aws.refusal('EnableAWSServiceAccess', { ServicePrincipal }), refused);
    assert.equal(
      await aws.refusal('RegisterDelegatedAdministrator', { ServicePrincipal, AccountId: management }),
      refused,
    );
  });
});

describe('delegated administrators', () => {
  test('are active members of a trusted service, at most three of CloudTrail, each once', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const [one = '', two = '', three = '', four = ''] = await Promise.all(
      ['one', 'two', 'three', 'four'].map((name) => aws.newAccount(name)),
    );
    const register = (AccountId: string) =>
      aws.refusal('RegisterDelegatedAdministrator', { AccountId, ServicePrincipal });
    const constraint = 'ConstraintViolationException';
    assert.equal(await register(one), `${constraint} SERVICE_ACCESS_NOT_ENABLED`);
    await aws.call('EnableAWSServiceAccess', { ServicePrincipal });
    assert.equal(
      await register(management),
      `${constraint} CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR`,
    );
    assert.equal(await register('999999999999'), 'AccountNotFoundException');
    await aws.call('CloseAccount', { AccountId: four });
    assert.equal(
      await register(four),
      `${constraint} CANNOT_REGISTER_SUSPENDED_ACCOUNT_AS_DELEGATED_ADMINISTRATOR`,
    );
    assert.deepEqual(await Promise.all([one, two, three].map(register)), ['none', 'none', 'none']);
    assert.equal(await register(one), 'AccountAlreadyRegisteredException');
    const five = await aws.newAccount('five');
    assert.equal(
      await register(five),
      `${constraint} MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED`,
    );
    assert.equal(await aws.directory.isDelegatedAdministrator(one, ServicePrincipal), true);
    assert.equal(await aws.directory.isDelegatedAdministrator(five, ServicePrincipal), false);
    assert.equal(
      await aws.refusal('DisableAWSServiceAccess', { ServicePrincipal }),
      `${constraint} DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE`,
    );
  });

  test('are listed with their services, and are none after the last was taken from them', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const AccountId = await aws.newAccount();
    const other = 'config.amazonaws.com';
    assert.equal(
      await aws.refusal('ListDelegatedServicesForAccount', { AccountId }),
      'AccountNotRegisteredException',
    );
    for (const name of [ServicePrincipal, other]) {
      await aws.call('EnableAWSServiceAccess', { ServicePrincipal: name });
      await aws.call('RegisterDelegatedAdministrator', { AccountId, ServicePrincipal: name });
    }
    const { DelegatedServices: services } = await aws.call<{ DelegatedServices: object[] }>(
      'ListDelegatedServicesForAccount',
      { AccountId },
    );
    assert.equal(services.length, 2);
    await aws.call('DeregisterDelegatedAdministrator', { AccountId, ServicePrincipal: other });
    const ids = async (input: { ServicePrincipal?: string }) => {
      const found = await aws.call<{
        DelegatedAdministrators: { Id: string; DelegationEnabledDate: number }[];
      }>('ListDelegatedAdministrators', input);
      return found.DelegatedAdministrators.map(({ Id }) => Id);
    };
    assert.deepEqual(await ids({}), [AccountId]);
    assert.deepEqual(await ids({ ServicePrincipal: other }), []);
    await aws.call('DeregisterDelegatedAdministrator', { AccountId, ServicePrincipal });
    assert.deepEqual(await ids({}), []);
    assert.equal(
      await aws.refusal('DeregisterDelegatedAdministrator', { AccountId, ServicePrincipal }),
      'AccountNotRegisteredException',
    );
    assert.equal(await aws.refusal('ListAccounts', {}, AccountId), 'AccessDeniedException');
  });
});
