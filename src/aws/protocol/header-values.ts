import type { RawHeaders } from '../../model/captured-call.ts';

const none: readonly string[] = [];

/** All values of a header in the order received; `name` in lower case. */
export function headerValues(headers: RawHeaders, name: string): readonly string[] {
  let values: string[] | undefined;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (!isNamed(headers[index], name)) continue;
    // Lists that grow have room for many; nearly every header comes once.
    if (values === undefined) values = [headers[index + 1] ?? ''];
    else values.push(headers[index + 1] ?? '');
  }
  return values ?? none;
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
