import type { Clock } from '../base/clock.ts';
import { DependencyError } from '../base/dependency-error.ts';
import type { Log } from '../base/log.ts';
import type { IdentityKind } from '../store/identity-store.ts';
import type { AccessKeyEntity, AccountEntity, RoleEntity, UserEntity } from './entities.ts';
import { managedPolicyDocument } from './managed-policy-documents.ts';
import type { Principal } from './principal.ts';
import {
  assumedRolePrincipal,
  federatedPrincipal,
  ownSession,
  rootPrincipal,
  userPrincipal,
} from './principal-facts.ts';
import type { SecretSealer } from './secrets/secret-sealer.ts';
import type { SessionClaims } from './session/session-claims.ts';
import type { OpenedSession, SessionTokens } from './session/session-tokens.ts';
import { VersionedCache } from './versioned-cache.ts';
import type { VersionedIdentityStore } from './versioned-identity-store.ts';

/** What a signature is checked with. */
export interface ResolvedCredential {
  readonly secretAccessKey: string;
  /** Temporary credentials only. */
  readonly sessionToken?: string;
  readonly expiresAtMs?: number;
}

/**
 * Whom an access key stands for. Nobody is believed before the signature was checked with the credential.
 *
 * `expired` has the credential because only who holds the secret is to be told so; every other failure is told to a
 * caller as a key that is not known, and to the operator by its kind.
 */
export type Resolution =
  | { readonly kind: 'known'; readonly credential: ResolvedCredential; readonly principal: Principal }
  | { readonly kind: 'expired'; readonly credential: ResolvedCredential }
  | {
      readonly kind:
        | 'unknownKey'
        | 'inactive'
        /** Not issued here, changed, of another key, or sent with a long-term key; or missing. */
        | 'invalidToken'
        /** The role, the user or the key that a session stands on is gone. */
        | 'gone'
        /** Closed or suspended. */
        | 'accountClosed';
    };

export interface PrincipalResolver {
  /** Rejects with a `DependencyError` where the identity store cannot be read. */
  resolve(accessKeyId: string, sessionToken?: string): Promise<Resolution>;
}

/** A key of an account's root that is configured rather than stored. */
export interface RootKey {
  readonly accountId: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

export interface PrincipalResolverOptions {
  readonly store: VersionedIdentityStore;
  readonly sealer: SecretSealer;
  readonly sessions: SessionTokens;
  readonly rootKeys: readonly RootKey[];
  /** It needs no document of its own. */
  readonly installationAccountId: string;
  readonly clock: Clock;
  readonly log: Log;
  /** Keys, and sessions, that are held in memory: about 2 KB each. */
  readonly cachedMax?: number;
}

/** Longer ones are hostile and are never looked up. */
const ACCESS_KEY_LENGTH_MAX = 128;
const CACHED_MAX = 10_000;

/** Allows nothing: stands for a session policy that is gone, since none at all would restrict nothing. */
const NOTHING = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":"*","Resource":"*"}]}';

export function createPrincipalResolver(options: PrincipalResolverOptions): PrincipalResolver {
  return new Resolver(options);
}

class Resolver implements PrincipalResolver {
  readonly #options: PrincipalResolverOptions;
  readonly #rootKeys: ReadonlyMap<string, RootKey>;
  readonly #keys: VersionedCache<Resolution>;
  readonly #principals: VersionedCache<Principal | 'gone' | 'accountClosed'>;
  /** By access key id, with the token that they were opened from. */
  readonly #opened = new Map<string, { readonly token: string; readonly session: OpenedSession }>();
  readonly #cachedMax: number;

  constructor(options: PrincipalResolverOptions) {
    this.#options = options;
    this.#rootKeys = new Map(options.rootKeys.map((key) => [key.accessKeyId, key]));
    this.#cachedMax = options.cachedMax ?? CACHED_MAX;
    const version = () => options.store.version();
    this.#keys = new VersionedCache({ version, entriesMax: this.#cachedMax });
    this.#principals = new VersionedCache({ version, entriesMax: this.#cachedMax });
  }

  /** Of a key that is held the promise that is held: every call of the gateway asks. */
  resolve(accessKeyId: string, sessionToken?: string): Promise<Resolution> {
    if (accessKeyId.length > ACCESS_KEY_LENGTH_MAX) return Promise.resolve({ kind: 'unknownKey' });
    if (sessionToken !== undefined) return this.#resolveSession(accessKeyId, sessionToken);
    return this.#keys.get(accessKeyId, () => this.#loadKey(accessKeyId));
  }

  async #loadKey(accessKeyId: string): Promise<Resolution> {
    const rootKey = this.#rootKeys.get(accessKeyId);
    if (rootKey !== undefined) {
      const { accountId, secretAccessKey } = rootKey;
      const principal = await this.#rootOf(accountId, accessKeyId);
      if (principal === 'accountClosed') return { kind: principal };
      return { kind: 'known', credential: { secretAccessKey }, principal };
    }
    const document = await this.#options.store.find('accessKey', accessKeyId);
    if (document === undefined) return { kind: 'unknownKey' };
    const { accountId } = document;
    const key = JSON.parse(document.body) as AccessKeyEntity;
    if (key.status !== 'Active') return { kind: 'inactive' };
    const principal = await this.#ownerOf(key, accountId);
    if (principal === 'gone' || principal === 'accountClosed') return { kind: principal };
    const secretAccessKey = this.#openSecret(key, accountId);
    if (secretAccessKey === undefined) return { kind: 'unknownKey' };
    return { kind: 'known', credential: { secretAccessKey }, principal };
  }

  async #resolveSession(accessKeyId: string, sessionToken: string): Promise<Resolution> {
    const session = this.#open(accessKeyId, sessionToken);
    if (session === undefined) return { kind: 'invalidToken' };
    const { claims, secretAccessKey } = session;
    const { expiresAtMs } = claims;
    const credential: ResolvedCredential = { secretAccessKey, sessionToken, expiresAtMs };
    if (this.#options.clock.now() >= expiresAtMs) return { kind: 'expired', credential };
    const principal = await this.#principals.get(session.sessionId, () =>
      this.#loadSession(accessKeyId, claims),
    );
    if (principal === 'gone' || principal === 'accountClosed') return { kind: principal };
    return { kind: 'known', credential, principal };
  }

  #open(accessKeyId: string, token: string): OpenedSession | undefined {
    const { sessions } = this.#options;
    const held = this.#opened.get(accessKeyId);
    if (held?.token === token && sessions.isKeyThere(held.session)) {
      this.#opened.delete(accessKeyId);
      this.#opened.set(accessKeyId, held);
      return held.session;
    }
    const session = sessions.open(accessKeyId, token);
    if (session === undefined) return undefined;
    this.#opened.set(accessKeyId, { token, session });
    if (this.#opened.size > this.#cachedMax) {
      this.#opened.delete(this.#opened.keys().next().value ?? accessKeyId);
    }
    return session;
  }

  async #loadSession(
    accessKeyId: string,
    claims: SessionClaims,
  ): Promise<Principal | 'gone' | 'accountClosed'> {
    const { accountId } = claims;
    if (claims.kind === 'role') {
      if ((await this.#openAccount(accountId)) === undefined) return 'accountClosed';
      const role = await this.#read<RoleEntity>('role', accountId, claims.roleName ?? '');
      // A role that was made again under the name of another is another one.
      if (role?.roleId !== claims.roleId || role === undefined) return 'gone';
      const policies = await this.#sessionPolicies(claims);
      return assumedRolePrincipal({ accessKeyId, accountId }, role, { claims, policies });
    }
    const owner = await this.#issuerOf(claims, accessKeyId);
    if (owner === 'gone' || owner === 'accountClosed') return owner;
    if (claims.kind !== 'federated') return ownSession(owner, claims);
    const policies = await this.#sessionPolicies(claims);
    // Whoever federates grants by the policies that go with the session, and nothing without them.
    return federatedPrincipal(owner, { claims, policies: policies.length === 0 ? [NOTHING] : policies });
  }

  /** The user or root that a session was given to, as long as the key which asked for it may still be used. */
  async #issuerOf(claims: SessionClaims, accessKeyId: string): Promise<Principal | 'gone' | 'accountClosed'> {
    const { accountId, userId, issuingAccessKeyId = '' } = claims;
    const rootKey = this.#rootKeys.get(issuingAccessKeyId);
    if (rootKey?.accountId === accountId && userId === undefined) return this.#rootOf(accountId, accessKeyId);
    const key = await this.#read<AccessKeyEntity>('accessKey', accountId, issuingAccessKeyId);
    if (key?.status !== 'Active') return 'gone';
    const owner = await this.#ownerOf({ ...key, accessKeyId }, accountId);
    if (owner === 'gone' || owner === 'accountClosed') return owner;
    return owner.userId === (userId ?? accountId) ? owner : 'gone';
  }

  async #ownerOf(
    { accessKeyId, userName }: Pick<AccessKeyEntity, 'accessKeyId' | 'userName'>,
    accountId: string,
  ): Promise<Principal | 'gone' | 'accountClosed'> {
    if (userName === undefined) return this.#rootOf(accountId, accessKeyId);
    if ((await this.#openAccount(accountId)) === undefined) return 'accountClosed';
    const user = await this.#read<UserEntity>('user', accountId, userName);
    return user === undefined ? 'gone' : userPrincipal({ accessKeyId, accountId }, user);
  }

  async #rootOf(accountId: string, accessKeyId: string): Promise<Principal | 'accountClosed'> {
    const account = await this.#openAccount(accountId);
    return account === undefined ? 'accountClosed' : rootPrincipal({ accessKeyId, accountId }, account.alias);
  }

  /** Undefined for an account that is closed, suspended or not there. */
  async #openAccount(accountId: string): Promise<Pick<AccountEntity, 'alias'> | undefined> {
    const account = await this.#read<AccountEntity>('account', accountId, accountId);
    if (account === undefined) return accountId === this.#options.installationAccountId ? {} : undefined;
    return account.status === 'ACTIVE' ? account : undefined;
  }

  async #sessionPolicies({ accountId, policy, policyArns }: SessionClaims): Promise<readonly string[]> {
    const documents = policy === undefined ? [] : [policy];
    for (const arn of policyArns) {
      documents.push((await managedPolicyDocument(this.#options.store, accountId, arn)) ?? NOTHING);
    }
    return documents;
  }

  async #read<T>(kind: IdentityKind, accountId: string, name: string): Promise<T | undefined> {
    const document = await this.#options.store.get({ kind, accountId, name });
    return document === undefined ? undefined : (JSON.parse(document.body) as T);
  }

  /** A secret that the master key does not open, because that was replaced, is one that nobody can sign with. */
  #openSecret({ accessKeyId, sealedSecret }: AccessKeyEntity, accountId: string): string | undefined {
    try {
      return this.#options.sealer.open(sealedSecret, { kind: 'accessKey', accountId, name: accessKeyId });
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error;
      this.#options.log.warn('identity.secretUnopened', { accessKeyId, error });
      return undefined;
    }
  }
}
