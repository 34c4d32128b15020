import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeMeta, encodeMeta } from './journal-line.ts';
import type { EventMeta } from './recorded-event.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({
    unit: fc.constantFrom('"', '\\', '/', '\u007f', '\u0000', '\n', '\t', 'a', '\u2028', '\ud800', 'ü'),
  }),
  fc.constantFrom('arn:aws:iam::123456789012:user/bob', ''),
);

const meta: fc.Arbitrary<EventMeta> = fc
  .record(
    {
      recordedAt: fc.oneof(fc.nat(), fc.maxSafeInteger(), fc.constant(8e15)),
      origin: fc.constantFrom('live' as const, 'import' as const),
      verification: fc.constantFrom('signature' as const, 'upstream' as const, 'none' as const),
      username: text,
      resources: fc.array(fc.record({ type: fc.option(text), name: text }), { maxLength: 4 }),
      sourceObjectId: text,
      intentId: text,
    },
    { requiredKeys: ['recordedAt', 'origin', 'verification', 'resources'] },
  )
  .map((value) => ({ ...value }));

test('meta is written in the bytes that JSON.stringify writes, whatever its texts hold', () => {
  fc.assert(
    fc.property(meta, (value) => {
      const json = JSON.stringify({
        t: value.recordedAt,
        o: value.origin,
        v: value.verification,
        u: value.username,
        r: value.resources.map(({ type, name }) => [type ?? '', name]),
        s: value.sourceObjectId,
        i: value.intentId,
      });
      assert.equal(encodeMeta(value), json);
      const type = (given: string | null) => (given === '' ? null : given);
      const resources = value.resources.map((one) => ({ type: type(one.type), name: one.name }));
      assert.deepEqual(decodeMeta(json), { ...value, resources });
    }),
    { numRuns: 2_000 },
  );
});
