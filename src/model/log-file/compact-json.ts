const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const BLANK = 0x20;

/**
 * The JSON text without the blanks between its tokens, so that a record fits on one line; everything else byte for byte.
 * Undefined where a literal control character stands within a string, which JSON does not allow.
 */
export function compactJson(bytes: Uint8Array): Uint8Array | undefined {
  const compact = new Uint8Array(bytes.length);
  let length = 0;
  let isInString = false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (isInString) {
      if (byte < BLANK) return undefined;
      if (byte === BACKSLASH) {
        compact[length++] = byte;
        at++;
        if (at < bytes.length) compact[length++] = bytes[at] ?? 0;
        continue;
      }
      if (byte === QUOTE) isInString = false;
    } else if (byte === BLANK || byte === 0x0a || byte === 0x0d || byte === 0x09) {
      continue;
    } else if (byte === QUOTE) {
      isInString = true;
    }
    compact[length++] = byte;
  }
  return compact.subarray(0, length);
}

/** Whether the bytes would break a line in two, or hold a tab. */
export function hasLineControls(bytes: Uint8Array): boolean {
  return bytes.includes(0x0a) || bytes.includes(0x0d) || bytes.includes(0x09);
}
