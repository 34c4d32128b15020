import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { encodeMeta } from '../../model/journal-line.ts';
import {
  BatchBuilder,
  countOf,
  eventIdAt,
  metaAt,
  NO_SOURCE_OBJECT,
  rawAt,
  setSourceObject,
  sha256At,
} from './record-batch.ts';

it('gives back what was put in, with the meta that would be written for the source object, however much it is', () => {
  const record = fc.record({
    raw: fc.uint8Array({ maxLength: 300 }),
    eventId: fc.oneof(fc.uuid(), fc.string({ minLength: 1 })),
    eventTimeMs: fc.nat(),
    username: fc.string({ unit: 'grapheme' }),
    sha256: fc.stringMatching(/^[0-9a-f]{64}$/),
  });
  const sourceObjectId = '0a1b2c3d-4e5f-4a6b-8c7d-9e0f1a2b3c4d';
  fc.assert(
    // Repeated, so that more come than a batch usually has.
    fc.property(fc.array(record, { minLength: 1, maxLength: 20 }), fc.nat(400), (some, times) => {
      const records = Array.from({ length: times }, () => some).flat();
      const builder = new BatchBuilder();
      const metaOf = (username: string, id: string) =>
        encodeMeta({
          recordedAt: 7,
          origin: 'import',
          verification: 'none',
          username,
          resources: [],
          sourceObjectId: id,
        });
      for (const { raw, username, ...rest } of records)
        builder.add({ ...rest, bytes: raw, metaJson: metaOf(username, NO_SOURCE_OBJECT) });
      const batch = builder.take();
      assert.equal(countOf(batch), records.length);
      for (const [at, { raw, eventId, eventTimeMs, username, sha256 }] of records.entries()) {
        setSourceObject(batch, at, Buffer.from(sourceObjectId));
        assert.deepEqual(Buffer.from(rawAt(batch, at)), Buffer.from(raw));
        assert.equal(Buffer.from(metaAt(batch, at)).toString(), metaOf(username, sourceObjectId));
        assert.deepEqual(
          [eventIdAt(batch, at), batch.eventTimesMs[at], sha256At(batch, at)],
          [eventId, eventTimeMs, sha256],
        );
      }
      assert.ok(builder.isEmpty);
    }),
    { numRuns: 20 },
  );
});
