import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../base/clock.ts';
import { systemRandom } from '../server/system/system-random.ts';
import { createMemoryCatalog } from '../store/memory/memory-catalog.ts';
import { createPageTokens, loadPageTokenKey, pageTokenAgeMsMax, type TokenScope } from './page-token.ts';

const key = Buffer.alloc(32, 1);
const invalid = { name: 'ApiError', code: 'InvalidNextTokenException' };
let nowMs = 1_800_000_000_000;
const tokens = createPageTokens({ key, clock: { now: () => nowMs } as Clock });
const scope: TokenScope = {
  operation: 'LookupEvents',
  accountId: '1',
  region: 'r',
  parameters: ['EventName', null],
};
const place = {
  eventTimeMs: 1_700_000_000_000,
  journalId: '6b3a63a0-9f5f-4a53-8d92-0f62b7f3c7d1',
  sequence: 7,
};

test('a token gives back the place that it was issued for, whatever that is', () => {
  fc.assert(
    fc.property(fc.integer(), fc.string(), fc.nat(), fc.jsonValue(), (...given) => {
      const [eventTimeMs, journalId, sequence, parameters] = given;
      const own = { ...scope, parameters };
      const key = { eventTimeMs, journalId, sequence };
      assert.deepEqual(tokens.read(own, tokens.issue(own, key)), key);
    }),
  );
});

test('a token of another shape, though it was issued here, is refused', () => {
  const signed = (place: unknown) => {
    const { operation, accountId, region, parameters } = scope;
    const bound = JSON.stringify([operation, accountId, region, parameters]);
    const digest = createHash('sha256').update(bound).digest();
    const content = Buffer.from(JSON.stringify(place));
    const mac = createHmac('sha256', key).update(digest).update(content).digest();
    return Buffer.concat([mac, content]).toString('base64url');
  };
  const { eventTimeMs, journalId, sequence } = place;
  assert.deepEqual(tokens.read(scope, signed([eventTimeMs, journalId, sequence, nowMs])), place);
  const others = [
    [eventTimeMs, journalId, nowMs, journalId, sequence],
    [eventTimeMs, journalId, nowMs],
    [eventTimeMs, sequence, journalId, nowMs],
    [eventTimeMs, journalId, null, nowMs],
    { ...place, nowMs },
    null,
  ];
  for (const other of others) assert.throws(() => tokens.read(scope, signed(other)), invalid);
});

test('a token that was changed in any character, cut or lengthened is refused', () => {
  const token = tokens.issue(scope, place);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=+/. ';
  fc.assert(
    fc.property(fc.nat(token.length - 1), fc.constantFrom(...alphabet), (at, character) => {
      if (token[at] === character) return;
      assert.throws(() => tokens.read(scope, token.slice(0, at) + character + token.slice(at + 1)), invalid);
      assert.throws(() => tokens.read(scope, token.slice(0, at)), invalid);
      assert.throws(() => tokens.read(scope, token + character), invalid);
    }),
    { numRuns: 500 },
  );
});

test('any text that was not issued is refused and breaks nothing', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) =>
      assert.throws(() => tokens.read(scope, text), invalid),
    ),
  );
});

test('a token is refused for another operation, account, Region, parameters or key', () => {
  const token = tokens.issue(scope, place);
  const other: Partial<TokenScope>[] = [
    { operation: 'SearchEvents' },
    { accountId: '2' },
    { region: 's' },
    { parameters: ['EventName', 1] },
  ];
  for (const change of other) assert.throws(() => tokens.read({ ...scope, ...change }, token), invalid);
  const foreign = createPageTokens({ key: Buffer.alloc(32, 2), clock: { now: () => nowMs } as Clock });
  assert.throws(() => foreign.read(scope, token), invalid);
});

test('a token is good for 24 hours and no longer', () => {
  const token = tokens.issue(scope, place);
  nowMs += pageTokenAgeMsMax;
  assert.deepEqual(tokens.read(scope, token), place);
  nowMs += 1;
  assert.throws(() => tokens.read(scope, token), invalid);
});

test('the key is made once and kept, so that tokens outlive a restart', async () => {
  const catalog = createMemoryCatalog();
  const made = await loadPageTokenKey(catalog, systemRandom);
  assert.equal(made.length, 32);
  assert.deepEqual(Buffer.from(await loadPageTokenKey(catalog, systemRandom)), Buffer.from(made));
});
