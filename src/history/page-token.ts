import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Clock } from '../base/clock.ts';
import type { Random } from '../base/random.ts';
import { ApiError } from '../model/api-error.ts';
import type { Json } from '../model/cloudtrail-event.ts';
import type { Catalog } from '../store/catalog.ts';
import type { PageKey } from '../store/event-store.ts';

/** How long a token may be used, milliseconds. AWS does not say; a day is longer than any client pages. */
export const pageTokenAgeMsMax = 24 * 60 * 60_000;
const macBytes = 32;
const keyBytes = 32;
const settingName = 'history.pageTokenKey';

/** What a token belongs to: it is refused for anything else. */
export interface TokenScope {
  readonly operation: string;
  readonly accountId: string;
  readonly region: string;
  /** All other parameters of the call, page size left out; compared by their JSON. */
  readonly parameters: unknown;
}

export interface PageTokens {
  issue(scope: TokenScope, key: PageKey): string;
  /**
   * Throws `InvalidNextTokenException` for a token that was not issued here, for this scope, within the last
   * day.
   */
  read(scope: TokenScope, token: string): PageKey;
}

type Content = readonly [eventTimeMs: number, journalId: string, sequence: number, issuedAt: number];

/**
 * Opaque tokens that say where a page ended: `base64url(HMAC-SHA256 ‖ JSON)`. The MAC covers the scope too,
 * so that a token cannot be moved to another account, Region, operation or set of parameters.
 */
export function createPageTokens(options: { readonly key: Uint8Array; readonly clock: Clock }): PageTokens {
  const mac = (scope: TokenScope, content: Uint8Array): Buffer => {
    const bound = JSON.stringify([scope.operation, scope.accountId, scope.region, scope.parameters]);
    const digest = createHash('sha256').update(bound).digest();
    return createHmac('sha256', options.key).update(digest).update(content).digest();
  };
  return {
    issue(scope, key) {
      const { eventTimeMs, journalId, sequence } = key;
      const place: Content = [eventTimeMs, journalId, sequence, options.clock.now()];
      const content = Buffer.from(JSON.stringify(place));
      return Buffer.concat([mac(scope, content), content]).toString('base64url');
    },
    read(scope, token) {
      const bytes = Buffer.from(token, 'base64url');
      const content = bytes.subarray(macBytes);
      // Decoding forgives stray characters; a token is what was issued, letter for letter.
      const isWhole = bytes.length > macBytes && bytes.toString('base64url') === token;
      if (!isWhole || !timingSafeEqual(mac(scope, content), bytes.subarray(0, macBytes)))
        throw invalidToken();
      const place = JSON.parse(content.toString()) as Json;
      if (!isContent(place)) throw invalidToken();
      const [eventTimeMs, journalId, sequence, issuedAt] = place;
      if (Math.abs(options.clock.now() - issuedAt) > pageTokenAgeMsMax) throw invalidToken();
      return { eventTimeMs, journalId, sequence };
    },
  };
}

/** Another version of the program may have issued a token of another shape with the same key. */
function isContent(place: Json): place is Json & Content {
  if (!Array.isArray(place) || place.length !== 4) return false;
  const [eventTimeMs, journalId, sequence, issuedAt] = place;
  return typeof journalId === 'string' && [eventTimeMs, sequence, issuedAt].every(Number.isSafeInteger);
}

/** The key of the installation, made at the first call, so that tokens outlive a restart. */
export async function loadPageTokenKey(catalog: Catalog, random: Random): Promise<Uint8Array> {
  const kept = await catalog.getSetting(settingName);
  if (kept !== undefined) return Buffer.from(kept, 'base64');
  const key = random.bytes(keyBytes);
  await catalog.putSetting(settingName, Buffer.from(key).toString('base64'));
  return key;
}

function invalidToken(): ApiError {
  const message =
    'the pagination token is not valid: it was changed, is older than 24 hours, or was issued for other parameters';
  return new ApiError('InvalidNextTokenException', message);
}
