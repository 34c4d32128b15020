import type { IdentityAttackClass, IdentityAttackContext } from './identity-attack.ts';
import {
  type CallDraft,
  type Credential,
  credentialsOf,
  jsonCall,
  ownCall,
  queryCall,
} from './identity-call.ts';
import { sessionOf } from './identity-cast.ts';
import { allow, MANAGEMENT } from './identity-world.ts';

const ADMINISTRATOR = 'arn:aws:iam::aws:policy/AdministratorAccess';
const iam = (action: string, parameters: Readonly<Record<string, string>> = {}) =>
  queryCall('iam', action, parameters);

/** What somebody with a little tries in order to have more; each is beyond what its user may. */
const CLIMBS: readonly (readonly [string, CallDraft])[] = [
  ['selfie', iam('DeleteUserPermissionsBoundary', { UserName: 'selfie' })],
  ['selfie', iam('PutUserPermissionsBoundary', { UserName: 'selfie', PermissionsBoundary: ADMINISTRATOR })],
  ['selfie', iam('PutUserPolicy', { UserName: 'nobody', PolicyName: 'own', PolicyDocument: allow('*') })],
  ['selfie', iam('PutUserPolicy', { UserName: 'Target', PolicyName: 'own', PolicyDocument: allow('*') })],
  ['selfie', iam('PutGroupPolicy', { GroupName: 'selfie', PolicyName: 'own', PolicyDocument: allow('*') })],
  ['selfie', iam('PutRolePolicy', { RoleName: 'Powerful', PolicyName: 'own', PolicyDocument: allow('*') })],
  ['selfie', iam('AttachUserPolicy', { UserName: 'selfie', PolicyArn: ADMINISTRATOR })],
  ['selfie', iam('CreateUser', { UserName: 'second' })],
  ['selfie', iam('UpdateUser', { UserName: 'selfie', NewUserName: 'chief' })],
  ['selfie', iam('UpdateUser', { UserName: 'selfie', NewPath: '/x/' })],
  ['selfie', iam('TagUser', { UserName: 'selfie', 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': 'x' })],
  ['keymaker', iam('CreateAccessKey', { UserName: 'target' })],
  ['keymaker', iam('CreateAccessKey', { UserName: 'TARGET' })],
  ['keymaker', iam('CreateLoginProfile', { UserName: 'keymaker', Password: 'Some-Passw0rd-1' })],
  ['keymaker', iam('UpdateLoginProfile', { UserName: 'target', Password: 'Some-Passw0rd-1' })],
  ['keymaker', iam('DeleteLoginProfile', { UserName: 'target' })],
  ['grouper', iam('AddUserToGroup', { GroupName: 'admins', UserName: 'grouper' })],
  ['grouper', iam('AddUserToGroup', { GroupName: 'Admins', UserName: 'grouper' })],
  ['grouper', iam('AddUserToGroup', { GroupName: 'ADMINS', UserName: 'grouper' })],
  ['grouper', iam('UpdateGroup', { GroupName: 'harmless', NewGroupName: 'x' })],
  ['grouper', iam('AttachGroupPolicy', { GroupName: 'harmless', PolicyArn: ADMINISTRATOR })],
  ['grouper', iam('RemoveUserFromGroup', { GroupName: 'admins', UserName: 'target' })],
  ['bounded', iam('DeleteUserPermissionsBoundary', { UserName: 'bounded' })],
  ['bounded', iam('CreateUser', { UserName: 'unbounded' })],
  [
    'bounded',
    iam('CreatePolicyVersion', { PolicyArn: 'FENCE', PolicyDocument: allow('*'), SetAsDefault: 'true' }),
  ],
  ['bounded', iam('SetDefaultPolicyVersion', { PolicyArn: 'FENCE', VersionId: 'v1' })],
  ['bounded', iam('DeletePolicy', { PolicyArn: 'FENCE' })],
  ['bounded', ownCall('SearchEvents', {})],
  ['denied', iam('DeleteUserPolicy', { UserName: 'denied', PolicyName: 'not' })],
  ['denied', iam('CreateAccessKey', { UserName: 'target' })],
  ['notaction', iam('AttachUserPolicy', { UserName: 'notaction', PolicyArn: ADMINISTRATOR })],
  ['notaction', jsonCall('organizations', 'LeaveOrganization')],
  ['notresource', iam('GetUser', { UserName: 'target' })],
  ['notresource', iam('GetUser', { UserName: 'TARGET' })],
  ['notresource', iam('DeleteUser', { UserName: 'nobody' })],
  ['assumer', iam('UpdateAssumeRolePolicy', { RoleName: 'Deputy', PolicyDocument: allow('*') })],
  ['assumer', iam('UpdateRole', { RoleName: 'Chain2', MaxSessionDuration: '43200' })],
  ['assumer', iam('CreateServiceLinkedRole', { AWSServiceName: 'cloudtrail.amazonaws.com' })],
  ['nobody', iam('CreateRole', { RoleName: 'Mine', AssumeRolePolicyDocument: '{}' })],
  ['nobody', iam('CreateAccessKey')],
  ['nobody', iam('ChangePassword', { OldPassword: 'x', NewPassword: 'Some-Passw0rd-1' })],
  ['reader', ownCall('SearchEvents', {})],
  ['reader', jsonCall('cloudtrail', 'RegisterOrganizationDelegatedAdmin', { MemberAccountId: MANAGEMENT })],
];

/** A way of writing an action's name that is none of its names. */
function otherSpelling({ dice }: IdentityAttackContext, draft: CallDraft): CallDraft {
  const change = dice.pick<(action: string) => string>([
    (action) => action,
    (action) => action,
    (action) => action.toLowerCase(),
    (action) => action.toUpperCase(),
    (action) => `${action}%20`,
    (action) => `iam%3A${action}`,
    (action) => `${action}%00`,
  ]);
  return {
    ...draft,
    body: (draft.body ?? '').replace(/^Action=(\w+)/, (_, action) => `Action=${change(action)}`),
  };
}

async function assumed(
  { world, cast, user }: IdentityAttackContext,
  role: string,
  more: Readonly<Record<string, string>> = {},
): Promise<{ readonly accountId: string; readonly key: Credential }> {
  const key = await world.assume(user('assumer').key, `arn:aws:iam::${cast.victimId}:role/${role}`, more);
  return { accountId: cast.victimId, key };
}

/** Callers that try to become more than they are. */
export const escalationAttacks: readonly IdentityAttackClass[] = [
  {
    name: 'a user that gives itself, or another, more than it may',
    async run(context) {
      const { dice, attempt, user, cast } = context;
      const [name, draft] = dice.pick(CLIMBS);
      const fence = encodeURIComponent(`arn:aws:iam::${cast.victimId}:policy/lookup`);
      const body = draft.body?.replace('FENCE', fence) ?? '';
      await attempt('refused', user(name), otherSpelling(context, { ...draft, body }));
    },
  },
  {
    name: 'a user that may write its own policy, within its boundary',
    async run({ dice, attempt, user }) {
      const own = iam('PutUserPolicy', {
        UserName: 'selfie',
        PolicyName: 'mine',
        PolicyDocument: allow(dice.pick(['*', 'iam:*', '*:*'])),
      });
      await attempt('allowed', user('selfie'), own);
      const wanted = dice.pick([
        iam('ListUsers'),
        iam('CreateAccessKey', { UserName: 'target' }),
        iam('DeleteUserPermissionsBoundary', { UserName: 'selfie' }),
        iam('DeleteUserPolicy', { UserName: 'target', PolicyName: 'own' }),
        ownCall('SearchEvents', {}),
        jsonCall('cloudtrail', 'LookupEvents'),
      ]);
      await attempt('denied', user('selfie'), wanted);
    },
  },
  {
    name: 'a session policy that would widen, or is less than the role',
    async run(context) {
      const { dice, attempt, world } = context;
      const narrow = allow('iam:GetUser', `arn:aws:iam::${context.cast.victimId}:user/nobody`);
      const sender = await assumed(context, 'Powerful', { Policy: narrow });
      await attempt('allowed', sender, iam('GetUser', { UserName: 'nobody' }));
      await attempt(
        'denied',
        sender,
        dice.pick([
          iam('GetUser', { UserName: 'target' }),
          iam('ListUsers'),
          iam('CreateUser', { UserName: 'x' }),
        ]),
      );
      // What a session may not do it may not do by another session either.
      await attempt(
        'refused',
        sender,
        queryCall('sts', 'AssumeRole', {
          RoleArn: `arn:aws:iam::${context.cast.victimId}:role/Powerful`,
          RoleSessionName: 'x',
        }),
      );
      const wide = await assumed(context, 'Chain1', {
        Policy: allow('*'),
        'PolicyArns.member.1.arn': ADMINISTRATOR,
      });
      world.secrets.add(wide.key.secretAccessKey);
      await attempt(
        'denied',
        wide,
        dice.pick([iam('ListUsers'), iam('GetUser', { UserName: 'target' }), ownCall('SearchEvents', {})]),
      );
    },
  },
  {
    name: 'role chaining beyond an hour',
    async run(context) {
      const { dice, attempt, cast, world } = context;
      const sender = await assumed(context, 'Chain1');
      const parameters = { RoleArn: `arn:aws:iam::${cast.victimId}:role/Chain2`, RoleSessionName: 'second' };
      const seconds = dice.pick([
        '3601',
        '7200',
        '43200',
        '43201',
        '-1',
        '0',
        '1e9',
        '899',
        '3600.5',
        '99999999999999999999',
      ]);
      await attempt(
        'refused',
        sender,
        queryCall('sts', 'AssumeRole', { ...parameters, DurationSeconds: seconds }),
      );
      const { text } = await attempt('allowed', sender, queryCall('sts', 'AssumeRole', parameters));
      const key = credentialsOf(text);
      world.secrets.add(key.secretAccessKey);
      await attempt('denied', { accountId: cast.victimId, key }, iam('GetUser', { UserName: 'target' }));
    },
  },
  {
    name: 'sessions of users, for IAM and for more sessions',
    async run(context) {
      const { dice, attempt, user, world, cast } = context;
      const sender = { accountId: cast.victimId, key: await sessionOf(world, user('assumer').key) };
      const mfa = { SerialNumber: `arn:aws:iam::${cast.victimId}:mfa/assumer`, TokenCode: '123456' };
      const wanted = dice.pick([
        queryCall('sts', 'GetSessionToken'),
        queryCall('sts', 'GetSessionToken', mfa),
        queryCall('sts', 'GetFederationToken', { Name: 'x', Policy: allow('*') }),
        iam('GetUser', { UserName: 'assumer' }),
        iam('CreateAccessKey'),
      ]);
      await attempt('refused', sender, wanted);
      await attempt('refused', user('assumer'), queryCall('sts', 'GetSessionToken', mfa));
    },
  },
  {
    name: 'what the organization forbids, by an administrator and its sessions',
    async run(context) {
      const { dice, attempt, cast, world } = context;
      const wanted = [
        iam('ListUsers'),
        iam('CreateUser', { UserName: 'free' }),
        iam('GetUser', { UserName: 'target' }),
        jsonCall('cloudtrail', 'LookupEvents'),
        ownCall('SearchEvents', {}),
        ownCall('SearchEvents', { Accounts: ['*'] }),
      ];
      const draft = dice.pick(wanted);
      await attempt('denied', cast.bound, draft);
      const role = `arn:aws:iam::${cast.bound.accountId}:role/OrganizationAccountAccessRole`;
      const parameters = { RoleArn: role, RoleSessionName: `s${dice.integer(1, 9)}`, Policy: allow('*') };
      const key = await world.assume(cast.chief.key, role, parameters);
      await attempt('denied', { accountId: cast.bound.accountId, key }, draft);
    },
  },
  {
    name: 'a member that would be root',
    async run({ dice, attempt, cast }) {
      const wanted = dice.pick([
        iam('CreateAccessKey'),
        iam('CreateAccessKey', { UserName: 'root' }),
        iam('CreateAccessKey', { UserName: cast.victimId }),
        iam('ListAccessKeys'),
        queryCall('sts', 'GetSessionToken'),
        queryCall('sts', 'GetFederationToken', { Name: 'root', Policy: allow('*') }),
        queryCall('sts', 'AssumeRoot', { TargetPrincipal: cast.victimId }),
        queryCall('sts', 'AssumeRole', {
          RoleArn: `arn:aws:iam::${cast.victimId}:root`,
          RoleSessionName: 'root',
        }),
      ]);
      await attempt('refused', dice.pick([cast.victimAdmin, cast.bound]), wanted);
    },
  },
];
