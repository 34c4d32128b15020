import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import { silentLog } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { IdentityReference, IdentityStore } from '../store/identity-store.ts';
import type { AccessKeyEntity, AccountEntity, RoleEntity, UserEntity } from './entities.ts';
import { createPrincipalResolver } from './resolve-principal.ts';
import { type MasterKey, makeMasterKey } from './secrets/master-key.ts';
import { createSecretSealer } from './secrets/secret-sealer.ts';
import { createSessionTokens } from './session/session-tokens.ts';
import { openVersionedStore, type VersionedIdentityStore } from './versioned-identity-store.ts';

export const HOME = '111122223333';
export const OTHER = '444455556666';
export const ROOT_KEY = { accountId: HOME, accessKeyId: 'AKIAROOT', secretAccessKey: 'root-secret' };
/** 2026-03-02T09:00:00Z */
export const START_MS = 1_772_442_000_000;

/** Real parts on an identity store, with a clock and a source of randomness that a test decides. */
export class IdentityUnderTest {
  readonly #time: { nowMs: number };
  readonly clock: Clock;
  readonly timers: (() => void)[];
  #counter = 0;
  readonly random: Random = {
    uuid: () => '00000000-0000-4000-8000-000000000000',
    bytes: (count) => {
      const digest = createHash('sha512')
        .update(String(this.#counter++))
        .digest();
      return digest.subarray(0, count);
    },
  };
  /** Newest first; a test may rotate them. */
  masterKeys: readonly MasterKey[] = [makeMasterKey(this.random, 0).key];
  readonly ring = ringOf(() => this.masterKeys);
  readonly sealer = createSecretSealer({ ring: this.ring, random: this.random });
  readonly sessions = createSessionTokens({ ring: this.ring, random: this.random });
  readonly store;
  readonly resolver;

  private constructor(store: VersionedIdentityStore, clock: TestClock) {
    this.store = store;
    this.#time = clock.time;
    this.clock = clock.clock;
    this.timers = clock.timers;
    this.resolver = createPrincipalResolver({
      store,
      sealer: this.sealer,
      sessions: this.sessions,
      rootKeys: [ROOT_KEY],
      installationAccountId: HOME,
      clock: this.clock,
      log: silentLog,
    });
  }

  static async open(store: IdentityStore): Promise<IdentityUnderTest> {
    const clock = makeClock();
    return new IdentityUnderTest(await openVersionedStore(store, clock.clock), clock);
  }

  get nowMs(): number {
    return this.#time.nowMs;
  }

  set nowMs(nowMs: number) {
    this.#time.nowMs = nowMs;
  }

  async put(reference: IdentityReference, body: object): Promise<void> {
    const known = await this.store.get(reference);
    const change = { ...reference, body: JSON.stringify(body), expectedRevision: known?.revision ?? 0 };
    assert.ok(await this.store.commit([change]));
  }

  async delete(reference: IdentityReference): Promise<void> {
    const known = await this.store.get(reference);
    assert.ok(await this.store.commit([{ ...reference, expectedRevision: known?.revision ?? 0 }]));
  }

  async putAccount(accountId: string, members: Partial<AccountEntity> = {}): Promise<void> {
    const account: AccountEntity = {
      accountId,
      name: 'an account',
      email: 'account@example.com',
      status: 'ACTIVE',
      createdAtMs: START_MS,
      ...members,
    };
    await this.put({ kind: 'account', accountId, name: accountId }, account);
  }

  async putUser(userName: string, members: Partial<UserEntity> = {}, accountId = HOME): Promise<UserEntity> {
    const user: UserEntity = {
      userName,
      userId: `AIDA${userName.toUpperCase()}`,
      path: '/',
      createdAtMs: START_MS,
      inlinePolicies: {},
      attachedPolicies: [],
      groups: [],
      tags: [],
      ...members,
    };
    await this.put({ kind: 'user', accountId, name: userName }, user);
    return user;
  }

  async putRole(roleName: string, members: Partial<RoleEntity> = {}, accountId = HOME): Promise<RoleEntity> {
    const role: RoleEntity = {
      roleName,
      roleId: `AROA${roleName.toUpperCase()}`,
      path: '/',
      createdAtMs: START_MS,
      inlinePolicies: {},
      attachedPolicies: [],
      trustPolicy: trusting({ AWS: HOME }),
      description: '',
      maxSessionDurationSeconds: 3_600,
      tags: [],
      ...members,
    };
    await this.put({ kind: 'role', accountId, name: roleName }, role);
    return role;
  }

  /** A key of a user, or of the account's root where no user is named; its secret is `secret-of-<id>`. */
  async putKey(
    accessKeyId: string,
    userName: string | undefined,
    members: Partial<AccessKeyEntity> = {},
    accountId = HOME,
  ): Promise<void> {
    const reference = { kind: 'accessKey', accountId, name: accessKeyId } as const;
    const key: AccessKeyEntity = {
      accessKeyId,
      ...(userName === undefined ? {} : { userName }),
      status: 'Active',
      createdAtMs: START_MS,
      sealedSecret: this.sealer.seal(`secret-of-${accessKeyId}`, reference),
      ...members,
    };
    await this.put(reference, key);
  }

  /** The principal of a key, which must be known. */
  async principal(accessKeyId: string, sessionToken?: string) {
    const resolution = await this.resolver.resolve(accessKeyId, sessionToken);
    assert.equal(resolution.kind, 'known', accessKeyId);
    return resolution.kind === 'known' ? resolution.principal : assert.fail();
  }
}

interface TestClock {
  readonly time: { nowMs: number };
  readonly clock: Clock;
  readonly timers: (() => void)[];
}

function makeClock(): TestClock {
  const time = { nowMs: START_MS };
  const timers: (() => void)[] = [];
  const clock: Clock = {
    now: () => time.nowMs,
    monotonicMs: () => time.nowMs,
    after: (_delayMs, callback) => {
      timers.push(callback);
      return { cancel: () => undefined };
    },
    sleep: () => Promise.reject(new Error('nobody sleeps here')),
  };
  return { time, clock, timers };
}

function ringOf(keys: () => readonly MasterKey[]) {
  return {
    get current(): MasterKey {
      return keys()[0] ?? assert.fail('a test has a master key');
    },
    find: (id: string) => keys().find((key) => key.id === id),
  };
}

/** A trust policy that lets them assume a role. */
export function trusting(principal: object | '*', statement: object = {}): string {
  return policyOf({ Effect: 'Allow', Principal: principal, Action: 'sts:AssumeRole', ...statement });
}

export function policyOf(...statements: readonly object[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}
