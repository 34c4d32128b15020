import type { Clock } from '../../base/clock.ts';
import { accountOfAccessKey } from '../../model/access-key-account.ts';
import { ApiError } from '../../model/api-error.ts';
import { parseArn } from '../../model/arn.ts';
import type { Json, JsonObject, UserIdentity } from '../../model/cloudtrail-event.ts';
import type { Catalog, PrincipalRecord } from '../../store/catalog.ts';
import { requireInstallationAccount } from './access.ts';
import type { Caller, OpenTrailOperation } from './operation.ts';

export interface PrincipalOperationsOptions {
  readonly catalog: Catalog;
  readonly installationAccountId: string;
  /** Makes records of a key follow what was just kept of it. */
  readonly forgetPrincipal: (accessKeyId: string) => void;
  readonly clock: Clock;
}

/** Who the access keys of forwarded calls belong to: learnt from answers that passed by, or told here. */
export function principalOperations(options: PrincipalOperationsOptions): OpenTrailOperation[] {
  return [listPrincipals(options), putPrincipal(options), removePrincipal(options)];
}

function listPrincipals({ catalog, installationAccountId }: PrincipalOperationsOptions): OpenTrailOperation {
  const action = 'opentrail:ListPrincipals';
  return {
    name: 'ListPrincipals',
    action,
    isReadOnly: true,
    takesBody: false,
    summary:
      'Lists whom the access keys of an account belong to, as far as they were told or learnt; never a secret.',
    async run({ caller, input }) {
      const { AccountId } = input as { AccountId?: string };
      const accountId = ownAccount(caller, { accountId: AccountId, installationAccountId, action });
      const principals = await catalog.listPrincipals(accountId);
      return { kind: 'json', output: { Principals: principals.map(wirePrincipal) } };
    },
  };
}

function putPrincipal(options: PrincipalOperationsOptions): OpenTrailOperation {
  const action = 'opentrail:PutPrincipal';
  return {
    name: 'PutPrincipal',
    action,
    isReadOnly: false,
    takesBody: false,
    summary:
      'Tells whom the access key `AccessKeyId` of forwarded calls belongs to: the user, role or root whose ARN is `Arn`, of the account of the caller or, for the account of the installation, of any. What is told beats what is learnt.',
    async run({ caller, input }) {
      const { AccessKeyId: accessKeyId, Arn: arn } = input as { AccessKeyId: string; Arn: string };
      const identity = identityOf(arn);
      const { installationAccountId } = options;
      const accountId = ownAccount(caller, { accountId: identity.accountId, installationAccountId, action });
      const known = await options.catalog.getPrincipal(accessKeyId);
      // Records of calls with a key go to its account: whoever may claim any key would take them from another account.
      const owner = known?.accountId ?? accountOfAccessKey(accessKeyId) ?? installationAccountId;
      ownAccount(caller, { accountId: owner, installationAccountId, action });
      const principal: PrincipalRecord = {
        accessKeyId,
        accountId,
        userIdentityJson: JSON.stringify(identity),
        source: 'configured',
        learntAtMs: options.clock.now(),
        expiresAtMs: null,
      };
      await options.catalog.putPrincipal(principal);
      options.forgetPrincipal(accessKeyId);
      return { kind: 'json', output: wirePrincipal(principal) };
    },
  };
}

function removePrincipal(options: PrincipalOperationsOptions): OpenTrailOperation {
  const action = 'opentrail:RemovePrincipal';
  return {
    name: 'RemovePrincipal',
    action,
    isReadOnly: false,
    takesBody: false,
    summary: 'Forgets whom the access key `AccessKeyId` belongs to; it may be learnt again.',
    async run({ caller, input }) {
      const { AccessKeyId: accessKeyId } = input as { AccessKeyId: string };
      const { catalog, installationAccountId } = options;
      const known = await catalog.getPrincipal(accessKeyId);
      const isVisible =
        known !== undefined &&
        [known.accountId, installationAccountId].includes(caller.accountId) &&
        (await catalog.deletePrincipal(accessKeyId));
      if (!isVisible) {
        throw new ApiError('ResourceNotFoundException', `nothing is known of the access key ${accessKeyId}`);
      }
      options.forgetPrincipal(accessKeyId);
      return { kind: 'json', output: {} };
    },
  };
}

/** The account asked for, else the caller's; another's is for the account of the installation only. */
function ownAccount(
  caller: Caller,
  asked: {
    readonly accountId?: string | undefined;
    readonly installationAccountId: string;
    readonly action: string;
  },
): string {
  const accountId = asked.accountId ?? caller.accountId;
  if (accountId !== caller.accountId)
    requireInstallationAccount(caller, asked.installationAccountId, asked.action);
  return accountId;
}

/** The `userIdentity` that records give the owner of a key, from its ARN. */
function identityOf(text: string): UserIdentity & { readonly accountId: string } {
  const arn = parseArn(text);
  const isIdentity =
    arn !== undefined && ['iam', 'sts'].includes(arn.service) && /^\d{12}$/.test(arn.accountId);
  const [kind = '', ...names] = isIdentity ? arn.resource.split('/') : [];
  const name = names.at(-1) ?? '';
  const { accountId = '' } = arn ?? {};
  if (isIdentity && arn.resource === 'root') {
    return { type: 'Root', principalId: accountId, arn: text, accountId };
  }
  if (kind === 'user' && name !== '') return { type: 'IAMUser', arn: text, accountId, userName: name };
  if (kind === 'role' && name !== '') return { type: 'Role', arn: text, accountId, userName: name };
  if (kind === 'assumed-role' && names.length === 2) return { type: 'AssumedRole', arn: text, accountId };
  const message =
    'Arn must be that of a user, role, assumed-role session or root: arn:aws:iam::111122223333:user/alice';
  throw new ApiError('InvalidParameterException', message);
}

function wirePrincipal(principal: PrincipalRecord): JsonObject {
  const wire: Record<string, Json> = {
    AccessKeyId: principal.accessKeyId,
    AccountId: principal.accountId,
    UserIdentity: JSON.parse(principal.userIdentityJson) as JsonObject,
    Source: principal.source,
    LearntAt: principal.learntAtMs / 1000,
  };
  if (principal.expiresAtMs !== null) wire.ExpiresAt = principal.expiresAtMs / 1000;
  return wire;
}
