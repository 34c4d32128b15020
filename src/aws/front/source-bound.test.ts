import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ApiError } from '../../model/api-error.ts';
import { SourceBound } from './source-bound.ts';

function taken(bound: SourceBound, source: string, calls: number, nowMs: number): number {
  let count = 0;
  for (let index = 0; index < calls; index++) {
    try {
      bound.take(source, nowMs);
      count++;
    } catch (error) {
      assert.ok(error instanceof ApiError && error.code === 'ThrottlingException');
    }
  }
  return count;
}

describe('SourceBound', () => {
  it('gives each source two seconds of calls at once and then its rate, whatever others do', () => {
    const bound = new SourceBound(10);
    assert.equal(taken(bound, 'a', 100, 0), 20);
    assert.equal(taken(bound, 'a', 100, 500), 5);
    assert.equal(taken(bound, 'b', 100, 500), 20);
    assert.equal(taken(bound, 'a', 100, 60_000), 20);
  });

  it('bounds nothing where the rate is 0', () => {
    assert.equal(taken(new SourceBound(0), 'a', 1_000, 0), 1_000);
  });
});
