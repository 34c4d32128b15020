import { hashKey } from './event-key.ts';

/** Bits per key: with 7 probes about 1 key in 1,000 that was never added looks as if it had been. */
const BITS_PER_KEY = 14.4;
const PROBES = 7;
/** Keys of the smallest filter: 1.9 MB would be too much for the handful of a first try, so it starts small and grows. */
const FIRST_CAPACITY = 1 << 16;

interface Layer {
  readonly bits: Uint32Array;
  readonly mask: number;
  readonly capacity: number;
  count: number;
}

/**
 * A set of event keys (`writeEventKey`) that answers "certainly not" or "perhaps", in about two bytes a key.
 *
 * It grows by layers of double size, so that nobody has to know how many keys will come; one question asks every layer.
 */
export class BloomFilter {
  readonly #layers: Layer[] = [];

  constructor(expectedCount = 0) {
    this.#addLayer(Math.max(FIRST_CAPACITY, expectedCount));
  }

  add(keys: Uint32Array, keyAt: number): void {
    let layer = this.#layers.at(-1);
    if (layer === undefined || layer.count >= layer.capacity)
      layer = this.#addLayer((layer?.capacity ?? 0) * 2);
    layer.count++;
    const { bits, mask } = layer;
    const first = hashKey(keys, keyAt, 0x9e3779b1);
    const step = hashKey(keys, keyAt, 0x85ebca77) | 1;
    for (let probe = 0, at = first; probe < PROBES; probe++, at = (at + step) >>> 0) {
      const bit = at & mask;
      bits[bit >>> 5] = (bits[bit >>> 5] ?? 0) | (1 << (bit & 31));
    }
  }

  /** False means that the key was never added. */
  mayContain(keys: Uint32Array, keyAt: number): boolean {
    const first = hashKey(keys, keyAt, 0x9e3779b1);
    const step = hashKey(keys, keyAt, 0x85ebca77) | 1;
    return this.#layers.some((layer) => isSet(layer, first, step));
  }

  get sizeBytes(): number {
    return this.#layers.reduce((sum, layer) => sum + layer.bits.byteLength, 0);
  }

  #addLayer(wanted: number): Layer {
    // A power of two, at most 2^31 bits (256 MB), because the probes are 32-bit numbers.
    const bitsCount = 2 ** Math.min(31, Math.ceil(Math.log2(wanted * BITS_PER_KEY)));
    const layer = {
      bits: new Uint32Array(bitsCount / 32),
      mask: bitsCount - 1,
      capacity: Math.floor(bitsCount / BITS_PER_KEY),
      count: 0,
    };
    this.#layers.push(layer);
    return layer;
  }
}

function isSet({ bits, mask }: Layer, first: number, step: number): boolean {
  for (let probe = 0, at = first; probe < PROBES; probe++, at = (at + step) >>> 0) {
    const bit = at & mask;
    if (((bits[bit >>> 5] ?? 0) & (1 << (bit & 31))) === 0) return false;
  }
  return true;
}
