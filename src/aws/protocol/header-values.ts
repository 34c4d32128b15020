import type { RawHeaders } from '../../model/captured-call.ts';

/** All values of a header in the order received; `name` in lower case. */
export function headerValues(headers: RawHeaders, name: string): string[] {
  const values: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (isNamed(headers[index], name)) values.push(headers[index + 1] ?? '');
  }
  return values;
}

/** The first value of a header, or undefined; `name` in lower case. */
export function headerValue(headers: RawHeaders, name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (isNamed(headers[index], name)) return headers[index + 1];
  }
  return undefined;
}

/** By length first: most headers are then told apart without changing their case. */
function isNamed(given: string | undefined, name: string): boolean {
  return given?.length === name.length && given.toLowerCase() === name;
}
