import { parseArn } from '../../model/arn.ts';
import type { GroupEntity, RoleEntity, UserEntity } from '../entities.ts';
import type { PolicyKind } from '../policy/compiled-policy.ts';
import { parsePolicy } from '../policy/parse-policy.ts';
import type { NamedPolicy } from '../policy/simulate.ts';
import type { Principal } from '../principal.ts';
import type { IamAccount } from './iam-arns.ts';
import { iamError } from './iam-error.ts';
import type { IdentityWork } from './identity-work.ts';
import { findPolicy } from './managed-policies.ts';
import { holderName, requireHolder } from './policy-holders.ts';

/** Whose policies are simulated. */
export interface SimulatedPrincipal {
  readonly principal: Principal;
  readonly identity: readonly NamedPolicy[];
  readonly boundary: NamedPolicy | undefined;
}

const ENTITY = /^(user|group|role)\/(?:[\u0021-\u007e]*\/)?([\w+=,.@-]+)$/; // user/team/bob

/** The user, group or role of an ARN with its policies. Throws `InvalidInput` or `NoSuchEntity`. */
export async function simulatedEntity(
  work: IdentityWork,
  account: IamAccount,
  arn: string,
): Promise<SimulatedPrincipal> {
  const parts = parseArn(arn);
  const [, kind, name = ''] = ENTITY.exec(parts?.resource ?? '') ?? [];
  if (parts?.service !== 'iam' || parts.accountId !== account.accountId || kind === undefined) {
    throw iamError(
      'InvalidInput',
      `Invalid Entity Arn: ${arn} does not clearly define entity type and name.`,
    );
  }
  const { accountId } = account;
  if (kind === 'group') {
    const group = await requireHolder(work, 'group', { accountId, name });
    const principal = { ...bare(accountId, arn), userName: 'simulated', userId: '' };
    return { principal, identity: await policiesOf(work, account, group), boundary: undefined };
  }
  if (kind === 'role') {
    const role = await requireHolder(work, 'role', { accountId, name });
    return {
      principal: roleSession(account, arn, role),
      identity: await policiesOf(work, account, role),
      boundary: await boundaryOf(work, account, role),
    };
  }
  const user = await requireHolder(work, 'user', { accountId, name });
  const groups = await Promise.all(user.groups.map((group) => work.get('group', accountId, group)));
  const identity = await policiesOf(work, account, user);
  for (const group of groups) {
    if (group !== undefined) identity.push(...(await policiesOf(work, account, group)));
  }
  return {
    principal: { ...bare(accountId, arn), userName: user.userName, userId: user.userId, tags: user.tags },
    identity,
    boundary: await boundaryOf(work, account, user),
  };
}

function bare(accountId: string, arn: string) {
  return { type: 'IAMUser', accountId, arn, accessKeyId: '', userIdentity: {}, tags: [] } as const;
}

function roleSession({ partition, accountId }: IamAccount, roleArn: string, role: RoleEntity): Principal {
  const sessionName = 'simulated';
  return {
    ...bare(accountId, `arn:${partition}:sts::${accountId}:assumed-role/${role.roleName}/${sessionName}`),
    type: 'AssumedRole',
    userId: `${role.roleId}:${sessionName}`,
    tags: role.tags,
    session: {
      issuedAtMs: 0,
      expiresAtMs: 0,
      hasMfa: false,
      roleArn,
      roleName: role.roleName,
      sessionName,
      transitiveTagKeys: [],
      policies: [],
    },
  };
}

async function policiesOf(
  work: IdentityWork,
  account: IamAccount,
  holder: UserEntity | GroupEntity | RoleEntity,
): Promise<NamedPolicy[]> {
  const kind = 'userName' in holder ? 'user' : 'groupName' in holder ? 'group' : 'role';
  const inline = Object.entries(holder.inlinePolicies).map(([name, document]) =>
    namedPolicy(`${kind}_${holderName(holder)}_${name}`, document, 'identity'),
  );
  const attached: NamedPolicy[] = [];
  for (const arn of holder.attachedPolicies) {
    const policy = await managedPolicy(work, account, { arn, kind: 'identity' });
    if (policy !== undefined) attached.push(policy);
  }
  return [...inline, ...attached];
}

async function boundaryOf(
  work: IdentityWork,
  account: IamAccount,
  { permissionsBoundary }: UserEntity | RoleEntity,
): Promise<NamedPolicy | undefined> {
  if (permissionsBoundary === undefined) return undefined;
  return managedPolicy(work, account, { arn: permissionsBoundary, kind: 'boundary' });
}

async function managedPolicy(
  work: IdentityWork,
  account: IamAccount,
  { arn, kind }: { readonly arn: string; readonly kind: PolicyKind },
): Promise<NamedPolicy | undefined> {
  const policy = (await findPolicy(work, account, arn))?.policy;
  const version = policy?.versions.find(({ versionId }) => versionId === policy.defaultVersionId);
  return version && policy && namedPolicy(policy.policyName, version.document, kind);
}

function namedPolicy(sourcePolicyId: string, document: string, kind: PolicyKind): NamedPolicy {
  return { sourcePolicyId, sourcePolicyType: 'IAM Policy', policy: parsePolicy(document, kind) };
}
