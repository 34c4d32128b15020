import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../base/clock.ts';
import { createThrottle, lookupCallsPerSecond } from './throttle.ts';

const throttled = { code: 'ThrottlingException', message: 'Rate exceeded' };

test('two calls a second pass per account and Region, and a long pause saves up no more', () => {
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs } as Clock;
  const throttle = createThrottle({ clock, callsPerSecond: lookupCallsPerSecond });
  for (const pauseMs of [0, 1000, 60_000]) {
    nowMs += pauseMs;
    throttle.take('a', 'r');
    throttle.take('a', 'r');
    assert.throws(() => throttle.take('a', 'r'), throttled);
  }
  throttle.take('b', 'r');
  throttle.take('a', 's');
  nowMs += 500;
  throttle.take('a', 'r');
  assert.throws(() => throttle.take('a', 'r'), throttled);
});

test('refused calls cost nothing: a client that keeps asking gets its share', () => {
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs } as Clock;
  const throttle = createThrottle({ clock, callsPerSecond: 2 });
  let passed = 0;
  for (; nowMs < 10_000; nowMs += 10) {
    try {
      throttle.take('a', 'r');
      passed += 1;
    } catch (error) {
      assert.equal((error as { code?: string }).code, throttled.code);
    }
  }
  assert.ok(passed >= 20 && passed <= 22, `${passed} calls passed in 10 seconds`);
});
