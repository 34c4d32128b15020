import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { IdentityReference, IdentityStore } from '../store/identity-store.ts';
import type { AccessKeyUseEntity, RoleEntity } from './entities.ts';
import type { Principal } from './principal.ts';

/** How often what was used is written: so much of it a crash may lose, and no answer waits for it. */
const WRITE_INTERVAL_MS = 60_000;
/** A role's last use is kept with the role, so that writing it is a change of the role: less often. */
const ROLE_INTERVAL_MS = 15 * 60_000;
/** Keys and roles whose use waits to be written; beyond it uses are not noted. About 200 bytes each. */
const WAITING_MAX = 20_000;
/** Documents in one commit. */
const COMMIT_MAX = 200;

export interface KeyUse {
  readonly region: string;
  /** `cloudtrail` */
  readonly serviceName: string;
}

/** When and where access keys and roles were used last. */
export interface KeyUseLog {
  /** Returns at once. For calls whose signature was right. */
  note(principal: Principal, use: KeyUse): void;
  /** Writes what waits. */
  flush(): Promise<void>;
  /** Writes what waits, and no more after it. */
  close(): Promise<void>;
}

export function openKeyUseLog(options: {
  readonly store: IdentityStore;
  readonly clock: Clock;
  readonly log: Log;
}): KeyUseLog {
  return new UseLog(options);
}

class UseLog implements KeyUseLog {
  readonly #store: IdentityStore;
  readonly #clock: Clock;
  readonly #log: Log;
  #waiting = new Map<string, { readonly reference: IdentityReference; readonly use: AccessKeyUseEntity }>();
  #timer: Timer | undefined;

  constructor({
    store,
    clock,
    log,
  }: { readonly store: IdentityStore; readonly clock: Clock; readonly log: Log }) {
    this.#store = store;
    this.#clock = clock;
    this.#log = log;
    this.#schedule();
  }

  note(principal: Principal, { region, serviceName }: KeyUse): void {
    const { accountId, accessKeyId, session } = principal;
    const roleName = session?.roleName;
    // Temporary keys are documents of nobody.
    if (session !== undefined && roleName === undefined) return;
    const name = roleName ?? accessKeyId;
    const key = `${accountId} ${name}`;
    if (this.#waiting.size >= WAITING_MAX && !this.#waiting.has(key)) return;
    const kind = roleName === undefined ? 'accessKeyUse' : 'role';
    const use = { lastUsedMs: this.#clock.now(), region, serviceName };
    this.#waiting.set(key, { reference: { kind, accountId, name }, use });
  }

  async flush(): Promise<void> {
    const waiting = [...this.#waiting.values()];
    this.#waiting = new Map();
    const keys = waiting.filter(({ reference }) => reference.kind === 'accessKeyUse');
    try {
      for (let first = 0; first < keys.length; first += COMMIT_MAX) {
        await this.#writeKeys(keys.slice(first, first + COMMIT_MAX));
      }
      for (const { reference, use } of waiting) {
        if (reference.kind === 'role') await this.#writeRole(reference, use);
      }
    } catch (error) {
      // Of no weight beside the calls themselves, which are recorded; the next use is noted again.
      this.#log.warn('identity.useUnwritten', { error });
    }
  }

  async close(): Promise<void> {
    this.#timer?.cancel();
    await this.flush();
  }

  #schedule() {
    this.#timer = this.#clock.after(WRITE_INTERVAL_MS, () => {
      this.#schedule();
      void this.flush();
    });
  }

  async #writeKeys(
    uses: readonly { readonly reference: IdentityReference; readonly use: AccessKeyUseEntity }[],
  ) {
    const changes = [];
    for (const { reference, use } of uses) {
      const known = await this.#store.get(reference);
      const key = await this.#store.get({ ...reference, kind: 'accessKey' });
      // The root key that is configured has no document, and a key that was deleted meanwhile none any more.
      if (key === undefined) continue;
      changes.push({ ...reference, body: JSON.stringify(use), expectedRevision: known?.revision ?? 0 });
    }
    if (changes.length > 0 && !(await this.#store.commit(changes))) {
      this.#log.debug('identity.useOvertaken', { keysCount: changes.length });
    }
  }

  async #writeRole(reference: IdentityReference, { lastUsedMs, region }: AccessKeyUseEntity) {
    const document = await this.#store.get(reference);
    if (document === undefined) return;
    const role = JSON.parse(document.body) as RoleEntity;
    if (lastUsedMs - (role.lastUsedMs ?? 0) < ROLE_INTERVAL_MS) return;
    const body = JSON.stringify({ ...role, lastUsedMs, lastUsedRegion: region });
    // Where the role is being changed at this moment, that change goes first; this is noted again with the next use.
    await this.#store.commit([
      { ...reference, name: document.name, body, expectedRevision: document.revision },
    ]);
  }
}
