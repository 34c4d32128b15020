import type { Verification } from '../../../model/recorded-event.ts';

/** Callers that are remembered: about 1 MB at the longest names. One that is forgotten counts as unverified once. */
const CALLERS_MAX = 4096;
const KEY_LENGTH_MAX = 128;

/**
 * Callers whom an upstream believed: an access key from one source address. Their secrets are not known here, so nothing
 * but the upstream can vouch for them; what they send next is not held back by the rate of unverified calls.
 */
export class VouchedCallers {
  readonly #callers = new Set<string>();

  has(accessKeyId: string | undefined, sourceIPAddress: string): boolean {
    return accessKeyId !== undefined && this.#callers.has(callerKey(accessKeyId, sourceIPAddress));
  }

  /** Keeps what the end of a call tells; the caller that was told of longest ago is forgotten first. */
  learn(
    caller: { readonly accessKeyId: string | undefined; readonly sourceIPAddress: string },
    verification: Verification,
  ): void {
    if (caller.accessKeyId === undefined || verification === 'signature') return;
    const key = callerKey(caller.accessKeyId, caller.sourceIPAddress);
    this.#callers.delete(key);
    if (verification !== 'upstream') return;
    this.#callers.add(key);
    if (this.#callers.size <= CALLERS_MAX) return;
    for (const oldest of this.#callers) {
      this.#callers.delete(oldest);
      return;
    }
  }
}

function callerKey(accessKeyId: string, sourceIPAddress: string): string {
  return `${accessKeyId.slice(0, KEY_LENGTH_MAX)} ${sourceIPAddress.slice(0, KEY_LENGTH_MAX)}`;
}
