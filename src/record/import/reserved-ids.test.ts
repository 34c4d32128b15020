import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { KEY_WORDS, writeEventKey } from './event-key.ts';
import { ReservedIds } from './reserved-ids.ts';

function keyOf(eventId: string): Uint32Array {
  const key = new Uint32Array(KEY_WORDS);
  writeEventKey(eventId, key, 0);
  return key;
}

it('holds what a map would hold, whatever is put in and taken out', () => {
  const step = fc.record({ id: fc.nat(40), row: fc.nat(), isDelete: fc.boolean() });
  // Many of one id apart, so that the table grows and its slots are used again.
  const many = fc.array(fc.record({ id: fc.nat(3_000), row: fc.nat(), isDelete: fc.boolean() }), {
    minLength: 2_000,
    maxLength: 4_000,
  });
  const check = (steps: readonly { id: number; row: number; isDelete: boolean }[]) => {
    const model = new Map<number, number>();
    const reserved = new ReservedIds<string>();
    for (const { id, row, isDelete } of steps) {
      const key = keyOf(String(id));
      if (isDelete) {
        model.delete(id);
        reserved.delete(key, 0);
      } else {
        model.set(id, row);
        reserved.set(key, 0, `group ${row}`, row);
      }
    }
    assert.equal(reserved.size, model.size);
    for (const { id } of steps) {
      const row = model.get(id);
      const expected = row === undefined ? undefined : { group: `group ${row}`, row };
      assert.deepEqual(reserved.get(keyOf(String(id)), 0), expected);
    }
    let visited = 0;
    reserved.forEachKey(() => visited++);
    assert.equal(visited, model.size);
  };
  fc.assert(fc.property(fc.array(step, { maxLength: 200 }), check));
  fc.assert(fc.property(many, check), { numRuns: 5 });
});

it('tells every id from every other, of whatever form', () => {
  const uuid = '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
  const others = [
    uuid.toUpperCase(),
    uuid.replaceAll('-', ''),
    uuid.replace('-', '_'),
    `${uuid} `,
    uuid.replace('a', 'g'),
    uuid.replace('a', 'é'),
    `${uuid.slice(0, -1)}-`,
  ];
  const keys = new Set([uuid, ...others].map((id) => keyOf(id).join()));
  assert.equal(keys.size, others.length + 1);
  assert.deepEqual([...keyOf(uuid)], [0x0a1b2c3d, 0x4e5f4a6b, 0x8c7d9e0f, 0x1a2b3c4d]);
  fc.assert(
    fc.property(fc.uuid(), fc.nat(35), fc.string({ minLength: 1, maxLength: 1 }), (id, at, character) => {
      const other = id.slice(0, at) + character + id.slice(at + 1);
      assert.equal(keyOf(other).join() === keyOf(id).join(), other === id);
    }),
  );
});
