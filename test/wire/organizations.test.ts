import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, test } from 'node:test';
import {
  account,
  FrontDoorServer,
  otherKey,
  rootKey,
} from '../../src/aws/front/front-door-server.contract.ts';
import { aws } from '../harness/aws-cli.ts';
import { needsProgram } from '../harness/programs.ts';

let server: FrontDoorServer;

beforeEach(async () => {
  server = await FrontDoorServer.start();
});
afterEach(() => server.stop());

/** What the real CLI answers, or its error. */
async function cli<Answer = Record<string, unknown>>(
  command: string,
  key: { accessKeyId: string; secretAccessKey: string } = rootKey,
): Promise<Answer> {
  const { status, stdout, stderr } = await aws(command.split(' '), {
    ...(process.env as Record<string, string>),
    AWS_ENDPOINT_URL: server.url,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
    AWS_MAX_ATTEMPTS: '1',
  });
  if (status !== 0) throw new Error(stderr);
  return (stdout.trim() === '' ? {} : JSON.parse(stdout)) as Answer;
}

describe('aws organizations', () => {
  test('makes an organization, accounts, units and policies, and finds its way through them', async (context) => {
    if (!needsProgram(context, 'aws')) return;
    const { Organization: organization } = await cli<{
      Organization: { Id: string; MasterAccountId: string };
    }>('organizations create-organization');
    assert.equal(organization.MasterAccountId, account);
    const { CreateAccountStatus: created } = await cli<{
      CreateAccountStatus: { Id: string; AccountId: string };
    }>('organizations create-account --email dev@example.com --account-name dev --tags Key=team,Value=blue');
    const { CreateAccountStatus: status } = await cli<{ CreateAccountStatus: { State: string } }>(
      `organizations describe-create-account-status --create-account-request-id ${created.Id}`,
    );
    assert.equal(status.State, 'SUCCEEDED');
    const { Roots } = await cli<{ Roots: { Id: string }[] }>('organizations list-roots');
    const root = Roots[0]?.Id ?? '';
    await cli(`organizations enable-policy-type --root-id ${root} --policy-type SERVICE_CONTROL_POLICY`);
    const { OrganizationalUnit: unit } = await cli<{ OrganizationalUnit: { Id: string } }>(
      `organizations create-organizational-unit --parent-id ${root} --name team`,
    );
    await cli(
      `organizations move-account --account-id ${created.AccountId} --source-parent-id ${root} --destination-parent-id ${unit.Id}`,
    );
    const content =
      '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}';
    const { Policy: policy } = await cli<{ Policy: { PolicySummary: { Id: string } } }>(
      `organizations create-policy --name no-iam --description none --type SERVICE_CONTROL_POLICY --content ${content}`,
    );
    await cli(`organizations attach-policy --policy-id ${policy.PolicySummary.Id} --target-id ${unit.Id}`);
    const { Policies } = await cli<{ Policies: { Name: string }[] }>(
      `organizations list-policies-for-target --target-id ${unit.Id} --filter SERVICE_CONTROL_POLICY`,
    );
    assert.deepEqual(Policies.map(({ Name }) => Name).sort(), ['FullAWSAccess', 'no-iam']);
    const { Tags } = await cli<{ Tags: object[] }>(
      `organizations list-tags-for-resource --resource-id ${created.AccountId}`,
    );
    assert.deepEqual(Tags, [{ Key: 'team', Value: 'blue' }]);
    // The CLI follows the tokens of pages by itself.
    const { Accounts } = await cli<{ Accounts: { Id: string }[] }>(
      'organizations list-accounts --page-size 1',
    );
    assert.deepEqual(Accounts.map(({ Id }) => Id).sort(), [account, created.AccountId].sort());
  });

  test('gives CloudTrail trusted access and a delegated administrator, through both APIs', async (context) => {
    if (!needsProgram(context, 'aws')) return;
    const servicePrincipal = 'cloudtrail.amazonaws.com';
    await cli('organizations create-organization');
    await cli(`organizations enable-aws-service-access --service-principal ${servicePrincipal}`);
    const { CreateAccountStatus: created } = await cli<{ CreateAccountStatus: { AccountId: string } }>(
      'organizations create-account --email audit@example.com --account-name audit',
    );
    await cli(`cloudtrail register-organization-delegated-admin --member-account-id ${created.AccountId}`);
    const { DelegatedAdministrators: delegates } = await cli<{ DelegatedAdministrators: { Id: string }[] }>(
      `organizations list-delegated-administrators --service-principal ${servicePrincipal}`,
    );
    assert.deepEqual(
      delegates.map(({ Id }) => Id),
      [created.AccountId],
    );
    await assert.rejects(
      cli(`organizations remove-account-from-organization --account-id ${created.AccountId}`),
      /ConstraintViolationException/,
    );
    await cli(
      `cloudtrail deregister-organization-delegated-admin --delegated-admin-account-id ${created.AccountId}`,
    );
    await assert.rejects(
      cli(
        `cloudtrail deregister-organization-delegated-admin --delegated-admin-account-id ${created.AccountId}`,
      ),
      /AccountNotRegisteredException/,
    );
  });

  test('tells an account outside of it that there is none, and a member which one it is in', async (context) => {
    if (!needsProgram(context, 'aws')) return;
    const made = await cli('organizations create-organization');
    await assert.rejects(
      cli('organizations describe-organization', otherKey),
      /AWSOrganizationsNotInUseException/,
    );
    // What `aws cloudtrail validate-logs` asks for the trail of an organization.
    assert.deepEqual(await cli('organizations describe-organization'), made);
  });
});
