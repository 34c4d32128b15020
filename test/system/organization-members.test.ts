import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreateUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import {
  AttachPolicyCommand,
  CloseAccountCommand,
  CreateAccountCommand,
  CreateOrganizationCommand,
  CreatePolicyCommand,
  DescribeOrganizationCommand,
  DetachPolicyCommand,
  EnablePolicyTypeCommand,
  LeaveOrganizationCommand,
  ListAccountsCommand,
  ListRootsCommand,
  OrganizationsClient,
} from '@aws-sdk/client-organizations';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

const root: Key = {
  accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
  secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
};
let server: OpenTrailServer;
/** A user of the management account who may do everything in it; its root may not assume roles. */
let admin: Key;

before(async () => {
  server = await OpenTrailServer.start();
  const iam = new IAMClient(options(root));
  await iam.send(new CreateUserCommand({ UserName: 'admin' }));
  const PolicyArn = 'arn:aws:iam::aws:policy/AdministratorAccess';
  await iam.send(new AttachUserPolicyCommand({ UserName: 'admin', PolicyArn }));
  const { AccessKey: key } = await iam.send(new CreateAccessKeyCommand({ UserName: 'admin' }));
  admin = { accessKeyId: key?.AccessKeyId ?? '', secretAccessKey: key?.SecretAccessKey ?? '' };
  const organizations = new OrganizationsClient(options(admin));
  await organizations.send(new CreateOrganizationCommand({}));
  const { Roots: roots } = await organizations.send(new ListRootsCommand({}));
  await organizations.send(
    new EnablePolicyTypeCommand({ RootId: roots?.[0]?.Id, PolicyType: 'SERVICE_CONTROL_POLICY' }),
  );
});
after(() => server.stop());

function options(credentials: Key) {
  return { endpoint: server.endpoint, region: 'us-east-1', credentials, maxAttempts: 1 };
}

/** A new account of the organization, and a session of the role that came with it. */
async function newMember(name: string): Promise<{ readonly accountId: string; readonly key: Key }> {
  const organizations = new OrganizationsClient(options(admin));
  const created = await organizations.send(
    new CreateAccountCommand({ Email: `${name}@example.com`, AccountName: name }),
  );
  const accountId = created.CreateAccountStatus?.AccountId ?? '';
  return { accountId, key: await assume(accountId) };
}

async function assume(accountId: string): Promise<Key> {
  const { Credentials: given } = await new STSClient(options(admin)).send(
    new AssumeRoleCommand({
      RoleArn: `arn:aws:iam::${accountId}:role/OrganizationAccountAccessRole`,
      RoleSessionName: 'admin',
    }),
  );
  return {
    accessKeyId: given?.AccessKeyId ?? '',
    secretAccessKey: given?.SecretAccessKey ?? '',
    sessionToken: given?.SessionToken ?? '',
  };
}

function lookup(key: Key): Promise<unknown> {
  return new CloudTrailClient(options(key)).send(new LookupEventsCommand({ MaxResults: 1 }));
}

describe('a member of an organization', () => {
  test('is administered by the role that came with it, and sees its organization but not the others in it', async () => {
    const { accountId, key } = await newMember('one');
    const organizations = new OrganizationsClient(options(key));
    const { Organization: found } = await organizations.send(new DescribeOrganizationCommand({}));
    assert.notEqual(found?.MasterAccountId, accountId);
    await assert.rejects(organizations.send(new ListAccountsCommand({})), { name: 'AccessDeniedException' });
    await assert.rejects(organizations.send(new CloseAccountCommand({ AccountId: accountId })), {
      name: 'AccessDeniedException',
    });
    await lookup(key);
  });

  test('is bound by service-control policies from the moment that they are attached', async () => {
    const { accountId, key } = await newMember('two');
    const organizations = new OrganizationsClient(options(admin));
    const Content = JSON.stringify({
      Version: '2012-10-17',
      Statement: [{ Effect: 'Deny', Action: 'cloudtrail:LookupEvents', Resource: '*' }],
    });
    const { Policy: policy } = await organizations.send(
      new CreatePolicyCommand({ Name: 'blind', Description: '', Type: 'SERVICE_CONTROL_POLICY', Content }),
    );
    const attachment = { PolicyId: policy?.PolicySummary?.Id, TargetId: accountId };
    await lookup(key);
    await organizations.send(new AttachPolicyCommand(attachment));
    await assert.rejects(lookup(key), /explicit deny in a service control policy/);
    await organizations.send(new DetachPolicyCommand(attachment));
    await lookup(key);
  });

  test('has its sessions refused from the moment that its account is closed', async () => {
    const { accountId, key } = await newMember('three');
    await lookup(key);
    await new OrganizationsClient(options(admin)).send(new CloseAccountCommand({ AccountId: accountId }));
    await assert.rejects(lookup(key));
    await assert.rejects(assume(accountId));
  });

  test('leaves by itself, and stands alone from then on', async () => {
    const { key } = await newMember('four');
    const organizations = new OrganizationsClient(options(key));
    await organizations.send(new LeaveOrganizationCommand({}));
    await assert.rejects(organizations.send(new DescribeOrganizationCommand({})), {
      name: 'AWSOrganizationsNotInUseException',
    });
    await lookup(key);
  });
});
