import type { IdentityChange, IdentityStore } from '../../store/identity-store.ts';
import type { OrganizationEntity } from './organization-entities.ts';
import { OrganizationState } from './organization-state.ts';

/** What a change comes to. */
export interface OrganizationChange<Result> {
  readonly result: Result;
  /** Documents beside the organization's own. */
  readonly changes: readonly IdentityChange[];
  /** The organization's own document as it shall be; absent: as it is. */
  readonly entity?: OrganizationEntity;
  /** True: the organization goes. */
  readonly isDeleted?: boolean;
}

/** How often a decision is made anew because another change came first. */
const attemptsMax = 10;

/**
 * Changes an organization: `decide` is given it as it is and says what shall change. Every change writes the
 * organization's own document too, so that of two changes that saw the same organization only one is made, whatever
 * parts they are about; the other is decided anew.
 */
export async function changeOrganization<Result>(options: {
  readonly store: IdentityStore;
  readonly managementAccountId: string;
  readonly decide: (
    state: OrganizationState,
  ) => Promise<OrganizationChange<Result>> | OrganizationChange<Result>;
  /** Thrown when the organization is gone. */
  readonly gone: () => Error;
  /** Thrown when other changes came first again and again. */
  readonly conflict: () => Error;
}): Promise<Result> {
  const { store, managementAccountId, decide } = options;
  for (let attempt = 0; attempt < attemptsMax; attempt += 1) {
    const state = await OrganizationState.load(store, managementAccountId);
    if (state === undefined) throw options.gone();
    const { result, changes, entity = state.entity, isDeleted = false } = await decide(state);
    const own = {
      kind: 'organization',
      accountId: managementAccountId,
      name: state.entity.organizationId,
      expectedRevision: state.revision,
      ...(isDeleted ? {} : { body: JSON.stringify(entity) }),
    } as const;
    if (await store.commit([own, ...changes])) return result;
  }
  throw options.conflict();
}
