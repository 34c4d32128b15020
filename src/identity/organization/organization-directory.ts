import type { IdentityStore } from '../../store/identity-store.ts';
import { OrganizationState, organizationDocument } from './organization-state.ts';
import { type ServiceControlLevel, serviceControlLevels } from './service-control.ts';

/**
 * Who belongs to which organization, as it is now: an answer sees every change that was committed before the question,
 * also those of other processes.
 */
export interface OrganizationDirectory {
  /** The organization that an account manages or is a member of. */
  organizationOf(accountId: string): Promise<OrganizationState | undefined>;
  /** The account ids of an organization, its management account among them; empty where there is none. */
  membersOf(organizationId: string): Promise<readonly string[]>;
  /** True of an account that manages an organization. */
  isManagementAccount(accountId: string): Promise<boolean>;
  /** True of a member that was registered for the service, as long as the service has access to the organization. */
  isDelegatedAdministrator(accountId: string, servicePrincipal: string): Promise<boolean>;
  /** True where the service has trusted access to the organization of the account. */
  hasServiceAccess(accountId: string, servicePrincipal: string): Promise<boolean>;
  /** What bounds the principals of an account (`service-control.ts`). */
  serviceControlPolicies(accountId: string): Promise<readonly ServiceControlLevel[]>;
  /**
   * The accounts whose history an account may see for a service: all members for the management account and for
   * delegated administrators of the service, else itself.
   */
  accountsVisibleTo(accountId: string, servicePrincipal: string): Promise<readonly string[]>;
}

/** What was found since the last commit to the store. */
interface View {
  readonly generation: number;
  /** By management account. */
  readonly states: Map<string, OrganizationState | undefined>;
  /** Accounts that are in no organization. */
  readonly alone: Set<string>;
}

export function createOrganizationDirectory(store: IdentityStore): OrganizationDirectory {
  const finder = new OrganizationFinder(store);
  const organizationOf = (accountId: string) => finder.organizationOf(accountId);
  return {
    organizationOf,
    async membersOf(organizationId) {
      const document = await store.find('organization', organizationId);
      const state = document && (await finder.managedBy(document.accountId));
      return [...(state?.members.keys() ?? [])];
    },
    async isManagementAccount(accountId) {
      return (await organizationOf(accountId))?.isManagementAccount(accountId) ?? false;
    },
    async isDelegatedAdministrator(accountId, servicePrincipal) {
      return isDelegate(await organizationOf(accountId), accountId, servicePrincipal);
    },
    async hasServiceAccess(accountId, servicePrincipal) {
      return hasAccess(await organizationOf(accountId), servicePrincipal);
    },
    async serviceControlPolicies(accountId) {
      const state = await organizationOf(accountId);
      return state === undefined ? [] : serviceControlLevels(state, accountId);
    },
    async accountsVisibleTo(accountId, servicePrincipal) {
      const state = await organizationOf(accountId);
      if (state === undefined) return [accountId];
      const seesAll = state.isManagementAccount(accountId) || isDelegate(state, accountId, servicePrincipal);
      return seesAll ? [...state.members.keys()] : [accountId];
    },
  };
}

/**
 * Answers from memory while nothing is committed. After a commit, which most often is not about organizations, the
 * revision of the organization's document tells with one read that what is known of it still holds.
 */
class OrganizationFinder {
  readonly #store: IdentityStore;
  #view: View | undefined;
  /** What was loaded last, by management account; only right when its revision still is. */
  readonly #loaded = new Map<string, OrganizationState>();
  /** Where an account was found last; only a hint. */
  readonly #managementOf = new Map<string, string>();

  constructor(store: IdentityStore) {
    this.#store = store;
  }

  async organizationOf(accountId: string): Promise<OrganizationState | undefined> {
    const view = await this.#currentView();
    const hint = this.#managementOf.get(accountId);
    const known = hint === undefined ? undefined : await this.#stateOf(view, hint);
    if (known?.members.has(accountId) === true) return known;
    if (view.alone.has(accountId)) return undefined;
    const document = await this.#store.find('organizationMember', accountId);
    const state = document === undefined ? undefined : await this.#stateOf(view, document.accountId);
    if (document === undefined || state?.members.has(accountId) !== true) {
      this.#managementOf.delete(accountId);
      if (document === undefined) view.alone.add(accountId);
      return undefined;
    }
    this.#managementOf.set(accountId, document.accountId);
    return state;
  }

  async managedBy(managementAccountId: string): Promise<OrganizationState | undefined> {
    return this.#stateOf(await this.#currentView(), managementAccountId);
  }

  async #currentView(): Promise<View> {
    const generation = await this.#store.generation();
    if (this.#view?.generation !== generation) {
      this.#view = { generation, states: new Map(), alone: new Set() };
    }
    return this.#view;
  }

  async #stateOf({ states }: View, managementAccountId: string): Promise<OrganizationState | undefined> {
    if (states.has(managementAccountId)) return states.get(managementAccountId);
    const document = await organizationDocument(this.#store, managementAccountId);
    const before = this.#loaded.get(managementAccountId);
    const isCurrent = document !== undefined && before?.revision === document.revision;
    const state = isCurrent ? before : await OrganizationState.load(this.#store, managementAccountId);
    states.set(managementAccountId, state);
    if (state === undefined) this.#loaded.delete(managementAccountId);
    else this.#loaded.set(managementAccountId, state);
    return state;
  }
}

function hasAccess(state: OrganizationState | undefined, servicePrincipal: string): boolean {
  return state !== undefined && Object.hasOwn(state.entity.serviceAccess, servicePrincipal);
}

function isDelegate(
  state: OrganizationState | undefined,
  accountId: string,
  servicePrincipal: string,
): boolean {
  const services = state?.delegates.get(accountId)?.services;
  return (
    services !== undefined && Object.hasOwn(services, servicePrincipal) && hasAccess(state, servicePrincipal)
  );
}
