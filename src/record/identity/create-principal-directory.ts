import type { Clock, Timer } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import { accountOfAccessKey } from '../../model/access-key-account.ts';
import type { UserIdentity } from '../../model/cloudtrail-event.ts';
import type { Catalog, PrincipalRecord } from '../../store/catalog.ts';
import { RECORDER_METRICS } from '../telemetry.ts';
import type { PrincipalDirectory, ResolvedPrincipal } from './principal-directory.ts';

/** Keys whose answer is held in memory, unknown ones included: about 1 KB each. */
const CACHED_MAX = 20_000;
/** Characters that an access key id can have; longer ones are hostile and are never looked up. */
const ACCESS_KEY_LENGTH_MAX = 128;
/** How often expired temporary credentials are forgotten. */
const SWEEP_INTERVAL_MS = 600_000;
/** Kept this long after they expire: calls that were made before are still described. */
const EXPIRY_GRACE_MS = 3_600_000;

export interface PrincipalDirectoryOptions {
  readonly catalog: Catalog;
  /** Account of this installation; also of callers that nothing is known of. */
  readonly accountId: string;
  /** The configured root key. */
  readonly rootAccessKeyId: string;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Log;
  readonly cachedMax?: number;
}

/** A directory that stands on the catalog, with a bounded memory in front of it. */
export interface CatalogPrincipalDirectory extends PrincipalDirectory {
  /** Forgets what has expired; also done by itself while the directory is open. */
  sweep(): Promise<number>;
  /** Makes the next `resolve` ask the catalog: a principal was put or deleted there by somebody else. */
  forget(accessKeyId: string): void;
  close(): void;
}

export function createPrincipalDirectory(options: PrincipalDirectoryOptions): CatalogPrincipalDirectory {
  return new Directory(options);
}

class Directory implements CatalogPrincipalDirectory {
  readonly #options: PrincipalDirectoryOptions;
  readonly #root: ResolvedPrincipal;
  /** In order of use, the least recent first; undefined for keys that the catalog does not know. */
  readonly #cache = new Map<string, PrincipalRecord | undefined>();
  /** The key that was remembered last, which is the last of the cache. */
  #newest: string | undefined;
  /** What the records of the cache come to, so that their identities are parsed once. */
  readonly #resolved = new WeakMap<PrincipalRecord, ResolvedPrincipal>();
  readonly #cached;
  readonly #learnt;
  #timer: Timer | undefined;

  constructor(options: PrincipalDirectoryOptions) {
    this.#options = options;
    this.#cached = options.metrics.gauge(RECORDER_METRICS.principalsKnown);
    this.#learnt = options.metrics.counter(RECORDER_METRICS.principalsLearnt);
    this.#root = rootPrincipal(options.accountId, options.rootAccessKeyId);
    this.#scheduleSweep();
  }

  async resolve(accessKeyId: string | undefined): Promise<ResolvedPrincipal> {
    const { accountId, rootAccessKeyId } = this.#options;
    if (accessKeyId === undefined || accessKeyId === '') {
      return { accountId, userIdentity: { type: 'Unknown' }, source: 'none' };
    }
    if (accessKeyId === rootAccessKeyId) return this.#root;
    const known = accessKeyId.length > ACCESS_KEY_LENGTH_MAX ? undefined : await this.#find(accessKeyId);
    const resolved = known === undefined ? undefined : this.#resolvedOf(known);
    if (resolved !== undefined) return resolved;
    return unprovenPrincipal(accessKeyId, accountId);
  }

  async learn(principals: readonly PrincipalRecord[]): Promise<void> {
    for (const principal of principals) {
      const { accessKeyId } = principal;
      if (accessKeyId === this.#options.rootAccessKeyId || accessKeyId.length > ACCESS_KEY_LENGTH_MAX)
        continue;
      const known = await this.#find(accessKeyId);
      if (known?.source === 'configured' || isSame(known, principal)) continue;
      if (known !== undefined && this.#saysMore(known, principal)) continue;
      try {
        await this.#options.catalog.putPrincipal(principal);
        this.#remember(accessKeyId, principal);
        this.#learnt.add();
      } catch (error) {
        this.#options.log.warn('identity.catalogFailed', { operation: 'learn', error });
      }
    }
  }

  /**
   * The answer that gave a session tells its end, its begin and its source identity; what a session later asks about itself
   * (`GetCallerIdentity`) tells none of them, and must not take their place nor let it seem to live on.
   */
  #saysMore(known: PrincipalRecord, told: PrincipalRecord): boolean {
    if (known.expiresAtMs === null || known.expiresAtMs <= this.#options.clock.now()) return false;
    if (told.expiresAtMs !== null && told.expiresAtMs < known.expiresAtMs) return false;
    const [before, after] = [parseIdentity(known.userIdentityJson), parseIdentity(told.userIdentityJson)];
    const isSomebodyElse = before?.arn !== after?.arn || before?.principalId !== after?.principalId;
    return !isSomebodyElse && after?.sessionContext?.attributes === undefined;
  }

  async sweep(): Promise<number> {
    const beforeMs = this.#options.clock.now() - EXPIRY_GRACE_MS;
    for (const [accessKeyId, principal] of this.#cache) {
      const expiresAtMs = principal?.expiresAtMs ?? null;
      if (expiresAtMs !== null && expiresAtMs <= beforeMs) this.#cache.delete(accessKeyId);
    }
    this.#cached.set(this.#cache.size);
    try {
      return await this.#options.catalog.deleteExpiredPrincipals(beforeMs);
    } catch (error) {
      this.#options.log.warn('identity.catalogFailed', { operation: 'sweep', error });
      return 0;
    }
  }

  forget(accessKeyId: string): void {
    this.#cache.delete(accessKeyId);
  }

  close(): void {
    this.#timer?.cancel();
  }

  async #find(accessKeyId: string): Promise<PrincipalRecord | undefined> {
    if (this.#cache.has(accessKeyId)) {
      const cached = this.#cache.get(accessKeyId);
      this.#remember(accessKeyId, cached);
      return cached;
    }
    try {
      const found = await this.#options.catalog.getPrincipal(accessKeyId);
      this.#remember(accessKeyId, found);
      return found;
    } catch (error) {
      this.#options.log.warn('identity.catalogFailed', { operation: 'resolve', error });
      return undefined;
    }
  }

  /** Undefined for what is not an identity. */
  #resolvedOf(known: PrincipalRecord): ResolvedPrincipal | undefined {
    const resolved = this.#resolved.get(known);
    if (resolved !== undefined) return resolved;
    const identity = parseIdentity(known.userIdentityJson);
    if (identity === undefined) return undefined;
    const userIdentity = withAccessKey(identity, known.accessKeyId);
    const principal = { accountId: known.accountId, userIdentity, source: known.source };
    this.#resolved.set(known, principal);
    return principal;
  }

  #remember(accessKeyId: string, principal: PrincipalRecord | undefined) {
    // The newest stays where it is: taking it out and in again for every call would make the map anew every few calls.
    if (accessKeyId === this.#newest && this.#cache.has(accessKeyId)) {
      this.#cache.set(accessKeyId, principal);
      return;
    }
    this.#newest = accessKeyId;
    this.#cache.delete(accessKeyId);
    this.#cache.set(accessKeyId, principal);
    const oldest = this.#cache.keys().next().value;
    if (this.#cache.size > (this.#options.cachedMax ?? CACHED_MAX) && oldest !== undefined) {
      this.#cache.delete(oldest);
    }
    this.#cached.set(this.#cache.size);
  }

  #scheduleSweep() {
    this.#timer = this.#options.clock.after(SWEEP_INTERVAL_MS, () => {
      void this.sweep().then(() => this.#scheduleSweep());
    });
  }
}

/** The root of an account, which a key is taken for. */
export function rootPrincipal(accountId: string, accessKeyId: string): ResolvedPrincipal {
  return {
    accountId,
    source: 'configured',
    userIdentity: {
      type: 'Root',
      principalId: accountId,
      arn: `arn:aws:iam::${accountId}:root`,
      accountId,
      accessKeyId,
    },
  };
}

/** Of whom nothing is known but a key, and the account that the key itself may tell. */
export function unprovenPrincipal(accessKeyId: string, installationAccountId: string): ResolvedPrincipal {
  const accountId = accountOfAccessKey(accessKeyId);
  if (accountId === undefined) {
    const userIdentity = { type: 'Unknown', accessKeyId };
    return { accountId: installationAccountId, userIdentity, source: 'none' };
  }
  return { accountId, userIdentity: { type: 'Unknown', accountId, accessKeyId }, source: 'decoded' };
}

/** Puts the key where real records have it: behind `accountId`. */
function withAccessKey(identity: UserIdentity, accessKeyId: string): UserIdentity {
  const { type, principalId, arn, accountId, accessKeyId: _, ...rest } = identity;
  return {
    ...(type === undefined ? {} : { type }),
    ...(principalId === undefined ? {} : { principalId }),
    ...(arn === undefined ? {} : { arn }),
    ...(accountId === undefined ? {} : { accountId }),
    accessKeyId,
    ...rest,
  };
}

function parseIdentity(json: string): UserIdentity | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed) ? parsed : undefined;
  } catch {
    // Not an identity: the key counts as unknown, as the contract of `resolve` says.
    return undefined;
  }
}

function isSame(known: PrincipalRecord | undefined, principal: PrincipalRecord): boolean {
  return (
    known !== undefined &&
    known.accountId === principal.accountId &&
    known.userIdentityJson === principal.userIdentityJson &&
    known.expiresAtMs === principal.expiresAtMs
  );
}
