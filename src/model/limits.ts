/** Sizes in bytes of UTF-8, of the compact JSON form for objects. */
export interface EventLimits {
  /** The whole record. Larger ones would not reach CloudWatch Logs and EventBridge. */
  readonly eventBytesMax: number;
  /** requestParameters, responseElements, serviceEventDetails. */
  readonly objectBytesMax: number;
  /** additionalEventData, edgeDeviceDetails. */
  readonly smallObjectBytesMax: number;
  /** errorCode, errorMessage, requestID, userAgent. */
  readonly textBytesMax: number;
}

/** CloudTrail's own limits (user guide, record contents); raising them makes records that AWS's consumers refuse. */
export const CLOUDTRAIL_LIMITS: EventLimits = {
  eventBytesMax: 262_144,
  objectBytesMax: 102_400,
  smallObjectBytesMax: 28_672,
  textBytesMax: 1024,
};

/** Bytes of a text in UTF-8; a lone surrogate counts as three, as encoders write U+FFFD for it. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code < 0x80) continue;
    if (code < 0x800) bytes += 1;
    else if (code < 0xd800 || code > 0xdbff || !isLowSurrogate(text.charCodeAt(index + 1))) bytes += 2;
    else {
      bytes += 2;
      index += 1;
    }
  }
  return bytes;
}

/** Cuts a text to so many bytes, the last three of them `...`, never inside a code point; shorter ones stay. */
export function clipText(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax || utf8Length(text) <= bytesMax) return text;
  const ending = bytesMax >= 3 ? '...' : '';
  let bytes = 0;
  let end = 0;
  while (end < text.length) {
    const point = text.codePointAt(end) ?? 0;
    const size = point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    if (bytes + size > bytesMax - ending.length) break;
    bytes += size;
    end += point > 0xffff ? 2 : 1;
  }
  return text.slice(0, end) + ending;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
