const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** `AKIA` and sixteen letters and digits of base32. */
const ACCESS_KEY_ID = /^[A-Z]{4}([A-Z2-7]{16})$/;

/** Bits of the account in the first six of the ten bytes that the sixteen characters are. */
const ACCOUNT_MASK = 0x7fffffffff80n;
const ACCOUNT_SHIFT = 7n;
/** Set in the ids that hold an account; older ones (before about 2019, `AKIAI…`, `AKIAJ…`) do not. */
const HOLDS_ACCOUNT = 0x800000000000n;

/** The account that an access key id tells, or undefined: `AKIAQ…` does, `AKIAI…` and keys of emulators do not. */
export function accountOfAccessKey(accessKeyId: string): string | undefined {
  const characters = ACCESS_KEY_ID.exec(accessKeyId)?.[1];
  if (characters === undefined) return undefined;
  let bits = 0n;
  for (const character of characters) bits = (bits << 5n) | BigInt(ALPHABET.indexOf(character));
  const head = bits >> 32n;
  if ((head & HOLDS_ACCOUNT) === 0n) return undefined;
  const account = ((head & ACCOUNT_MASK) >> ACCOUNT_SHIFT).toString();
  return account.length > 12 ? undefined : account.padStart(12, '0');
}

/** An access key id of the account; `random` gives the bits that the account does not, at least five bytes. */
export function accessKeyForAccount(prefix: string, accountId: string, random: Uint8Array): string {
  let tail = 0n;
  for (const byte of random.subarray(0, 5)) tail = (tail << 8n) | BigInt(byte);
  const head = HOLDS_ACCOUNT | (BigInt(accountId) << ACCOUNT_SHIFT) | ((tail >> 32n) & 0x7fn);
  let bits = (head << 32n) | (tail & 0xffffffffn);
  let characters = '';
  for (let index = 0; index < 16; index++) {
    characters = (ALPHABET[Number(bits & 31n)] ?? '') + characters;
    bits >>= 5n;
  }
  return prefix + characters;
}
