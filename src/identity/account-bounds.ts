import { compileStoredPolicy } from './compile-stored-policy.ts';
import type { OrganizationDirectory } from './organization/organization-directory.ts';
import type { OrganizationState } from './organization/organization-state.ts';
import { serviceControlLevels } from './organization/service-control.ts';
import type { ServiceControl } from './policy/decide.ts';
import type { PolicyCache } from './policy/policy-cache.ts';
import { VersionedCache } from './versioned-cache.ts';
import type { VersionedIdentityStore } from './versioned-identity-store.ts';

/** What an account's organization, if it is in one, means for its principals. */
export interface AccountBounds {
  /** Absent where no service-control policies bind. */
  readonly serviceControl?: ServiceControl;
  /** `o-exampleorg1` */
  readonly organizationId?: string;
  /** `o-exampleorg1/r-examp/ou-examp-example1/`, as `aws:PrincipalOrgPaths` has it. */
  readonly organizationPath?: string;
}

const ACCOUNTS_MAX = 10_000;

export function createAccountBounds(options: {
  readonly store: VersionedIdentityStore;
  readonly organizations: Pick<OrganizationDirectory, 'organizationOf'>;
  readonly policies: PolicyCache;
}): { of(accountId: string): Promise<AccountBounds> } {
  const { store, organizations, policies } = options;
  const cache = new VersionedCache<AccountBounds>({
    version: () => store.version(),
    entriesMax: ACCOUNTS_MAX,
  });
  const load = async (accountId: string): Promise<AccountBounds> => {
    const state = await organizations.organizationOf(accountId);
    return state === undefined ? {} : boundsOf(state, accountId, policies);
  };
  return { of: (accountId) => cache.get(accountId, () => load(accountId)) };
}

function boundsOf(state: OrganizationState, accountId: string, policies: PolicyCache): AccountBounds {
  const { organizationId, managementAccountId } = state.entity;
  const above = [...(state.ancestorsOf(accountId) ?? [])].reverse();
  const levels = serviceControlLevels(state, accountId).map((level) =>
    level.policies.map(({ document }) => compileStoredPolicy(policies, document, 'serviceControl')),
  );
  return {
    organizationId,
    organizationPath: `${[organizationId, ...above].join('/')}/`,
    ...(levels.length === 0 ? {} : { serviceControl: { managementAccountId, levels } }),
  };
}
