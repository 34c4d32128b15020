/**
 * Answers that hold as long as nothing in the identity store changes. Bounded; the least recently used goes first. A
 * failed load is not kept.
 */
export class VersionedCache<Value> {
  readonly #version: () => number;
  readonly #entriesMax: number;
  readonly #entries = new Map<string, Promise<Value>>();
  #heldVersion: number;
  /** The key that was asked for last. */
  #newest: string | undefined;

  constructor(options: { readonly version: () => number; readonly entriesMax: number }) {
    this.#version = options.version;
    this.#entriesMax = options.entriesMax;
    this.#heldVersion = options.version();
  }

  /** Of calls for one key at the same time, one loads. */
  get(key: string, load: () => Promise<Value>): Promise<Value> {
    const version = this.#version();
    if (version !== this.#heldVersion) {
      // What is still loading may have read the state before: it is of use to who asked for it then, and to nobody else.
      this.#entries.clear();
      this.#heldVersion = version;
    }
    const known = this.#entries.get(key);
    if (known !== undefined) {
      // The newest stays where it is: taking it out and in again for every call would make the map anew every few calls.
      if (key === this.#newest) return known;
      this.#newest = key;
      this.#entries.delete(key);
      this.#entries.set(key, known);
      return known;
    }
    const loaded = load();
    this.#newest = key;
    this.#entries.set(key, loaded);
    loaded.catch(() => {
      if (this.#entries.get(key) === loaded) this.#entries.delete(key);
    });
    if (this.#entries.size > this.#entriesMax) {
      this.#entries.delete(this.#entries.keys().next().value ?? key);
    }
    return loaded;
  }
}
