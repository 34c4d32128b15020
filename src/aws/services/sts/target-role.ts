import type { AccountEntity, RoleEntity } from '../../../identity/entities.ts';
import type { StsContext } from './sts-context.ts';
import { stsError } from './sts-error.ts';

/** `arn:aws:iam::111122223333:role/team/Auditor` */
const ROLE_ARN = /^arn:aws[\w-]*:iam::(\d{12}):role(\/(?:[\u0021-\u007e]*\/)?)([\w+=,.@-]+)$/;

export interface TargetRole {
  readonly accountId: string;
  /** Undefined where there is no such role, or its account is closed: which a caller must not be able to tell apart. */
  readonly role: RoleEntity | undefined;
}

/** The role that an ARN names, path and all. Throws `ValidationError` for what is not the ARN of a role. */
export async function findTargetRole(context: StsContext, roleArn: string): Promise<TargetRole> {
  const [, accountId = '', path, name = ''] = ROLE_ARN.exec(roleArn) ?? [];
  if (name === '') throw stsError('ValidationError', `${roleArn} is invalid`);
  const { identities } = context;
  const document = (await isAccountOpen(context, accountId))
    ? await identities.get({ kind: 'role', accountId, name })
    : undefined;
  const role = document === undefined ? undefined : (JSON.parse(document.body) as RoleEntity);
  // Names are found in whatever case, but ARNs are compared as they are.
  const isNamed = role !== undefined && role.roleName === name && role.path === path;
  return { accountId, role: isNamed ? role : undefined };
}

async function isAccountOpen(context: StsContext, accountId: string): Promise<boolean> {
  const document = await context.identities.get({ kind: 'account', accountId, name: accountId });
  if (document === undefined) return accountId === context.installationAccountId;
  return (JSON.parse(document.body) as AccountEntity).status === 'ACTIVE';
}
