import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AttemptGuard, type AttemptLimits } from './attempt-guard.ts';

const limits: AttemptLimits = { forgiveMs: 1_000, lockMs: 100, lockMsMax: 1_000, sourcesMax: 2 };

function failing(guard: AttemptGuard, count: number, nowMs: number, source = '192.0.2.1') {
  for (let index = 0; index < count; index++) guard.failed(source, nowMs);
}

describe('AttemptGuard', () => {
  it('locks a source after its free failures, longer with each further one, up to a bound', () => {
    const guard = new AttemptGuard(3, limits);
    failing(guard, 3, 0);
    assert.equal(guard.lockedMs('192.0.2.1', 'AKIA1', 0), 0);
    const locks = [100, 200, 400, 800, 1_000, 1_000].map(() => {
      guard.failed('192.0.2.1', 0);
      return guard.lockedMs('192.0.2.1', 'AKIA1', 0);
    });
    assert.deepEqual(locks, [100, 200, 400, 800, 1_000, 1_000]);
    assert.equal(guard.lockedMs('192.0.2.1', 'AKIA1', 1_000), 0, 'a lock ends');
    assert.equal(guard.lockedMs('192.0.2.2', 'AKIA1', 0), 0, 'another source is not locked');
  });

  it('forgives failures with time, and then begins with the shortest lock again', () => {
    const guard = new AttemptGuard(3, limits);
    failing(guard, 6, 0);
    failing(guard, 3, 10_000);
    assert.equal(guard.lockedMs('192.0.2.1', 'AKIA1', 10_000), 0);
    guard.failed('192.0.2.1', 10_000);
    assert.equal(guard.lockedMs('192.0.2.1', 'AKIA1', 10_000), 100);
  });

  it('lets a key that was proven from the source before go on, and no other', () => {
    const guard = new AttemptGuard(3, limits);
    guard.succeeded('192.0.2.1', 'AKIAGOOD');
    failing(guard, 5, 0);
    assert.equal(guard.lockedMs('192.0.2.1', 'AKIAGOOD', 0), 0);
    assert.ok(guard.lockedMs('192.0.2.1', 'AKIAOTHER', 0) > 0);
  });

  it('never locks where it is turned off', () => {
    const guard = new AttemptGuard(0, limits);
    failing(guard, 50, 0);
    assert.equal(guard.lockedMs('192.0.2.1', 'AKIA1', 0), 0);
  });

  it('forgets the least recent source where there are too many', () => {
    const guard = new AttemptGuard(3, limits);
    for (const source of ['a', 'b', 'c']) failing(guard, 5, 0, source);
    assert.deepEqual(
      ['a', 'b', 'c'].map((source) => guard.lockedMs(source, 'AKIA1', 0) > 0),
      [false, true, true],
    );
  });
});
