import type { Random } from '../../base/random.ts';
import { accessKeyForAccount } from '../../model/access-key-account.ts';

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** What a unique id is of (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html). */
export type UniqueIdPrefix = 'AIDA' | 'AROA' | 'AGPA' | 'ANPA';

/** Characters behind the prefix, as real ids have them. */
const ID_LENGTH = 17;

/** `AIDAJQABLZS4A3QDU576Q`: never given twice, also not to a user who gets the name of an earlier one. */
export function newUniqueId(random: Random, prefix: UniqueIdPrefix): string {
  return prefix + base32(random.bytes(11)).slice(0, ID_LENGTH);
}

/** `AKIA…`, 20 characters; as with AWS, the account can be read from it. */
export function newAccessKeyId(random: Random, accountId: string): string {
  return accessKeyForAccount('AKIA', accountId, random.bytes(5));
}

/** 40 characters, 240 random bits. */
export function newSecretAccessKey(random: Random): string {
  return Buffer.from(random.bytes(30)).toString('base64');
}

function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let width = 0;
  for (const byte of bytes) {
    bits = ((bits << 8) | byte) & 0xfff;
    width += 8;
    while (width >= 5) {
      width -= 5;
      text += BASE32[(bits >> width) & 31];
    }
  }
  return text;
}
