import type { Json, JsonObject } from '../../model/cloudtrail-event.ts';
import type { Catalog, PrincipalRecord } from '../../store/catalog.ts';
import { requireInstallationAccount } from './access.ts';
import type { OpenTrailOperation } from './operation.ts';

export function listPrincipalsOperation(options: {
  readonly catalog: Catalog;
  readonly installationAccountId: string;
}): OpenTrailOperation {
  const action = 'opentrail:ListPrincipals';
  return {
    name: 'ListPrincipals',
    action,
    isReadOnly: true,
    takesBody: false,
    summary:
      'Lists whom the access keys of an account belong to, as far as they were told or learnt; never a secret.',
    async run({ caller, input }) {
      const accountId = (input as { AccountId?: string }).AccountId ?? caller.accountId;
      if (accountId !== caller.accountId)
        requireInstallationAccount(caller, options.installationAccountId, action);
      const principals = await options.catalog.listPrincipals(accountId);
      return { kind: 'json', output: { Principals: principals.map(wirePrincipal) } };
    },
  };
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
