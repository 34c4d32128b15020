import { compileStoredPolicy } from './compile-stored-policy.ts';
import type { GroupEntity, RoleEntity, UserEntity } from './entities.ts';
import { managedPolicyDocument } from './managed-policy-documents.ts';
import type { CompiledPolicy, PolicyKind } from './policy/compiled-policy.ts';
import type { PolicySet } from './policy/decide.ts';
import type { PolicyCache } from './policy/policy-cache.ts';
import type { Principal } from './principal.ts';
import { VersionedCache } from './versioned-cache.ts';
import type { VersionedIdentityStore } from './versioned-identity-store.ts';

/** Users and roles whose policies are held; the policies themselves are held once, by their text. */
const HOLDERS_MAX = 20_000;

type HolderPolicies = Pick<PolicySet, 'identity' | 'boundary'>;

/** Collects the policies that a principal has itself: of the user with its groups or of the role, boundary, session. */
export interface PrincipalPolicies {
  /** Rejects with a `DependencyError` where a stored policy cannot be understood: one that is left out could be a denial. */
  of(principal: Principal): Promise<Pick<PolicySet, 'identity' | 'boundary' | 'session'>>;
}

const ALL = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}';
/** In the place of a boundary that is gone: it was to bound, so that nothing is within it. */
const NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"*","Resource":"*"}]}';

export function createPrincipalPolicies(options: {
  readonly store: VersionedIdentityStore;
  readonly policies: PolicyCache;
}): PrincipalPolicies {
  return new Collector(options.store, options.policies);
}

class Collector implements PrincipalPolicies {
  readonly #store: VersionedIdentityStore;
  readonly #policies: PolicyCache;
  readonly #holders: VersionedCache<HolderPolicies>;

  constructor(store: VersionedIdentityStore, policies: PolicyCache) {
    this.#store = store;
    this.#policies = policies;
    this.#holders = new VersionedCache({ version: () => store.version(), entriesMax: HOLDERS_MAX });
  }

  async of(principal: Principal): Promise<Pick<PolicySet, 'identity' | 'boundary' | 'session'>> {
    const holder = await this.#ofHolder(principal);
    const documents = principal.session?.policies ?? [];
    if (documents.length === 0) return holder;
    return { ...holder, session: documents.map((text) => this.#compile(text, 'session')) };
  }

  #ofHolder({ type, accountId, userName, session }: Principal): Promise<HolderPolicies> {
    if (type === 'AssumedRole' && session?.roleName !== undefined) {
      const { roleName } = session;
      return this.#holders.get(`${accountId} role ${roleName}`, () => this.#loadRole(accountId, roleName));
    }
    if (type !== 'Root' && type !== 'AWSService' && userName !== undefined) {
      return this.#holders.get(`${accountId} user ${userName}`, () => this.#loadUser(accountId, userName));
    }
    // What the root federates is bound by the session's policies alone.
    const identity = type === 'FederatedUser' ? [this.#compile(ALL, 'identity')] : [];
    return Promise.resolve({ identity });
  }

  async #loadRole(accountId: string, roleName: string): Promise<HolderPolicies> {
    const document = await this.#store.get({ kind: 'role', accountId, name: roleName });
    if (document === undefined) return { identity: [] };
    const role = JSON.parse(document.body) as RoleEntity;
    const identity = await this.#attachedTo(accountId, role);
    return { identity, ...(await this.#boundary(accountId, role)) };
  }

  async #loadUser(accountId: string, userName: string): Promise<HolderPolicies> {
    const document = await this.#store.get({ kind: 'user', accountId, name: userName });
    if (document === undefined) return { identity: [] };
    const user = JSON.parse(document.body) as UserEntity;
    const identity = await this.#attachedTo(accountId, user);
    for (const name of user.groups) {
      const group = await this.#store.get({ kind: 'group', accountId, name });
      if (group === undefined) continue;
      identity.push(...(await this.#attachedTo(accountId, JSON.parse(group.body) as GroupEntity)));
    }
    return { identity, ...(await this.#boundary(accountId, user)) };
  }

  async #attachedTo(
    accountId: string,
    holder: Pick<GroupEntity, 'inlinePolicies' | 'attachedPolicies'>,
  ): Promise<CompiledPolicy[]> {
    const compiled = Object.values(holder.inlinePolicies).map((text) => this.#compile(text, 'identity'));
    for (const arn of holder.attachedPolicies) {
      const text = await managedPolicyDocument(this.#store, accountId, arn);
      if (text !== undefined) compiled.push(this.#compile(text, 'identity'));
    }
    return compiled;
  }

  async #boundary(
    accountId: string,
    { permissionsBoundary: arn }: Pick<UserEntity, 'permissionsBoundary'>,
  ): Promise<{ readonly boundary?: CompiledPolicy }> {
    if (arn === undefined) return {};
    const text = (await managedPolicyDocument(this.#store, accountId, arn)) ?? NOTHING;
    return { boundary: this.#compile(text, 'boundary') };
  }

  #compile(text: string, kind: PolicyKind): CompiledPolicy {
    return compileStoredPolicy(this.#policies, text, kind);
  }
}
