/** A whole or decimal number as JSON writes it: `10`, `-1`, `0.5`; not `010`, `1.`, `+1`. */
const NUMBER_TEXT = /^-?(?:0|[1-9]\d{0,15})(?:\.\d{1,15})?$/;

/** Text of an XML body as CloudTrail's converter reads it: what looks like a boolean or a number becomes one. */
export function guessFromText(text: string): string | number | boolean {
  if (text === 'true') return true;
  if (text === 'false') return false;
  if (!NUMBER_TEXT.test(text)) return text;
  const number = Number(text);
  return Number.isInteger(number) && !Number.isSafeInteger(number) ? text : number;
}
