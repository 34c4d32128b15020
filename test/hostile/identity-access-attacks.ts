import { randomUUID } from 'node:crypto';
import type { IdentityAttackClass, IdentityAttackContext, Outcome, Sender } from './identity-attack.ts';
import { type CallDraft, type Credential, jsonCall, ownCall, queryCall, xmlText } from './identity-call.ts';
import { sessionOf } from './identity-cast.ts';
import { allow, MANAGEMENT, policyOf, trustOf } from './identity-world.ts';

/** Calls of the matrix, by what they ask for. */
const QUESTIONS: Readonly<Record<string, CallDraft>> = {
  'GetUser target': queryCall('iam', 'GetUser', { UserName: 'target' }),
  'GetUser nobody': queryCall('iam', 'GetUser', { UserName: 'nobody' }),
  'ListAccessKeys target': queryCall('iam', 'ListAccessKeys', { UserName: 'target' }),
  'GetUserPolicy target': queryCall('iam', 'GetUserPolicy', { UserName: 'target', PolicyName: 'own' }),
  ListUsers: queryCall('iam', 'ListUsers'),
  GetAccountAuthorizationDetails: queryCall('iam', 'GetAccountAuthorizationDetails'),
  LookupEvents: jsonCall('cloudtrail', 'LookupEvents', { MaxResults: 1 }),
  SearchEvents: ownCall('SearchEvents', { MaxResults: 1 }),
  DescribeOrganization: jsonCall('organizations', 'DescribeOrganization'),
  GetSessionToken: queryCall('sts', 'GetSessionToken'),
  'CreateUser x': queryCall('iam', 'CreateUser', { UserName: 'made-by-an-attacker' }),
  'AttachUserPolicy self': queryCall('iam', 'AttachUserPolicy', {
    UserName: 'nobody',
    PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess',
  }),
};

/** By hand: what each user of the attacked account may do of these. Everything else is denied. */
const MAY: Readonly<Record<string, readonly string[]>> = {
  target: ['GetUser target', 'GetUser nobody'],
  nobody: [],
  reader: ['LookupEvents'],
  selfie: [],
  bounded: ['LookupEvents'],
  notaction: ['LookupEvents', 'SearchEvents'],
  notresource: ['GetUser nobody'],
  denied: ['LookupEvents'],
  star: ['GetUser nobody'],
  getter: [],
  keymaker: [],
  grouper: [],
  full: [],
  assumer: [],
};

/** Calls that name what belongs to the attacked account. */
function foreignCalls({ cast }: IdentityAttackContext): readonly CallDraft[] {
  const { victimId, policyArn } = cast;
  const arn = (resource: string) => `arn:aws:iam::${victimId}:${resource}`;
  const key = cast.users.get('target')?.key.accessKeyId ?? '';
  return [
    queryCall('iam', 'GetPolicy', { PolicyArn: policyArn }),
    queryCall('iam', 'GetPolicyVersion', { PolicyArn: policyArn, VersionId: 'v1' }),
    queryCall('iam', 'DeletePolicy', { PolicyArn: policyArn }),
    queryCall('iam', 'CreatePolicyVersion', {
      PolicyArn: policyArn,
      PolicyDocument: allow('*'),
      SetAsDefault: 'true',
    }),
    queryCall('iam', 'ListEntitiesForPolicy', { PolicyArn: policyArn }),
    queryCall('iam', 'AttachUserPolicy', { UserName: 'eve', PolicyArn: policyArn }),
    queryCall('iam', 'SimulatePrincipalPolicy', {
      PolicySourceArn: arn('user/target'),
      'ActionNames.member.1': 'iam:GetUser',
    }),
    queryCall('iam', 'DeleteAccessKey', { UserName: 'target', AccessKeyId: key }),
    queryCall('iam', 'UpdateAccessKey', { UserName: 'target', AccessKeyId: key, Status: 'Inactive' }),
    queryCall('iam', 'GetAccessKeyLastUsed', { AccessKeyId: key }),
    queryCall('iam', 'GetUser', { UserName: arn('user/target') }),
    queryCall('iam', 'GetRole', { RoleName: 'Powerful' }),
    queryCall('sts', 'AssumeRole', { RoleArn: arn('role/Powerful'), RoleSessionName: 'eve' }),
    queryCall('sts', 'AssumeRole', {
      RoleArn: arn('role/External'),
      RoleSessionName: 'eve',
      ExternalId: 'agreed-2718',
    }),
    queryCall('sts', 'AssumeRole', {
      RoleArn: arn('role/OrganizationAccountAccessRole'),
      RoleSessionName: 'eve',
    }),
    queryCall('sts', 'AssumeRole', {
      RoleArn: `arn:aws:iam::${MANAGEMENT}:role/Any`,
      RoleSessionName: 'eve',
    }),
    ownCall('SearchEvents', { Accounts: [victimId], AllRegions: true }),
    ownCall('CountEvents', { AllAccounts: true }),
    ownCall('TailEvents', { Accounts: [victimId] }),
    ownCall('ListPrincipals', { AccountId: victimId }),
    ownCall('PutPrincipal', { AccessKeyId: key, Arn: arn('user/target') }),
    jsonCall('organizations', 'CloseAccount', { AccountId: victimId }),
    jsonCall('organizations', 'RemoveAccountFromOrganization', { AccountId: victimId }),
    jsonCall('cloudtrail', 'RegisterOrganizationDelegatedAdmin', { MemberAccountId: cast.eve.accountId }),
  ];
}

const assume = (victimId: string, role: string, more: Readonly<Record<string, string>> = {}): CallDraft =>
  queryCall('sts', 'AssumeRole', {
    RoleArn: `arn:aws:iam::${victimId}:role/${role}`,
    RoleSessionName: 'try',
    ...more,
  });

/** A role of the attacked account that the assumer may assume, and a session of it that was just used. */
async function freshSession(context: IdentityAttackContext): Promise<{ name: string; sender: Sender }> {
  const { world, cast, user, index, attempt } = context;
  const name = `Brief${index}`;
  const trust = trustOf({ AWS: `arn:aws:iam::${cast.victimId}:root` });
  const arn = await world.createRole(cast.victimAdmin.key, name, { trust, policy: allow('iam:GetUser') });
  const sender = { accountId: cast.victimId, key: await world.assume(user('assumer').key, arn) };
  await attempt('allowed', sender, QUESTIONS['GetUser nobody'] as CallDraft);
  return { name, sender };
}

/** Takes a role with its policy away again. */
async function removeRole({ world, cast }: IdentityAttackContext, name: string): Promise<void> {
  await world.iam(cast.victimAdmin.key, 'DeleteRolePolicy', { RoleName: name, PolicyName: 'own' });
  await world.iam(cast.victimAdmin.key, 'DeleteRole', { RoleName: name });
}

/** Known callers that ask for what they may not have. */
export const accessAttacks: readonly IdentityAttackClass[] = [
  {
    name: 'every user and every call, as the table says',
    async run({ dice, attempt, cast }) {
      const name = dice.pick(Object.keys(MAY));
      const question = dice.pick(Object.keys(QUESTIONS));
      // AWS has no policy that could control it: every user may.
      const isMay = question === 'GetSessionToken' || MAY[name]?.includes(question) === true;
      const outcome: Outcome = isMay ? 'allowed' : 'denied';
      const actor = cast.users.get(name);
      await attempt(outcome, actor, QUESTIONS[question] as CallDraft);
    },
  },
  {
    name: 'ARNs, keys and names of another account',
    async run(context) {
      const { dice, attempt, cast } = context;
      await attempt('refused', dice.pick([cast.eve, cast.bound]), dice.pick(foreignCalls(context)));
    },
  },
  {
    name: 'the management account, by members that may do everything of their own',
    async run({ dice, attempt, cast }) {
      const calls = [
        jsonCall('organizations', 'ListAccounts'),
        jsonCall('organizations', 'CreateAccount', {
          Email: `${randomUUID()}@example.com`,
          AccountName: 'x',
        }),
        jsonCall('organizations', 'DeleteOrganization'),
        jsonCall('organizations', 'DetachPolicy', {
          PolicyId: cast.scpPolicyId,
          TargetId: cast.bound.accountId,
        }),
        jsonCall('organizations', 'DeletePolicy', { PolicyId: cast.scpPolicyId }),
        jsonCall('organizations', 'UpdatePolicy', { PolicyId: cast.scpPolicyId, Content: allow('*') }),
        jsonCall('organizations', 'RegisterDelegatedAdministrator', {
          AccountId: cast.eve.accountId,
          ServicePrincipal: 'cloudtrail.amazonaws.com',
        }),
        ownCall('PutHold', { Name: 'x', StartTime: 0, EndTime: 1 }),
        ownCall('BeginImport', {}),
        ownCall('GetStatus', {}),
        ownCall('ReadChain', {}),
      ];
      await attempt('refused', dice.pick([cast.eve, cast.bound, cast.victimAdmin]), dice.pick(calls));
    },
  },
  {
    name: 'confused deputies',
    async run({ dice, attempt, cast, user }) {
      const { victimId } = cast;
      const source = `arn:aws:cloudtrail:us-east-1:${victimId}:trail/own`;
      const wrongIds = [
        '',
        'AGREED-2718',
        '*',
        'agreed-271?',
        'agreed-2718 ',
        'agreed-2718,x',
        '$' + '{sts:ExternalId}',
      ];
      if (dice.integer(0, 1) === 0) {
        const ExternalId = dice.pick(wrongIds);
        await attempt(
          'refused',
          user('assumer'),
          assume(victimId, 'External', ExternalId === '' ? {} : { ExternalId }),
        );
        return;
      }
      const parameters = dice.pick([
        {},
        { SourceArn: source },
        { 'aws:SourceArn': source },
        { 'Tags.member.1.Key': 'aws:SourceArn', 'Tags.member.1.Value': source },
        { SourceIdentity: 'cloudtrail.amazonaws.com' },
      ]);
      const draft = assume(victimId, 'Deputy', parameters);
      const header = dice.pick(['aws:SourceArn', 'X-Amz-Source-Arn', 'X-Forwarded-For']).replace(':', '-');
      const sender = dice.pick([user('assumer'), cast.eve]);
      await attempt('refused', sender, { ...draft, headers: [...(draft.headers ?? []), [header, source]] });
    },
  },
  {
    name: 'an external id that comes twice',
    async run({ attempt, cast, user }) {
      const draft = assume(cast.victimId, 'External', { ExternalId: 'wrong' });
      await attempt('refused', user('assumer'), { ...draft, body: `${draft.body}&ExternalId=agreed-2718` });
      await attempt('refused', user('assumer'), { ...draft, target: '/?ExternalId=agreed-2718' });
    },
  },
  {
    name: 'a session whose role is deleted meanwhile, or made again under its name',
    async run(context) {
      const { attempt, dice, world, cast } = context;
      const { name, sender } = await freshSession(context);
      await removeRole(context, name);
      const question = QUESTIONS['GetUser nobody'] as CallDraft;
      await attempt('refused', { ...sender, accountId: '' }, question);
      if (dice.integer(0, 1) === 0) return;
      const trust = trustOf({ AWS: `arn:aws:iam::${cast.victimId}:root` });
      await world.createRole(cast.victimAdmin.key, name, { trust, policy: allow('*') });
      await attempt('refused', { ...sender, accountId: '' }, question);
      await removeRole(context, name);
    },
  },
  {
    name: 'a session that is older than its revocation',
    async run(context) {
      const { attempt, world, cast } = context;
      const { name, sender } = await freshSession(context);
      const soon = new Date(Date.now() + 60_000).toISOString();
      const revoke = policyOf({
        Effect: 'Deny',
        Action: '*',
        Resource: '*',
        Condition: { DateLessThan: { 'aws:TokenIssueTime': soon } },
      });
      await world.iam(cast.victimAdmin.key, 'PutRolePolicy', {
        RoleName: name,
        PolicyName: 'AWSRevokeOlderSessions',
        PolicyDocument: revoke,
      });
      await attempt('denied', sender, QUESTIONS['GetUser nobody'] as CallDraft);
      await world.iam(cast.victimAdmin.key, 'DeleteRolePolicy', {
        RoleName: name,
        PolicyName: 'AWSRevokeOlderSessions',
      });
      await removeRole(context, name);
    },
  },
  {
    name: 'keys and their sessions that are made inactive or deleted, or lose their user',
    async run(context) {
      const { attempt, dice, world, cast, index } = context;
      const admin = cast.victimAdmin.key;
      const UserName = `brief${index}`;
      const key = await world.createUser(admin, UserName, {
        own: allow(['sts:GetSessionToken', 'cloudtrail:LookupEvents']),
      });
      const session = await sessionOf(world, key);
      const question = QUESTIONS.LookupEvents as CallDraft;
      for (const each of [key, session])
        await attempt('allowed', { accountId: cast.victimId, key: each }, question);
      const AccessKeyId = key.accessKeyId;
      const remove = async () => {
        await world.iam(admin, 'DeleteAccessKey', { UserName, AccessKeyId });
        await world.iam(admin, 'DeleteUserPolicy', { UserName, PolicyName: 'own' });
        await world.iam(admin, 'DeleteUser', { UserName });
      };
      const isInactive = dice.integer(0, 1) === 0;
      if (isInactive)
        await world.iam(admin, 'UpdateAccessKey', { UserName, AccessKeyId, Status: 'Inactive' });
      else await remove();
      const gone = (each: Credential) => ({ accountId: '', key: each });
      for (const each of [key, session]) await attempt('refused', gone(each), question);
      if (isInactive) await remove();
    },
  },
  {
    name: 'values of variables that would be patterns',
    async run({ attempt, dice, world, cast, user }) {
      const team = dice.pick(['*', '?arget', 't*', `$\{aws:username}`, `$\{*}`]);
      // Tags may hold `*` and `$` only where a session brings them; those of IAM may not.
      const set = queryCall('iam', 'TagUser', {
        UserName: 'star',
        'Tags.member.1.Key': 'team',
        'Tags.member.1.Value': team,
      });
      await attempt('refused', cast.victimAdmin, set);
      await attempt('denied', user('star'), QUESTIONS['GetUser target'] as CallDraft);
      await attempt('allowed', user('star'), QUESTIONS['GetUser nobody'] as CallDraft);
      const named = dice.pick(['*', 'a*b', 'a$b', 'a/b', '$' + '{aws:username}', '..', 'a b', 'ａdmin']);
      const made = await world.send(cast.victimAdmin.key, queryCall('iam', 'GetUser', { UserName: named }));
      await attempt(
        'refused',
        cast.victimAdmin,
        queryCall('iam', 'CreateUser', { UserName: named === '..' ? '/..' : named }),
      );
      if (made.status === 200)
        throw new Error(`a user is found as ${named}: ${xmlText(made.text, 'UserName')}`);
    },
  },
  {
    name: 'policies that say NotPrincipal where it would let everybody else in',
    async run({ attempt, cast, dice }) {
      const others = { AWS: [`arn:aws:iam::${cast.victimId}:user/nobody`] };
      const document = policyOf({
        Effect: dice.pick(['Allow', 'Deny']),
        NotPrincipal: others,
        Action: 'sts:AssumeRole',
      });
      const drafts = [
        queryCall('iam', 'CreateRole', { RoleName: 'Picky', AssumeRolePolicyDocument: document }),
        queryCall('iam', 'UpdateAssumeRolePolicy', { RoleName: 'Powerful', PolicyDocument: document }),
        queryCall('iam', 'PutUserPolicy', {
          UserName: 'target',
          PolicyName: 'own',
          PolicyDocument: document,
        }),
      ];
      await attempt('refused', cast.victimAdmin, dice.pick(drafts));
    },
  },
];
