import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CloudTrailClient, RegisterOrganizationDelegatedAdminCommand } from '@aws-sdk/client-cloudtrail';
import {
  CreateAccountCommand,
  CreateOrganizationCommand,
  EnableAWSServiceAccessCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';
import { runCli } from '../import/run-cli.ts';
import { eventually } from './server-client.ts';

interface Found {
  readonly recipientAccountId: string;
  readonly userIdentity: object;
  readonly sourceIPAddress: string;
  readonly responseElements: { readonly role: { readonly roleName: string } };
}

it('what OpenTrail does in the name of a service is recorded in the account where it is done', async () => {
  await using server = await OpenTrailServer.start();
  const config = {
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: {
      accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
      secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
    },
  };
  const organizations = new OrganizationsClient(config);
  const trail = new CloudTrailClient(config);
  await organizations.send(new CreateOrganizationCommand({}));
  const made = await organizations.send(
    new CreateAccountCommand({ Email: 'dev@example.com', AccountName: 'dev' }),
  );
  const member = made.CreateAccountStatus?.AccountId ?? '';
  await organizations.send(
    new EnableAWSServiceAccessCommand({ ServicePrincipal: 'cloudtrail.amazonaws.com' }),
  );
  await trail.send(new RegisterOrganizationDelegatedAdminCommand({ MemberAccountId: member }));
  organizations.destroy();
  trail.destroy();
  const find = async (...filters: string[]): Promise<Found[]> => {
    const flags = ['--output', 'ndjson', '--limit', '0', '--all-regions'];
    const { stdout } = await runCli(server.endpoint, ['lookup', ...flags, ...filters]);
    return stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Found);
  };
  const roles = await eventually(
    () => find('--attribute', 'EventName=CreateServiceLinkedRole'),
    (found) => found.length === 2,
  );
  assert.deepEqual(roles.map(({ responseElements }) => responseElements.role.roleName).sort(), [
    'AWSServiceRoleForCloudTrail',
    'AWSServiceRoleForCloudTrailEventContext',
  ]);
  for (const { userIdentity, recipientAccountId, sourceIPAddress } of roles) {
    assert.deepEqual(userIdentity, { type: 'AWSService', invokedBy: 'cloudtrail.amazonaws.com' });
    assert.deepEqual([recipientAccountId, sourceIPAddress], ['000000000000', 'cloudtrail.amazonaws.com']);
  }
  const [access] = await find('--attribute', 'EventName=CreateRole', '--account', member);
  assert.deepEqual(
    [access?.recipientAccountId, access?.userIdentity, access?.responseElements.role.roleName],
    [
      member,
      { type: 'AWSService', invokedBy: 'organizations.amazonaws.com' },
      'OrganizationAccountAccessRole',
    ],
  );
});
