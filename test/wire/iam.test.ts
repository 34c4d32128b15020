import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import * as sdk from '@aws-sdk/client-iam';
import * as org from '@aws-sdk/client-organizations';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { aws } from '../harness/aws-cli.ts';
import { clientEnvironment, OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';
import { needsProgram } from '../harness/programs.ts';

const account = '000000000000';
const allowAll = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iam:*', Resource: '*' }],
});
const trust = JSON.stringify({
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'sts:AssumeRole' },
  ],
});

let server: OpenTrailServer;
let root: sdk.IAMClient;

before(async () => {
  server = await OpenTrailServer.start({ flags: ['--account', account] });
  root = clientOf(TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID, TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY);
});
after(async () => {
  root.destroy();
  await server.stop();
});

function clientOf(accessKeyId: string, secretAccessKey: string): sdk.IAMClient {
  return new sdk.IAMClient({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey },
    maxAttempts: 1,
  });
}

/** What the real CLI answers. */
async function cli<Answer = Record<string, unknown>>(...args: string[]): Promise<Answer> {
  const { status, stdout, stderr } = await aws(['iam', ...args], clientEnvironment(server.endpoint));
  if (status !== 0) throw new Error(stderr);
  return (stdout.trim() === '' ? {} : JSON.parse(stdout)) as Answer;
}

async function failure(
  call: Promise<unknown>,
): Promise<{ name: string; status: number | undefined; message: string }> {
  const error: { name: string; message: string; $metadata: { httpStatusCode?: number } } = await call.then(
    () => assert.fail('the call succeeded'),
    (cause) => cause,
  );
  return { name: error.name, status: error.$metadata.httpStatusCode, message: error.message };
}

/** The records of that event; asked for until there are so many. */
async function recordsOf(eventName: string, count: number): Promise<string[]> {
  const client = new CloudTrailClient({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: {
      accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
      secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
    },
  });
  const LookupAttributes = [{ AttributeKey: 'EventName', AttributeValue: eventName } as const];
  const deadlineMs = Date.now() + 20_000;
  try {
    for (;;) {
      const { Events = [] } = await client.send(new LookupEventsCommand({ LookupAttributes }));
      if (Events.length >= count) return Events.map(({ CloudTrailEvent = '' }) => CloudTrailEvent);
      assert.ok(Date.now() < deadlineMs, `${count} records of ${eventName} can be looked up`);
    }
  } finally {
    client.destroy();
  }
}

describe('The SDK', () => {
  test('makes a user with a key, and the key may what its policies allow', async () => {
    const { User } = await root.send(
      new sdk.CreateUserCommand({
        UserName: 'alice',
        Path: '/team/',
        Tags: [{ Key: 'Größe', Value: '1  2' }],
      }),
    );
    assert.equal(User?.Arn, `arn:aws:iam::${account}:user/team/alice`);
    assert.ok(User?.CreateDate instanceof Date);
    const { AccessKey } = await root.send(new sdk.CreateAccessKeyCommand({ UserName: 'alice' }));
    const alice = clientOf(AccessKey?.AccessKeyId ?? '', AccessKey?.SecretAccessKey ?? '');
    const denied = await failure(alice.send(new sdk.GetUserCommand({})));
    assert.deepEqual([denied.name, denied.status], ['AccessDenied', 403]);
    assert.match(
      denied.message,
      /user\/team\/alice is not authorized to perform: iam:GetUser on resource: .*user\/team\/alice/,
    );
    await root.send(
      new sdk.PutUserPolicyCommand({ UserName: 'alice', PolicyName: 'all', PolicyDocument: allowAll }),
    );
    const { User: self } = await alice.send(new sdk.GetUserCommand({}));
    assert.deepEqual(
      [self?.UserName, self?.UserId, self?.Tags],
      ['alice', User?.UserId, [{ Key: 'Größe', Value: '1  2' }]],
    );
    await root.send(
      new sdk.UpdateAccessKeyCommand({
        UserName: 'alice',
        AccessKeyId: AccessKey?.AccessKeyId,
        Status: 'Inactive',
      }),
    );
    assert.equal((await failure(alice.send(new sdk.GetUserCommand({})))).status, 403);
    alice.destroy();
  });

  test('reads roles, policies and versions as they were written', async () => {
    const { Role } = await root.send(
      new sdk.CreateRoleCommand({
        RoleName: 'Reader',
        AssumeRolePolicyDocument: trust,
        Description: "l'été <&>",
      }),
    );
    assert.equal(decodeURIComponent(Role?.AssumeRolePolicyDocument ?? ''), trust);
    const { Policy } = await root.send(
      new sdk.CreatePolicyCommand({ PolicyName: 'p', PolicyDocument: allowAll }),
    );
    const PolicyArn = Policy?.Arn ?? '';
    await root.send(
      new sdk.CreatePolicyVersionCommand({ PolicyArn, PolicyDocument: allowAll, SetAsDefault: true }),
    );
    await root.send(new sdk.AttachRolePolicyCommand({ RoleName: 'Reader', PolicyArn }));
    const { PolicyVersion } = await root.send(
      new sdk.GetPolicyVersionCommand({ PolicyArn, VersionId: 'v2' }),
    );
    assert.equal(decodeURIComponent(PolicyVersion?.Document ?? ''), allowAll);
    assert.equal(PolicyVersion?.IsDefaultVersion, true);
    const { Role: read } = await root.send(new sdk.GetRoleCommand({ RoleName: 'Reader' }));
    assert.deepEqual([read?.Description, read?.MaxSessionDuration], ["l'été <&>", 3_600]);
    const { PolicyRoles } = await root.send(new sdk.ListEntitiesForPolicyCommand({ PolicyArn }));
    assert.deepEqual(
      PolicyRoles?.map(({ RoleName }) => RoleName),
      ['Reader'],
    );
    const { SummaryMap } = await root.send(new sdk.GetAccountSummaryCommand({}));
    assert.equal(SummaryMap?.RolesQuota, 1_000);
    const details = await root.send(new sdk.GetAccountAuthorizationDetailsCommand({ Filter: ['Role'] }));
    assert.deepEqual(
      details.RoleDetailList?.map(({ RoleName }) => RoleName),
      ['Reader'],
    );
    const { EvaluationResults } = await root.send(
      new sdk.SimulatePrincipalPolicyCommand({
        PolicySourceArn: Role?.Arn,
        ActionNames: ['iam:GetUser', 's3:GetObject'],
      }),
    );
    assert.deepEqual(
      EvaluationResults?.map(({ EvalDecision }) => EvalDecision),
      ['allowed', 'implicitDeny'],
    );
  });

  test('is told errors as exceptions of their own, with status and sentence', async () => {
    const expected: [() => Promise<unknown>, string, number, RegExp][] = [
      [
        () => root.send(new sdk.GetUserCommand({ UserName: 'nobody' })),
        'NoSuchEntityException',
        404,
        /nobody cannot be found/,
      ],
      [
        () => root.send(new sdk.CreateGroupCommand({ GroupName: 'a b' })),
        'ValidationError',
        400,
        /groupName is invalid/,
      ],
      [
        () => root.send(new sdk.CreatePolicyCommand({ PolicyName: 'x', PolicyDocument: '{' })),
        'MalformedPolicyDocumentException',
        400,
        /./,
      ],
      [
        () => root.send(new sdk.GetPolicyCommand({ PolicyArn: 'arn:aws:s3:::a-bucket-of-mine' })),
        'InvalidInputException',
        400,
        /is not valid/,
      ],
      [
        () => root.send(new sdk.CreateVirtualMFADeviceCommand({ VirtualMFADeviceName: 'm' })),
        'InvalidAction',
        400,
        /no operation/,
      ],
    ];
    for (const [call, name, status, message] of expected) {
      const error = await failure(call());
      assert.deepEqual([error.name, error.status], [name, status]);
      assert.match(error.message, message);
    }
  });

  test('pages through users without a gap', async () => {
    for (let n = 0; n < 5; n++)
      await root.send(new sdk.CreateUserCommand({ UserName: `page${n}`, Path: '/page/' }));
    const found: (string | undefined)[] = [];
    const pages = sdk.paginateListUsers({ client: root, pageSize: 2 }, { PathPrefix: '/page/' });
    for await (const { Users = [] } of pages) found.push(...Users.map(({ UserName }) => UserName));
    assert.deepEqual(found, ['page0', 'page1', 'page2', 'page3', 'page4']);
  });

  test('leaves no secret and no password in what is kept, recorded or said', async () => {
    const words = ['Unmistakable-Passw0rd', 'Unmistakably-An0ther', 'unmistakably-weak'];
    await root.send(new sdk.CreateUserCommand({ UserName: 'carol' }));
    await root.send(
      new sdk.PutUserPolicyCommand({ UserName: 'carol', PolicyName: 'all', PolicyDocument: allowAll }),
    );
    const { AccessKey } = await root.send(new sdk.CreateAccessKeyCommand({ UserName: 'carol' }));
    const secret = AccessKey?.SecretAccessKey ?? '';
    assert.equal(secret.length, 40);
    const [Password, NewPassword, weak] = words;
    const UserName = 'carol';
    await root.send(new sdk.CreateLoginProfileCommand({ UserName, Password }));
    await failure(root.send(new sdk.UpdateLoginProfileCommand({ UserName, Password: weak })));
    const carol = clientOf(AccessKey?.AccessKeyId ?? '', secret);
    await carol.send(new sdk.ChangePasswordCommand({ OldPassword: Password, NewPassword }));
    await failure(
      carol.send(new sdk.ChangePasswordCommand({ OldPassword: `${weak}\u0000`, NewPassword: weak })),
    );
    carol.destroy();
    const records = await recordsOf('ChangePassword', 2);
    for (const name of ['CreateAccessKey', 'CreateLoginProfile', 'UpdateLoginProfile']) {
      records.push(...(await recordsOf(name, 1)));
    }
    for (const needle of [secret, ...words]) {
      assert.equal(records.join().includes(needle), false, 'no record holds it');
      const hits = execFileSync('sh', [
        '-c',
        'grep -rlaF -- "$0" "$1" || true',
        needle,
        server.dataDir,
      ]).toString();
      assert.equal(hits, '', 'no file of the data directory holds it');
      assert.equal(server.output.text.includes(needle), false, 'no line of the log holds it');
    }
  });
});

describe('A simulation in a member account', () => {
  test('tells that the organization does not allow what the policies of the role do', async () => {
    const rootKey = {
      endpoint: server.endpoint,
      region: 'us-east-1',
      credentials: {
        accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
        secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
      },
    };
    const organizations = new org.OrganizationsClient(rootKey);
    await organizations.send(new org.CreateOrganizationCommand({}));
    const { Roots } = await organizations.send(new org.ListRootsCommand({}));
    const PolicyType = 'SERVICE_CONTROL_POLICY';
    await organizations.send(new org.EnablePolicyTypeCommand({ RootId: Roots?.[0]?.Id, PolicyType }));
    const { CreateAccountStatus } = await organizations.send(
      new org.CreateAccountCommand({ Email: 'dev@example.com', AccountName: 'dev' }),
    );
    const TargetId = CreateAccountStatus?.AccountId ?? '';
    const Statement = { Effect: 'Deny', Action: 's3:*', Resource: '*' };
    const { Policy } = await organizations.send(
      new org.CreatePolicyCommand({
        Name: 'no-s3',
        Description: '',
        Type: PolicyType,
        Content: JSON.stringify({ Version: '2012-10-17', Statement }),
      }),
    );
    const PolicyId = Policy?.PolicySummary?.Id;
    await organizations.send(new org.AttachPolicyCommand({ PolicyId, TargetId }));
    const RoleArn = `arn:aws:iam::${TargetId}:role/OrganizationAccountAccessRole`;
    // The root cannot assume roles, so a user does.
    await root.send(new sdk.CreateUserCommand({ UserName: 'assumer' }));
    const assume = JSON.stringify({
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Action: 'sts:AssumeRole', Resource: RoleArn },
    });
    await root.send(
      new sdk.PutUserPolicyCommand({ UserName: 'assumer', PolicyName: 'p', PolicyDocument: assume }),
    );
    const { AccessKey } = await root.send(new sdk.CreateAccessKeyCommand({ UserName: 'assumer' }));
    const credentials = {
      accessKeyId: AccessKey?.AccessKeyId ?? '',
      secretAccessKey: AccessKey?.SecretAccessKey ?? '',
    };
    const assumer = new STSClient({ ...rootKey, credentials });
    const { Credentials } = await assumer.send(new AssumeRoleCommand({ RoleArn, RoleSessionName: 'me' }));
    const member = new sdk.IAMClient({
      ...rootKey,
      credentials: {
        accessKeyId: Credentials?.AccessKeyId ?? '',
        secretAccessKey: Credentials?.SecretAccessKey ?? '',
        sessionToken: Credentials?.SessionToken ?? '',
      },
    });
    const { EvaluationResults } = await member.send(
      new sdk.SimulatePrincipalPolicyCommand({
        PolicySourceArn: RoleArn,
        ActionNames: ['s3:GetObject', 'iam:GetUser'],
      }),
    );
    assert.deepEqual(
      EvaluationResults?.map(({ EvalDecision, OrganizationsDecisionDetail: detail }) => [
        EvalDecision,
        detail?.AllowedByOrganizations,
      ]),
      [
        ['explicitDeny', false],
        ['allowed', true],
      ],
    );
    for (const client of [organizations, assumer, member]) client.destroy();
  });
});

describe('The AWS CLI', () => {
  test('manages users, groups and policies', async (context) => {
    if (!needsProgram(context, 'aws')) return;
    await cli('create-group', '--group-name', 'ops');
    await cli('create-user', '--user-name', 'dave', '--tags', 'Key=team,Value=ops');
    await cli('add-user-to-group', '--group-name', 'ops', '--user-name', 'dave');
    await cli('put-group-policy', '--group-name', 'ops', '--policy-name', 'p', '--policy-document', allowAll);
    const { PolicyDocument } = await cli('get-group-policy', '--group-name', 'ops', '--policy-name', 'p');
    assert.deepEqual(PolicyDocument, JSON.parse(allowAll), 'the CLI decodes the document');
    const { Users } = await cli<{ Users: { UserName: string }[] }>('get-group', '--group-name', 'ops');
    assert.deepEqual(
      Users.map(({ UserName }) => UserName),
      ['dave'],
    );
    const { Groups } = await cli<{ Groups: { GroupName: string }[] }>(
      'list-groups-for-user',
      '--user-name',
      'dave',
    );
    assert.deepEqual(
      Groups.map(({ GroupName }) => GroupName),
      ['ops'],
    );
    await cli('create-account-alias', '--account-alias', 'my-trail');
    assert.deepEqual(await cli('list-account-aliases'), { AccountAliases: ['my-trail'] });
    await assert.rejects(
      cli('delete-user', '--user-name', 'dave'),
      /\(DeleteConflict\).*must remove users from group first/,
    );
  });
});
