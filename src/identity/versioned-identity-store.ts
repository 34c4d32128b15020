import type { Clock } from '../base/clock.ts';
import type {
  IdentityChange,
  IdentityDocument,
  IdentityKind,
  IdentityReference,
  IdentityStore,
} from '../store/identity-store.ts';

/** How often the store is asked whether another process has changed something; so long such a change may go unseen. */
const POLL_INTERVAL_MS = 1_000;

/** An identity store that tells, without a read, whether something was changed since. */
export interface VersionedIdentityStore extends IdentityStore {
  /**
   * Another number after each commit of this process that resolved, and a second at most after one of another. When and
   * where keys were used does not count: nothing that is decided depends on it.
   */
  version(): number;
}

/** Every commit of the process MUST go through what this answers. */
export async function openVersionedStore(
  store: IdentityStore,
  clock: Clock,
): Promise<VersionedIdentityStore> {
  return new VersionedStore(store, clock, await store.generation());
}

class VersionedStore implements VersionedIdentityStore {
  readonly #store: IdentityStore;
  readonly #clock: Clock;
  #version = 1;
  /** The generation that the version is known to be of. */
  #generation: number;
  #polledAtMs: number;

  constructor(store: IdentityStore, clock: Clock, generation: number) {
    this.#store = store;
    this.#clock = clock;
    this.#generation = generation;
    this.#polledAtMs = clock.monotonicMs();
  }

  version(): number {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#polledAtMs >= POLL_INTERVAL_MS) {
      this.#polledAtMs = nowMs;
      this.#store.generation().then(
        (generation) => this.#noteGeneration(generation),
        // Whether something changed is not known, so that nothing that was read before may be relied on.
        () => this.#advance(),
      );
    }
    return this.#version;
  }

  async commit(changes: readonly IdentityChange[]): Promise<boolean> {
    const isMade = await this.#store.commit(changes);
    if (isMade && changes.some(({ kind }) => kind !== 'accessKeyUse')) this.#advance();
    return isMade;
  }

  get(reference: IdentityReference): Promise<IdentityDocument | undefined> {
    return this.#store.get(reference);
  }

  find(kind: IdentityKind, name: string): Promise<IdentityDocument | undefined> {
    return this.#store.find(kind, name);
  }

  list(query: Parameters<IdentityStore['list']>[0]): Promise<IdentityDocument[]> {
    return this.#store.list(query);
  }

  listAll(query: Parameters<IdentityStore['listAll']>[0]): Promise<IdentityDocument[]> {
    return this.#store.listAll(query);
  }

  count(query: Parameters<IdentityStore['count']>[0]): Promise<number> {
    return this.#store.count(query);
  }

  generation(): Promise<number> {
    return this.#store.generation();
  }

  close(): Promise<void> {
    return this.#store.close();
  }

  #noteGeneration(generation: number) {
    if (generation !== this.#generation) this.#advance();
    this.#generation = generation;
  }

  #advance() {
    this.#version += 1;
  }
}
