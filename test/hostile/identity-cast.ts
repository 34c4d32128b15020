import { join } from 'node:path';
import type { MasterKeyRing } from '../../src/identity/secrets/master-key.ts';
import { MasterKeyFile } from '../../src/identity/secrets/master-key-file.ts';
import { createSessionTokens } from '../../src/identity/session/session-tokens.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';
import { type Credential, credentialsOf, jsonCall, queryCall, xmlText } from './identity-call.ts';
import { allow, type IdentityWorld, MANAGEMENT, policyOf, ROOT, trustOf } from './identity-world.ts';

/** Whoever takes part: a key, and where it belongs. */
export interface Actor {
  readonly name: string;
  readonly accountId: string;
  readonly key: Credential;
}

/** Text that is kept in an account and sent by nobody else: whoever is answered with it has seen what it may not. */
export type Canaries = ReadonlyMap<string, string>;

/** The accounts and principals of the play. */
export interface Cast {
  /** May do everything in the management account; not root. */
  readonly chief: Actor;
  /** Administrators of the account that is attacked, of the attackers' own, and of one that a policy of the organization binds. */
  readonly victimAdmin: Actor;
  readonly eve: Actor;
  readonly bound: Actor;
  /** Users of the attacked account, by name. */
  readonly users: ReadonlyMap<string, Actor>;
  readonly victimId: string;
  readonly canaries: Canaries;
  readonly policyArn: string;
  /** Credentials that were good once. */
  readonly expired: readonly Credential[];
  /** What IAM kept of the bound account before it was bound, and the id of the policy that binds it. */
  readonly beforeBinding: string;
  readonly scpPolicyId: string;
}

const SELF = 'arn:aws:iam::*:user/$' + '{aws:username}';
const tagged = (value: string) => ({ 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': value });

/** Makes everybody, through the API that an administrator has. */
export async function assemble(world: IdentityWorld): Promise<Cast> {
  const chiefKey = await world.createOrganization();
  const chief = { name: 'chief', accountId: MANAGEMENT, key: chiefKey };
  const victim = await world.createMember(chiefKey, 'victim');
  const other = await world.createMember(chiefKey, 'other');
  const bound = await world.createMember(chiefKey, 'bound');
  const canaries = new Map(
    [victim, other, bound].map(({ accountId }) => [accountId, `canary-${accountId.slice(0, 6)}-x7`]),
  );
  canaries.set(MANAGEMENT, 'canary-management-x7');
  for (const [admin, accountId] of [
    [ROOT, MANAGEMENT],
    [other.admin, other.accountId],
    [bound.admin, bound.accountId],
  ] as const) {
    await world.createUser(admin, 'target', {}, tagged(canaries.get(accountId) ?? ''));
  }
  const eve = await world.createUser(other.admin, 'eve', { all: allow('*') });
  const users = await assembleVictim(world, { ...victim, canary: canaries.get(victim.accountId) ?? '' });
  const beforeBinding = await world.dump(bound.admin);
  const scpPolicyId = await bindAccount(world, bound.accountId);
  return {
    chief,
    victimAdmin: { name: 'victim admin', accountId: victim.accountId, key: victim.admin },
    eve: { name: 'eve', accountId: other.accountId, key: eve },
    bound: { name: 'bound admin', accountId: bound.accountId, key: bound.admin },
    users,
    victimId: victim.accountId,
    canaries,
    policyArn: `arn:aws:iam::${victim.accountId}:policy/shared`,
    expired: await issueExpired(world, victim),
    beforeBinding,
    scpPolicyId,
  };
}

type Policies = Readonly<Record<string, string>>;

async function assembleVictim(
  world: IdentityWorld,
  {
    admin,
    accountId,
    canary,
  }: { readonly admin: Credential; readonly accountId: string; readonly canary: string },
): Promise<Map<string, Actor>> {
  const actors = new Map<string, Actor>();
  const arn = (resource: string) => `arn:aws:iam::${accountId}:${resource}`;
  const iam = (action: string, parameters: Readonly<Record<string, string>>) =>
    world.iam(admin, action, parameters);
  const user = async (name: string, policies: Policies = {}, more: Readonly<Record<string, string>> = {}) => {
    actors.set(name, { name, accountId, key: await world.createUser(admin, name, policies, more) });
  };
  const sid = canary.replaceAll('-', '');
  const fence = allow(['iam:PutUserPolicy', 'iam:GetUser'], arn('user/selfie'));
  await iam('CreatePolicy', { PolicyName: 'fence', PolicyDocument: fence });
  await iam('CreatePolicy', { PolicyName: 'lookup', PolicyDocument: allow('cloudtrail:LookupEvents') });
  await iam('CreatePolicy', {
    PolicyName: 'shared',
    PolicyDocument: allow('iam:GetUser', '*', { Sid: sid }),
    Description: canary,
  });
  await iam('CreateGroup', { GroupName: 'admins' });
  await iam('PutGroupPolicy', { GroupName: 'admins', PolicyName: 'all', PolicyDocument: allow('*') });
  await iam('CreateGroup', { GroupName: 'harmless' });
  await user('target', { own: allow('iam:GetUser', '*', { Sid: sid }) }, tagged(canary));
  await iam('CreateLoginProfile', { UserName: 'target', Password: newPassword(world) });
  await user('nobody');
  await user('reader');
  await iam('AttachUserPolicy', {
    UserName: 'reader',
    PolicyArn: 'arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess',
  });
  await user(
    'selfie',
    { grant: allow(['iam:PutUserPolicy', 'iam:GetUser'], SELF) },
    { PermissionsBoundary: arn('policy/fence') },
  );
  await user('bounded', { all: allow('*') }, { PermissionsBoundary: arn('policy/lookup') });
  await user('notaction', {
    most: policyOf({ Effect: 'Allow', NotAction: ['iam:*', 'sts:*', 'organizations:*'], Resource: '*' }),
  });
  await user('notresource', {
    most: policyOf({ Effect: 'Allow', Action: 'iam:GetUser', NotResource: arn('user/target') }),
  });
  await user('denied', {
    all: allow('*'),
    not: policyOf({ Effect: 'Deny', NotAction: 'cloudtrail:LookupEvents', Resource: '*' }),
  });
  await user(
    'star',
    { tag: allow('iam:GetUser', arn('user/$' + '{aws:PrincipalTag/team}')) },
    tagged('nobody'),
  );
  await user('getter', { own: allow('iam:GetUser', SELF) });
  await user('keymaker', { own: allow('iam:CreateAccessKey', SELF) });
  await user('grouper', { one: allow('iam:AddUserToGroup', arn('group/harmless')) });
  await user('full', {});
  await world.createKey(admin, 'full');
  await assembleRoles(world, { admin, accountId, user });
  return actors;
}

async function assembleRoles(
  world: IdentityWorld,
  {
    admin,
    accountId,
    user,
  }: {
    readonly admin: Credential;
    readonly accountId: string;
    readonly user: (name: string, policies: Policies) => Promise<void>;
  },
): Promise<void> {
  const arn = (resource: string) => `arn:aws:iam::${accountId}:${resource}`;
  const roles = ['External', 'Deputy', 'Chain1', 'Powerful', 'Brief*'].map((name) => arn(`role/${name}`));
  await user('assumer', { some: allow('sts:AssumeRole', roles), session: allow('sts:GetSessionToken') });
  const trusted = { AWS: arn('user/assumer') };
  const all = allow('*');
  await world.createRole(admin, 'External', {
    trust: trustOf(trusted, { StringEquals: { 'sts:ExternalId': 'agreed-2718' } }),
    policy: all,
  });
  const source = { ArnLike: { 'aws:SourceArn': `arn:aws:cloudtrail:us-east-1:${accountId}:trail/own` } };
  await world.createRole(admin, 'Deputy', {
    trust: trustOf({ Service: 'cloudtrail.amazonaws.com' }, source),
    policy: all,
  });
  await world.createRole(admin, 'Chain1', {
    trust: trustOf(trusted),
    policy: allow('sts:AssumeRole', arn('role/Chain2')),
  });
  const chain = { trust: trustOf({ AWS: arn('role/Chain1') }), policy: allow('iam:ListUsers') };
  await world.createRole(admin, 'Chain2', chain, { MaxSessionDuration: '43200' });
  await world.createRole(admin, 'Powerful', { trust: trustOf({ AWS: arn('root') }), policy: all });
}

/** From here on the organization lets nobody in the account use IAM or look up events. */
async function bindAccount(world: IdentityWorld, accountId: string): Promise<string> {
  const organizations = (operation: string, input: object) =>
    world.must(ROOT, jsonCall('organizations', operation, input));
  const rootId = /"Id":"(r-[^"]+)"/.exec(await organizations('ListRoots', {}))?.[1] ?? '';
  await organizations('EnablePolicyType', { RootId: rootId, PolicyType: 'SERVICE_CONTROL_POLICY' });
  const Content = policyOf({
    Effect: 'Deny',
    Action: ['iam:*', 'cloudtrail:LookupEvents', 'opentrail:*'],
    Resource: '*',
  });
  const made = await organizations('CreatePolicy', {
    Name: 'bound',
    Description: '',
    Type: 'SERVICE_CONTROL_POLICY',
    Content,
  });
  const PolicyId = /"Id":"(p-[^"]+)"/.exec(made)?.[1] ?? '';
  await organizations('AttachPolicy', { PolicyId, TargetId: accountId });
  return PolicyId;
}

function newPassword(world: IdentityWorld): string {
  const password = `Pass-${Buffer.from(systemRandom.bytes(12)).toString('hex')}-Word`;
  world.secrets.add(password);
  return password;
}

/** Sessions whose time is over, sealed with the server's own master key: nobody else could make them. */
async function issueExpired(
  world: IdentityWorld,
  { accountId, admin }: { readonly accountId: string; readonly admin: Credential },
): Promise<Credential[]> {
  const keys = (await new MasterKeyFile(join(world.server.dataDir, 'master-key.json')).read()) ?? [];
  const [current] = keys;
  if (current === undefined) throw new Error('the server has no master key');
  const ring: MasterKeyRing = { current, find: (id) => keys.find((key) => key.id === id) };
  const sessions = createSessionTokens({ ring, random: systemRandom });
  const roleId = xmlText(await world.iam(admin, 'GetRole', { RoleName: 'Powerful' }), 'RoleId');
  return [1_000, 60_000, 86_400_000].map((agoMs) => {
    const expiresAtMs = Math.floor((Date.now() - agoMs) / 1_000) * 1_000;
    const claims = {
      kind: 'role',
      accountId,
      issuedAtMs: expiresAtMs - 3_600_000,
      expiresAtMs,
      hasMfa: false,
    } as const;
    const named = {
      roleName: 'Powerful',
      roleId,
      sessionName: 'late',
      tags: [],
      transitiveTagKeys: [],
      policyArns: [],
    };
    const issued = sessions.issue({ ...claims, ...named });
    world.secrets.add(issued.secretAccessKey);
    return issued;
  });
}

/** For what is tried: a session of a user, as `GetSessionToken` gives it. */
export async function sessionOf(world: IdentityWorld, key: Credential): Promise<Credential> {
  const text = await world.must(key, queryCall('sts', 'GetSessionToken'));
  const session = credentialsOf(text);
  world.secrets.add(session.secretAccessKey);
  return session;
}
