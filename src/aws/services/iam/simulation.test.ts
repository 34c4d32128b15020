import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import { accountId, allowAll, foreignRoot, IamUnderTest, pluck } from './iam-under-test.contract.ts';

const policy = (Effect: string, Action: string, more: object = {}) =>
  JSON.stringify({ Version: '2012-10-17', Statement: [{ Effect, Action, Resource: '*', ...more }] });

async function decisions(iam: IamUnderTest, name: string, input: JsonObject): Promise<unknown[]> {
  return pluck((await iam.call(name, input)).EvaluationResults, 'EvalDecision');
}

const PolicySourceArn = `arn:aws:iam::${accountId}:user/bob`;

async function withBob(): Promise<IamUnderTest> {
  const iam = new IamUnderTest(new MemoryIdentityStore());
  await iam.createUser('bob', { Tags: [{ Key: 'team', Value: 'red' }] });
  return iam;
}

describe('SimulateCustomPolicy', () => {
  test('tells what the policies say of each action and resource, and where', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    const { EvaluationResults } = await iam.call('SimulateCustomPolicy', {
      PolicyInputList: [policy('Allow', 's3:Get*'), policy('Deny', 's3:GetObjectAcl')],
      ActionNames: ['s3:GetObject', 's3:GetObjectAcl', 's3:PutObject'],
      ResourceArns: ['arn:aws:s3:::b/k'],
    });
    assert.deepEqual(pluck(EvaluationResults, 'EvalDecision'), ['allowed', 'explicitDeny', 'implicitDeny']);
    const [first] = EvaluationResults as unknown as Record<string, unknown>[];
    assert.deepEqual(first, {
      EvalActionName: 's3:GetObject',
      EvalResourceName: 'arn:aws:s3:::b/k',
      EvalDecision: 'allowed',
      MatchedStatements: [
        {
          SourcePolicyId: 'PolicyInputList.1',
          SourcePolicyType: 'IAM Policy',
          StartPosition: { Line: 1, Column: 38 },
          EndPosition: { Line: 1, Column: 90 },
        },
      ],
      MissingContextValues: [],
    });
  });

  test('takes context, boundary and pages', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    const fromHome = { Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } } };
    const input = { PolicyInputList: [policy('Allow', '*', fromHome)], ActionNames: ['s3:GetObject'] };
    const { EvaluationResults } = await iam.call('SimulateCustomPolicy', input);
    assert.deepEqual(pluck(EvaluationResults, 'MissingContextValues'), [['aws:SourceIp']]);
    const ContextEntries = [
      { ContextKeyName: 'AWS:sourceip', ContextKeyValues: ['192.0.2.9'], ContextKeyType: 'ip' },
    ];
    assert.deepEqual(await decisions(iam, 'SimulateCustomPolicy', { ...input, ContextEntries }), ['allowed']);
    const bounded = {
      ...input,
      ContextEntries,
      PermissionsBoundaryPolicyInputList: [policy('Allow', 'iam:*')],
    };
    const answer = await iam.call('SimulateCustomPolicy', bounded);
    assert.deepEqual(pluck(answer.EvaluationResults, 'EvalDecision'), ['implicitDeny']);
    assert.deepEqual(pluck(answer.EvaluationResults, 'PermissionsBoundaryDecisionDetail'), [
      { AllowedByPermissionsBoundary: false },
    ]);
    const many = {
      PolicyInputList: [allowAll],
      ActionNames: ['s3:GetObject'],
      ResourceArns: ['a', 'b', 'c'].map((k) => `arn:aws:s3:::b/${k}`),
    };
    const first = await iam.call('SimulateCustomPolicy', { ...many, MaxItems: 2 });
    const rest = await iam.call('SimulateCustomPolicy', { ...many, Marker: first.Marker ?? '' });
    assert.deepEqual(pluck(rest.EvaluationResults, 'EvalResourceName'), ['arn:aws:s3:::b/c']);
  });

  test('refuses what is no policy, no caller and too much, as input that is wrong', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    const input = { PolicyInputList: [allowAll], ActionNames: ['s3:GetObject'] };
    const resourcePolicy = policy('Allow', '*', { Principal: '*' });
    const wrong: [JsonObject, string, RegExp][] = [
      [{ ...input, PolicyInputList: ['{'] }, '400 InvalidInput', /./],
      [{ ...input, ResourcePolicy: resourcePolicy }, '400 InvalidInput', /CallerArn is required/],
      [{ ...input, CallerArn: 'arn:aws:s3:::bucket' }, '400 InvalidInput', /Invalid Entity Arn/],
      [{ ...input, ResourceOwner: 'me' }, '400 InvalidInput', /resource owner/],
      [{ PolicyInputList: [allowAll] }, '400 ValidationError', /actionNames/],
      [{ ActionNames: ['s3:GetObject'] }, '400 ValidationError', /policyInputList/],
      [
        {
          ...input,
          ActionNames: Array(500).fill('s3:GetObject'),
          ResourceArns: Array(500).fill('arn:aws:s3:::b'),
        },
        '400 InvalidInput',
        /At most 200000/,
      ],
    ];
    for (const [members, code, message] of wrong) {
      await iam.refuses('SimulateCustomPolicy', members, [code, message]);
    }
  });
});

describe('SimulatePrincipalPolicy', () => {
  test('takes everything that a user has: own, managed, of groups, and the boundary', async () => {
    const iam = await withBob();
    const ask = (...ActionNames: string[]) =>
      decisions(iam, 'SimulatePrincipalPolicy', { PolicySourceArn, ActionNames });
    const asked = ['s3:GetObject', 'iam:ListUsers', 'cloudtrail:LookupEvents'];
    assert.deepEqual(await ask(...asked), ['implicitDeny', 'implicitDeny', 'implicitDeny']);
    await iam.call('PutUserPolicy', {
      UserName: 'bob',
      PolicyName: 'p',
      PolicyDocument: policy('Allow', 's3:GetObject'),
    });
    await iam.createGroup('ops');
    await iam.call('AddUserToGroup', { UserName: 'bob', GroupName: 'ops' });
    await iam.call('AttachGroupPolicy', {
      GroupName: 'ops',
      PolicyArn: 'arn:aws:iam::aws:policy/IAMReadOnlyAccess',
    });
    const PolicyArn = await iam.createPolicy('trail', { PolicyDocument: policy('Allow', 'cloudtrail:*') });
    await iam.call('AttachUserPolicy', { UserName: 'bob', PolicyArn });
    assert.deepEqual(await ask(...asked), ['allowed', 'allowed', 'allowed']);
    await iam.call('PutUserPermissionsBoundary', { UserName: 'bob', PermissionsBoundary: PolicyArn });
    assert.deepEqual(await ask(...asked), ['implicitDeny', 'implicitDeny', 'allowed']);
    const override = { PolicySourceArn, ActionNames: asked, PermissionsBoundaryPolicyInputList: [allowAll] };
    assert.deepEqual(await decisions(iam, 'SimulatePrincipalPolicy', override), [
      'allowed',
      'allowed',
      'allowed',
    ]);
    const denied = { PolicySourceArn, ActionNames: asked, PolicyInputList: [policy('Deny', '*')] };
    assert.deepEqual(await decisions(iam, 'SimulatePrincipalPolicy', denied), Array(3).fill('explicitDeny'));
  });

  test('knows the name and the tags of the user', async () => {
    const iam = await withBob();
    const Condition = { StringEquals: { 'aws:username': 'bob', 'aws:PrincipalTag/team': 'red' } };
    const PolicyDocument = policy('Allow', 's3:*', { Condition });
    await iam.call('PutUserPolicy', { UserName: 'bob', PolicyName: 'p', PolicyDocument });
    const input = { PolicySourceArn, ActionNames: ['s3:GetObject'] };
    assert.deepEqual(await decisions(iam, 'SimulatePrincipalPolicy', input), ['allowed']);
  });

  test('takes roles and groups too', async () => {
    const iam = await withBob();
    await iam.createRole('Admin');
    await iam.createGroup('ops');
    await iam.call('PutRolePolicy', {
      RoleName: 'Admin',
      PolicyName: 'p',
      PolicyDocument: policy('Allow', 's3:*'),
    });
    await iam.call('PutGroupPolicy', {
      GroupName: 'ops',
      PolicyName: 'p',
      PolicyDocument: policy('Allow', 'iam:*'),
    });
    const ActionNames = ['s3:GetObject', 'iam:ListUsers'];
    const of = (resource: string) =>
      decisions(iam, 'SimulatePrincipalPolicy', {
        PolicySourceArn: `arn:aws:iam::${accountId}:${resource}`,
        ActionNames,
      });
    assert.deepEqual(await of('role/Admin'), ['allowed', 'implicitDeny']);
    assert.deepEqual(await of('group/ops'), ['implicitDeny', 'allowed']);
  });

  test('refuses who is not there, is of another account, or is nobody', async () => {
    const iam = await withBob();
    const input = { ActionNames: ['s3:GetObject'] };
    const none = { ...input, PolicySourceArn: `arn:aws:iam::${accountId}:user/none` };
    await iam.refuses('SimulatePrincipalPolicy', none, [
      '404 NoSuchEntity',
      'The user with name none cannot be found.',
    ]);
    const invalid = ['400 InvalidInput', /does not clearly define entity type and name/] as const;
    await iam.refuses('SimulatePrincipalPolicy', { ...input, PolicySourceArn }, invalid, foreignRoot);
    for (const arn of [
      `arn:aws:iam::${accountId}:root`,
      `arn:aws:iam::${accountId}:policy/bob`,
      'arn:aws:s3:::bucket/key',
    ]) {
      await iam.refuses('SimulatePrincipalPolicy', { ...input, PolicySourceArn: arn }, invalid);
    }
  });
});
