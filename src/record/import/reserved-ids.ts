import { hashKey, KEY_WORDS } from './event-key.ts';

const SEED = 0x27d4eb2f;
const FIRST_CAPACITY = 1 << 10;
/** Fuller tables are slow to search. */
const LOAD_MAX = 0.6;

/**
 * A map from event keys to a row of a group: a table of numbers with open addressing, because objects and texts by the
 * hundred thousand, each for a second or two, are what the garbage collector is worst at.
 */
export class ReservedIds<Group> {
  #keys = new Uint32Array(FIRST_CAPACITY * KEY_WORDS);
  #rows = new Uint32Array(FIRST_CAPACITY);
  #groups: (Group | undefined)[] = emptyGroups<Group>(FIRST_CAPACITY);
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get(keys: Uint32Array, keyAt: number): { readonly group: Group; readonly row: number } | undefined {
    const slot = this.#slotOf(keys, keyAt);
    const group = this.#groups[slot];
    return group === undefined ? undefined : { group, row: this.#rows[slot] ?? 0 };
  }

  /** Adds a key that is not there, or replaces what it stands for. */
  set(keys: Uint32Array, keyAt: number, group: Group, row: number): void {
    if (this.#size >= this.#rows.length * LOAD_MAX) this.#grow();
    this.#put(keys, keyAt, group, row);
  }

  delete(keys: Uint32Array, keyAt: number): void {
    let hole = this.#slotOf(keys, keyAt);
    if (this.#groups[hole] === undefined) return;
    this.#size--;
    const mask = this.#rows.length - 1;
    // What stands behind the hole moves up if its place is at the hole or before, so that every search still ends right.
    for (let slot = (hole + 1) & mask; this.#groups[slot] !== undefined; slot = (slot + 1) & mask) {
      const home = hashKey(this.#keys, slot * KEY_WORDS, SEED) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      this.#keys.copyWithin(hole * KEY_WORDS, slot * KEY_WORDS, (slot + 1) * KEY_WORDS);
      this.#rows[hole] = this.#rows[slot] ?? 0;
      this.#groups[hole] = this.#groups[slot];
      hole = slot;
    }
    this.#groups[hole] = undefined;
  }

  /** Calls back with each key; the array and the place are valid only then. */
  forEachKey(visit: (keys: Uint32Array, keyAt: number) => void): void {
    for (let slot = 0; slot < this.#rows.length; slot++)
      if (this.#groups[slot] !== undefined) visit(this.#keys, slot * KEY_WORDS);
  }

  /** Where the key is, or the free slot where it would be. */
  #slotOf(keys: Uint32Array, keyAt: number): number {
    const mask = this.#rows.length - 1;
    let slot = hashKey(keys, keyAt, SEED) & mask;
    while (this.#groups[slot] !== undefined && !this.#isAt(slot, keys, keyAt)) slot = (slot + 1) & mask;
    return slot;
  }

  #isAt(slot: number, keys: Uint32Array, keyAt: number): boolean {
    for (let word = 0, at = slot * KEY_WORDS; word < KEY_WORDS; word++)
      if (this.#keys[at + word] !== keys[keyAt + word]) return false;
    return true;
  }

  #put(keys: Uint32Array, keyAt: number, group: Group, row: number) {
    const slot = this.#slotOf(keys, keyAt);
    if (this.#groups[slot] === undefined) this.#size++;
    for (let word = 0; word < KEY_WORDS; word++)
      this.#keys[slot * KEY_WORDS + word] = keys[keyAt + word] ?? 0;
    this.#rows[slot] = row;
    this.#groups[slot] = group;
  }

  #grow() {
    const [keys, rows, groups] = [this.#keys, this.#rows, this.#groups];
    const capacity = rows.length * 2;
    this.#keys = new Uint32Array(capacity * KEY_WORDS);
    this.#rows = new Uint32Array(capacity);
    this.#groups = emptyGroups<Group>(capacity);
    this.#size = 0;
    for (const [slot, group] of groups.entries())
      if (group !== undefined) this.#put(keys, slot * KEY_WORDS, group, rows[slot] ?? 0);
  }
}

function emptyGroups<Group>(capacity: number): (Group | undefined)[] {
  return new Array<Group | undefined>(capacity).fill(undefined);
}
