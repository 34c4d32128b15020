import { hash } from 'node:crypto';

/** 32-bit words of a key. */
export const KEY_WORDS = 4;

const UUID_LENGTH = 36;
const DASH = 0x2d;
const DASHES = [8, 13, 18, 23] as const;
const NO_DIGIT = 0x10;
/** The value of a lower-case hex digit by its character code. */
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
for (let digit = 0; digit < 16; digit++) DIGITS[digit.toString(16).charCodeAt(0)] = digit;

/**
 * Writes the 128 bits by which an event id is told from others: those of the UUID that it is, else of its SHA-256. So ids
 * by the hundred thousand are compared and kept without a text for each.
 */
export function writeEventKey(eventId: string, keys: Uint32Array, at: number): void {
  if (eventId.length === UUID_LENGTH && writeUuid(eventId, keys, at)) return;
  const digest = hash('sha256', eventId, 'buffer');
  for (let word = 0; word < KEY_WORDS; word++) keys[at + word] = digest.readUInt32BE(word * 4);
}

/** A well-spread number of a key; another one for another seed. */
export function hashKey(keys: Uint32Array, at: number, seed: number): number {
  let state = seed;
  for (let word = 0; word < KEY_WORDS; word++) {
    state = Math.imul(state ^ (keys[at + word] ?? 0), 0xcc9e2d51);
    state = Math.imul((state << 15) | (state >>> 17), 0x1b873593);
  }
  // The final mix of murmur3, so that keys that differ in one digit spread.
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}

/** False for anything but a UUID in lower case, which would share the bits of another text. */
function writeUuid(text: string, keys: Uint32Array, at: number): boolean {
  for (const dash of DASHES) if (text.charCodeAt(dash) !== DASH) return false;
  const [first, second, third, fourth] = [
    digitsOf(text, 0, 8, 0),
    digitsOf(text, 14, 4, digitsOf(text, 9, 4, 0)),
    digitsOf(text, 24, 4, digitsOf(text, 19, 4, 0)),
    digitsOf(text, 28, 8, 0),
  ];
  if (first < 0 || second < 0 || third < 0 || fourth < 0) return false;
  keys[at] = first;
  keys[at + 1] = second;
  keys[at + 2] = third;
  keys[at + 3] = fourth;
  return true;
}

/** The digits behind those of `before`; -1 where one is none, or was none. */
function digitsOf(text: string, start: number, count: number, before: number): number {
  let value = before;
  let seen = before < 0 ? NO_DIGIT : 0;
  for (let index = start; index < start + count; index++) {
    const code = text.charCodeAt(index);
    const digit = code < 128 ? (DIGITS[code] ?? NO_DIGIT) : NO_DIGIT;
    seen |= digit;
    value = value * 16 + digit;
  }
  return (seen & NO_DIGIT) === 0 ? value : -1;
}
