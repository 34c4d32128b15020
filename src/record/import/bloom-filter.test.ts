import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { BloomFilter } from './bloom-filter.ts';
import { KEY_WORDS, writeEventKey } from './event-key.ts';

function keyOf(eventId: string): Uint32Array {
  const key = new Uint32Array(KEY_WORDS);
  writeEventKey(eventId, key, 0);
  return key;
}

it('never denies a key that was added', () => {
  fc.assert(
    fc.property(fc.array(fc.string()), fc.nat(100), (keys, expected) => {
      const filter = new BloomFilter(expected);
      for (const key of keys) filter.add(keyOf(key), 0);
      assert.ok(keys.every((key) => filter.mayContain(keyOf(key), 0)));
    }),
  );
});

it('suspects fewer than 1 in 200 of the ids that were never added, having grown to many times its first size', () => {
  const filter = new BloomFilter();
  const id = (index: number) =>
    `${index.toString(16).padStart(8, '0')}-1d2c-4b1a-a5d0-${(index * 7919).toString(16).padStart(12, '0')}`;
  for (let index = 0; index < 400_000; index++) filter.add(keyOf(id(index)), 0);
  let suspected = 0;
  for (let index = 400_000; index < 500_000; index++) if (filter.mayContain(keyOf(id(index)), 0)) suspected++;
  assert.ok(suspected < 500, `${suspected} of 100,000`);
  assert.ok(filter.sizeBytes < 400_000 * 5, `${filter.sizeBytes} bytes`);
});
