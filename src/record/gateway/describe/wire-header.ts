import type { RawHeaders } from '../../../model/captured-call.ts';

/** Value of the first header of this lower-case name. */
export function headerOf(headers: RawHeaders, name: string): string | undefined {
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const candidate = headers[index];
    if (candidate?.length === name.length && candidate.toLowerCase() === name) return headers[index + 1];
  }
  return undefined;
}
