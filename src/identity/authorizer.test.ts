import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { OrganizationsUnderTest } from '../aws/services/organizations/organizations-under-test.contract.ts';
import { DependencyError } from '../base/dependency-error.ts';
import type { JsonObject } from '../model/cloudtrail-event.ts';
import { MemoryIdentityStore } from '../store/memory/memory-identity-store.ts';
import { type Authorizer, createAuthorizer } from './authorizer.ts';
import {
  HOME,
  IdentityUnderTest,
  OTHER,
  policyOf,
  ROOT_KEY,
  START_MS,
} from './identity-under-test.contract.ts';
import type { Principal } from './principal.ts';
import type { SessionClaims } from './session/session-claims.ts';

let identity: IdentityUnderTest;
let organizations: OrganizationsUnderTest;
let authorizer: Authorizer;
beforeEach(async () => {
  identity = await IdentityUnderTest.open(new MemoryIdentityStore());
  organizations = new OrganizationsUnderTest(identity.store);
  const { store, clock } = identity;
  authorizer = createAuthorizer({ store, clock, organizations: organizations.directory });
});

const allow = (...actions: string[]) => policyOf({ Effect: 'Allow', Action: actions, Resource: '*' });
const deny = (...actions: string[]) => policyOf({ Effect: 'Deny', Action: actions, Resource: '*' });

async function ask(principal: Principal, action: string, resourceArn = '*') {
  const facts = { sourceIPAddress: '192.0.2.7', region: 'us-east-1' };
  return authorizer.authorize({ principal, action, facts }, [{ resourceArn }]);
}

async function alice(members: Parameters<IdentityUnderTest['putUser']>[1]) {
  await identity.putUser('alice', members);
  await identity.putKey('AKIAALICE', 'alice');
  return identity.principal('AKIAALICE');
}

async function session(members: Partial<SessionClaims> = {}) {
  const { accessKeyId, sessionToken } = identity.sessions.issue({
    kind: 'role',
    accountId: HOME,
    roleName: 'Auditor',
    roleId: 'AROAAUDITOR',
    sessionName: 'ci',
    issuedAtMs: START_MS,
    expiresAtMs: START_MS + 3_600_000,
    hasMfa: false,
    tags: [],
    transitiveTagKeys: [],
    policyArns: [],
    ...members,
  });
  return identity.principal(accessKeyId, sessionToken);
}

function managing(accountId: string) {
  return {
    call: <Output>(name: string, input: JsonObject) => organizations.call<Output>(name, input, accountId),
  };
}

describe('an authorizer', () => {
  it('lets a user do what inline, attached and group policies allow, and says why not', async () => {
    const put = (name: string, text: string) =>
      identity.put(
        { kind: 'policy', accountId: HOME, name },
        { versions: [{ versionId: 'v1', document: text }], defaultVersionId: 'v1' },
      );
    await put('team/Tail', allow('opentrail:TailEvents'));
    await identity.put(
      { kind: 'group', accountId: HOME, name: 'readers' },
      {
        inlinePolicies: { look: allow('cloudtrail:LookupEvents') },
        attachedPolicies: ['arn:aws:iam::aws:policy/IAMReadOnlyAccess'],
      },
    );
    const user = await alice({
      inlinePolicies: { list: allow('cloudtrail:ListTrails') },
      attachedPolicies: [`arn:aws:iam::${HOME}:policy/team/Tail`],
      groups: ['readers'],
    });
    for (const action of [
      'cloudtrail:ListTrails',
      'opentrail:TailEvents',
      'cloudtrail:LookupEvents',
      'iam:GetUser',
    ]) {
      assert.equal((await ask(user, action)).isAllowed, true, action);
    }
    const denied = await ask(user, 'iam:DeleteUser', `arn:aws:iam::${HOME}:user/bob`);
    assert.deepEqual(
      [denied.isAllowed, denied.message],
      [
        false,
        `User: arn:aws:iam::${HOME}:user/alice is not authorized to perform: iam:DeleteUser on resource: ` +
          `arn:aws:iam::${HOME}:user/bob because no identity-based policy allows the iam:DeleteUser action`,
      ],
    );
  });

  it('follows every change at once', async () => {
    const user = await alice({ inlinePolicies: { a: allow('cloudtrail:*') } });
    assert.equal((await ask(user, 'cloudtrail:LookupEvents')).isAllowed, true);
    await identity.putUser('alice', {
      inlinePolicies: { a: allow('cloudtrail:*'), b: deny('cloudtrail:*') },
    });
    assert.equal((await ask(user, 'cloudtrail:LookupEvents')).isExplicit, true);
    await identity.putUser('alice');
    assert.equal((await ask(user, 'cloudtrail:LookupEvents')).isAllowed, false);
  });

  it('holds a user within its boundary, and within nothing when that is gone', async () => {
    const policies = { attachedPolicies: ['arn:aws:iam::aws:policy/AdministratorAccess'] };
    const bound = await alice({
      ...policies,
      permissionsBoundary: 'arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess',
    });
    assert.equal((await ask(bound, 'cloudtrail:LookupEvents')).isAllowed, true);
    assert.equal((await ask(bound, 'cloudtrail:DeleteTrail')).decidedBy, 'boundary');
    await identity.putUser('alice', { ...policies, permissionsBoundary: `arn:aws:iam::${HOME}:policy/Gone` });
    assert.equal((await ask(bound, 'cloudtrail:LookupEvents')).decidedBy, 'boundary');
  });

  it('holds a session within its own policies and those of its role', async () => {
    await identity.putRole('Auditor', { inlinePolicies: { a: allow('cloudtrail:*') } });
    const free = await session();
    assert.equal((await ask(free, 'cloudtrail:DeleteTrail')).isAllowed, true);
    const bound = await session({ policy: allow('cloudtrail:LookupEvents', 'iam:*') });
    assert.equal((await ask(bound, 'cloudtrail:LookupEvents')).isAllowed, true);
    assert.equal((await ask(bound, 'cloudtrail:DeleteTrail')).decidedBy, 'session');
    assert.equal((await ask(bound, 'iam:GetUser')).isAllowed, false);
    await identity.putRole('Auditor');
    assert.equal((await ask(free, 'cloudtrail:LookupEvents')).isAllowed, false);
  });

  it('bars sessions of users and root from IAM, and of STS all but assuming roles', async () => {
    await alice({ attachedPolicies: ['arn:aws:iam::aws:policy/AdministratorAccess'] });
    const members = { userName: 'alice', userId: 'AIDAALICE', issuingAccessKeyId: 'AKIAALICE' } as const;
    const own = await session({ kind: 'user', ...members });
    assert.equal((await ask(own, 'iam:ListUsers')).isAllowed, false);
    assert.equal((await ask(own, 'sts:GetSessionToken')).isAllowed, false);
    assert.equal((await ask(own, 'sts:AssumeRole')).isAllowed, true);
    assert.equal((await ask(own, 'cloudtrail:LookupEvents')).isAllowed, true);
    assert.equal(
      (await ask(await session({ kind: 'user', ...members, hasMfa: true }), 'iam:ListUsers')).isAllowed,
      true,
    );
    const federated = await session({ kind: 'federated', ...members, policy: allow('*') });
    assert.equal((await ask(federated, 'cloudtrail:LookupEvents')).isAllowed, true);
    assert.equal((await ask(federated, 'sts:AssumeRole')).isAllowed, false);
  });

  it('lets what is federated do what both its policies and its user allow, and nothing without policies', async () => {
    await alice({ inlinePolicies: { a: allow('cloudtrail:*') } });
    const members = { kind: 'federated', userName: 'alice', userId: 'AIDAALICE' } as const;
    const bare = await session({ ...members, issuingAccessKeyId: 'AKIAALICE' });
    assert.equal((await ask(bare, 'cloudtrail:LookupEvents')).isAllowed, false);
    const ofUser = await session({ ...members, issuingAccessKeyId: 'AKIAALICE', policy: allow('*') });
    assert.equal((await ask(ofUser, 'cloudtrail:LookupEvents')).isAllowed, true);
    assert.equal((await ask(ofUser, 'opentrail:TailEvents')).isAllowed, false);
    const ofRoot = await session({
      kind: 'federated',
      issuingAccessKeyId: ROOT_KEY.accessKeyId,
      policy: allow('opentrail:*'),
    });
    assert.equal((await ask(ofRoot, 'opentrail:TailEvents')).isAllowed, true);
    assert.equal((await ask(ofRoot, 'cloudtrail:LookupEvents')).isAllowed, false);
  });

  it('lets the root do everything in its account and nothing in another', async () => {
    const root = await identity.principal(ROOT_KEY.accessKeyId);
    assert.equal((await ask(root, 'iam:DeleteUser', `arn:aws:iam::${HOME}:user/bob`)).isAllowed, true);
    assert.equal((await ask(root, 'iam:DeleteUser', `arn:aws:iam::${OTHER}:user/bob`)).isAllowed, false);
  });

  it('holds all principals of a member, its root too, within what the organization allows', async () => {
    const { call } = managing(HOME);
    await call('CreateOrganization', {});
    const created = await call<{ CreateAccountStatus: { AccountId: string } }>('CreateAccount', {
      AccountName: 'member',
      Email: 'member@example.com',
    });
    const accountId = created.CreateAccountStatus.AccountId;
    const { Roots } = await call<{ Roots: { Id: string }[] }>('ListRoots', {});
    await identity.putKey('AKIAMEMBERROOT', undefined, {}, accountId);
    const memberRoot = await identity.principal('AKIAMEMBERROOT');
    assert.equal((await ask(memberRoot, 'cloudtrail:DeleteTrail')).isAllowed, true);
    const { Policy } = await call<{ Policy: { PolicySummary: { Id: string } } }>('CreatePolicy', {
      Name: 'keep',
      Description: '',
      Type: 'SERVICE_CONTROL_POLICY',
      Content: deny('cloudtrail:DeleteTrail'),
    });
    await call('EnablePolicyType', { RootId: Roots[0]?.Id ?? '', PolicyType: 'SERVICE_CONTROL_POLICY' });
    await call('AttachPolicy', { PolicyId: Policy.PolicySummary.Id, TargetId: Roots[0]?.Id ?? '' });
    const denied = await ask(memberRoot, 'cloudtrail:DeleteTrail');
    assert.match(denied.message, /with an explicit deny in a service control policy$/);
    assert.equal((await ask(memberRoot, 'cloudtrail:LookupEvents')).isAllowed, true);
    const manager = await identity.principal(ROOT_KEY.accessKeyId);
    assert.equal((await ask(manager, 'cloudtrail:DeleteTrail')).isAllowed, true);
  });

  it('asks about each resource, and tells the first that is denied', async () => {
    const arn = (name: string) => `arn:aws:cloudtrail:us-east-1:${HOME}:trail/${name}`;
    const user = await alice({
      inlinePolicies: { a: policyOf({ Effect: 'Allow', Action: '*', Resource: [arn('a'), arn('c')] }) },
    });
    const question = { principal: user, action: 'cloudtrail:GetTrail', facts: {} };
    const asked = async (...names: string[]) =>
      authorizer.authorize(
        question,
        names.map((name) => ({ resourceArn: arn(name) })),
      );
    assert.equal((await asked('a', 'c')).isAllowed, true);
    const denied = await asked('a', 'b', 'c');
    assert.equal(denied.isAllowed, false);
    assert.ok(denied.message.includes(arn('b')));
  });

  it('gives policies the address, Region, tags and organization of a call to ask for', async () => {
    const condition = {
      IpAddress: { 'aws:SourceIp': '192.0.2.0/24' },
      StringEquals: {
        'aws:RequestedRegion': 'us-east-1',
        'aws:PrincipalTag/team': 'blue',
        'aws:ResourceTag/team': 'blue',
        'aws:ResourceAccount': HOME,
      },
      Bool: { 'aws:SecureTransport': 'true' },
    };
    const statement = { Effect: 'Allow', Action: '*', Resource: '*', Condition: condition };
    const user = await alice({
      inlinePolicies: { a: policyOf(statement) },
      tags: [{ key: 'team', value: 'blue' }],
    });
    const facts = { sourceIPAddress: '192.0.2.7', region: 'us-east-1', isSecure: true };
    const resource = { resourceArn: '*', resourceTags: new Map([['team', 'blue']]) };
    const isAllowed = async (given: object, on: object = {}) =>
      (
        await authorizer.authorize(
          { principal: user, action: 'cloudtrail:GetTrail', facts: { ...facts, ...given } },
          [{ ...resource, ...on }],
        )
      ).isAllowed;
    assert.equal(await isAllowed({}), true);
    assert.equal(await isAllowed({ sourceIPAddress: '198.51.100.1' }), false);
    assert.equal(await isAllowed({ region: 'eu-west-1' }), false);
    assert.equal(await isAllowed({ isSecure: false }), false);
    assert.equal(await isAllowed({}, { resourceTags: new Map([['team', 'red']]) }), false);
  });

  it('refuses to decide without a policy that it cannot understand', async () => {
    const user = await alice({ inlinePolicies: { a: allow('*'), b: '{"Statement": "torn' } });
    await assert.rejects(ask(user, 'cloudtrail:GetTrail'), DependencyError);
  });
});
