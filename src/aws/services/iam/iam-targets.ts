import type { Tag } from '../../../identity/entities.ts';
import { entityArn, type IamAccount, rootArn } from '../../../identity/iam/iam-arns.ts';
import { type Holder, type HolderKind, holderName } from '../../../identity/iam/policy-holders.ts';
import type { AccessTarget, ServiceCall } from '../service-operation.ts';
import { accountOf, callerUserName, type IamContext, readWork } from './iam-context.ts';

/** Condition keys that a request can give, in their own spelling; those without a value are left out. */
export interface TargetContext {
  readonly policyArn?: string | undefined;
  readonly permissionsBoundary?: string | undefined;
  /** Of the request: each gives `aws:RequestTag/…`, all together `aws:TagKeys`. */
  readonly tags?: readonly Tag[] | undefined;
  readonly tagKeys?: readonly string[] | undefined;
}

/**
 * The user, group or role that a call is about. Where there is none, its ARN is what it would be at the root, so that who
 * may not see a name cannot learn from the error whether it exists.
 */
export async function holderTarget(
  context: IamContext,
  call: ServiceCall,
  about: {
    readonly kind: HolderKind;
    readonly name: string;
    /** `currentBoundary` takes `iam:PermissionsBoundary` from the entity, as for what changes its policies. */
    readonly given?: TargetContext & { readonly currentBoundary?: boolean };
  },
): Promise<AccessTarget> {
  const { kind, name, given = {} } = about;
  const account = accountOf(call);
  const holder: Holder<HolderKind> | undefined = await readWork(context).get(kind, account.accountId, name);
  const resourceArn = entityArn(account, kind, {
    path: holder?.path ?? '/',
    name: holder === undefined ? name : holderName(holder),
  });
  const boundary =
    holder !== undefined && 'permissionsBoundary' in holder ? holder.permissionsBoundary : undefined;
  const permissionsBoundary = given.currentBoundary === true ? boundary : given.permissionsBoundary;
  const tags = holder !== undefined && 'tags' in holder ? holder.tags : [];
  return {
    ...newTarget(resourceArn, { ...given, permissionsBoundary }),
    resourceTags: new Map(tags.map((tag) => [tag.key, tag.value])),
  };
}

/** As `holderTarget`, for the caller where the input names no user. */
export async function userTarget(
  context: IamContext,
  call: ServiceCall,
  userName: string | undefined,
): Promise<AccessTarget> {
  const name = userName ?? callerUserName(call);
  if (name === undefined) return { resourceArn: rootArn(accountOf(call)) };
  return holderTarget(context, call, { kind: 'user', name });
}

/** What is about to be made, or a managed policy. */
export function newTarget(resourceArn: string, given: TargetContext = {}): AccessTarget {
  return { resourceArn, context: conditionKeys(given) };
}

/** What a list is about: `arn:aws:iam::111122223333:user/team/`. */
export function listTarget(
  account: IamAccount,
  kind: HolderKind | 'policy',
  pathPrefix: string | undefined,
): AccessTarget {
  return { resourceArn: entityArn(account, kind, { path: pathPrefix ?? '/', name: '' }) };
}

function conditionKeys(given: TargetContext): ReadonlyMap<string, readonly string[]> {
  const keys = new Map<string, readonly string[]>();
  const { policyArn, permissionsBoundary, tags, tagKeys = tags?.map(({ key }) => key) } = given;
  if (policyArn !== undefined) keys.set('iam:policyarn', [policyArn]);
  if (permissionsBoundary !== undefined) keys.set('iam:permissionsboundary', [permissionsBoundary]);
  for (const { key, value } of tags ?? []) keys.set(`aws:requesttag/${key.toLowerCase()}`, [value]);
  if (tagKeys !== undefined && tagKeys.length > 0) keys.set('aws:tagkeys', tagKeys);
  return keys;
}
