import type { Clock } from '../../base/clock.ts';
import { DependencyError } from '../../base/dependency-error.ts';
import type { Random } from '../../base/random.ts';
import type { IdentityReference, IdentityStore } from '../../store/identity-store.ts';
import { type MasterKey, type MasterKeyRing, makeMasterKey } from './master-key.ts';
import type { FiledKey, MasterKeyFile } from './master-key-file.ts';
import { type Resealed, resealSecrets } from './reseal-secrets.ts';

/** Longest life of temporary credentials: until then a retired key may still be needed for their tokens. */
const SESSION_MS_MAX = 36 * 3_600_000;

/**
 * Which keys sealed secrets may need: written before the first of them is sealed. It is how a start tells a new
 * installation, for which it makes a key, from one whose key was lost.
 */
const NEEDED: IdentityReference = { kind: 'state', accountId: 'installation', name: 'masterKeys' };

export interface MasterKeysOptions {
  readonly file: MasterKeyFile;
  readonly store: IdentityStore;
  readonly random: Random;
  readonly clock: Clock;
}

export interface Rotation extends Resealed {
  readonly keyId: string;
  /** Keys that open nothing any more and were removed. */
  readonly removedKeyIds: readonly string[];
}

/**
 * Reads the master keys, or makes the first one, and ends a rotation that was cut off. Rejects with a `DependencyError`
 * that says what to do when secrets are sealed with a key that is not there.
 */
export async function openMasterKeys(options: MasterKeysOptions): Promise<MasterKeys> {
  const { file, store, random, clock } = options;
  const needed = await readNeeded(store);
  let keys = await file.read();
  if (keys === undefined) {
    if (needed.length > 0) throw lost(file.path, needed);
    keys = [await makeKey({ file, random, clock })];
    await file.write(keys);
  }
  const present = new Set(keys.map(({ id }) => id));
  const missing = needed.filter((id) => !present.has(id));
  if (missing.length > 0) throw lost(file.path, missing);
  const ring = new MasterKeys(options, keys);
  await ring.finishRotation();
  return ring;
}

/** For an installation whose key is lost for good: the next start makes a new one. What was sealed stays unreadable. */
export async function abandonMasterKeys(store: IdentityStore): Promise<void> {
  await writeNeeded(store, []);
}

/** The master keys of a running server. */
export class MasterKeys implements MasterKeyRing {
  readonly #options: MasterKeysOptions;
  #keys: readonly FiledKey[];
  /** Rotations and their ends run one after the other. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: MasterKeysOptions, keys: readonly FiledKey[]) {
    this.#options = options;
    this.#keys = keys;
  }

  get current(): MasterKey {
    const [newest] = this.#keys;
    if (newest === undefined) throw new Error('an installation always has a master key');
    return newest;
  }

  find(keyId: string): MasterKey | undefined {
    return this.#keys.find(({ id }) => id === keyId);
  }

  /** Newest first. */
  describe(): readonly Omit<MasterKey, 'key'>[] {
    return this.#keys.map(({ id, createdAtMs, retiredAtMs }) => ({
      id,
      createdAtMs,
      ...(retiredAtMs === undefined ? {} : { retiredAtMs }),
    }));
  }

  /**
   * Makes a new key, and seals everything again with it. Sessions go on, under the key before, until none can be left;
   * with `isForgettingOld` that key goes at once and they end.
   *
   * May be cut off at every step: the new key is durable beside the old one before anything is sealed with it, and the
   * old one goes only when nothing is sealed with it any more.
   */
  rotate({ isForgettingOld = false } = {}): Promise<Rotation> {
    return this.#next(async () => {
      const { file, clock } = this.#options;
      const nowMs = clock.now();
      const made = await makeKey(this.#options);
      const keys = [made, ...this.#keys.map((key) => ({ retiredAtMs: nowMs, ...key }))];
      await file.write(keys);
      await writeNeeded(
        this.#options.store,
        keys.map(({ id }) => id),
      );
      this.#keys = keys;
      const rotation = await this.#finish(nowMs - SESSION_MS_MAX);
      if (!isForgettingOld) return rotation;
      // Once more, for what was sealed with the old key before the new one was there, and kept after it was passed by.
      const last = await this.#finish(nowMs);
      return { ...last, resealedCount: rotation.resealedCount + last.resealedCount };
    });
  }

  /** Seals with the newest key what still is with an older one, and removes keys that nothing can need any more. */
  finishRotation(): Promise<Rotation> {
    return this.#next(async () => {
      await writeNeeded(
        this.#options.store,
        this.#keys.map(({ id }) => id),
      );
      return this.#finish(this.#options.clock.now() - SESSION_MS_MAX);
    });
  }

  async #finish(retiredBeforeMs: number): Promise<Rotation> {
    const { file, store, random } = this.#options;
    const { id: keyId } = this.current;
    if (this.#keys.length === 1) return { keyId, resealedCount: 0, unopenedNames: [], removedKeyIds: [] };
    const resealed = await resealSecrets({ store, ring: this, random });
    // A secret that could not be opened is a reason to keep every key: one of them may be the one.
    const isNeeded = ({ retiredAtMs }: MasterKey) =>
      retiredAtMs === undefined || retiredAtMs > retiredBeforeMs || resealed.unopenedNames.length > 0;
    const kept = this.#keys.filter(isNeeded);
    const removedKeyIds = this.#keys.filter((key) => !kept.includes(key)).map(({ id }) => id);
    if (removedKeyIds.length > 0) {
      await writeNeeded(
        store,
        kept.map(({ id }) => id),
      );
      await file.write(kept);
      this.#keys = kept;
    }
    return { keyId, ...resealed, removedKeyIds };
  }

  #next<T>(action: () => Promise<T>): Promise<T> {
    const result = this.#turn.then(action);
    // Who comes next waits for the end, good or bad; the one who asked is told of it.
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

async function makeKey(options: Pick<MasterKeysOptions, 'file' | 'random' | 'clock'>): Promise<FiledKey> {
  const { file, random, clock } = options;
  const { bytes, key } = makeMasterKey(random, clock.now());
  return { ...key, text: await file.textOf(bytes, key.id) };
}

async function readNeeded(store: IdentityStore): Promise<readonly string[]> {
  const document = await store.get(NEEDED);
  if (document === undefined) return [];
  return (JSON.parse(document.body) as { readonly keyIds: readonly string[] }).keyIds;
}

async function writeNeeded(store: IdentityStore, keyIds: readonly string[]): Promise<void> {
  const body = JSON.stringify({ keyIds });
  for (;;) {
    const document = await store.get(NEEDED);
    if (document?.body === body) return;
    const isMade = await store.commit([{ ...NEEDED, body, expectedRevision: document?.revision ?? 0 }]);
    if (isMade) return;
  }
}

function lost(path: string, keyIds: readonly string[]): DependencyError {
  return new DependencyError({
    dependency: 'master key',
    operation: 'open',
    isRetryable: false,
    reason:
      `${path}: the master key ${keyIds.join(', ')}, with which secrets in the catalog are encrypted, is not there. ` +
      'Put back a copy of the file, or name where it is with --master-key-file. If it is lost for good, ' +
      './opentrail master-key --replace-lost lets the next start make a new one: then every access key but the root ' +
      'key has to be made anew, and every session ends',
  });
}
