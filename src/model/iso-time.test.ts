import assert from 'node:assert/strict';
import { it } from 'node:test';
import { isoTime } from './iso-time.ts';

it('writes seconds as people read times, and never throws', () => {
  assert.equal(isoTime(0), '1970-01-01T00:00:00Z');
  assert.equal(isoTime(1_795_071_553.429), '2026-11-19T06:59:13.429Z');
  for (const seconds of [1e300, -1e300, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.equal(isoTime(seconds), String(seconds));
  }
});
