import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from '../../base/clock.ts';
import { createOperationThrottle } from './operation-throttle.ts';

const throttled = { code: 'ThrottlingException', message: 'Rate exceeded' };

function throttleAt() {
  const time = { nowMs: 0 };
  const throttle = createOperationThrottle({ monotonicMs: () => time.nowMs } as Clock);
  const take = (operation: string, accountId = 'a', region = 'r') =>
    throttle.take({ accountId, region, operation });
  return { time, take };
}

test('two look-ups a second pass per account and Region, and a long pause saves up no more', () => {
  const { time, take } = throttleAt();
  for (const pauseMs of [0, 1000, 60_000]) {
    time.nowMs += pauseMs;
    take('LookupEvents');
    take('LookupEvents');
    assert.throws(() => take('LookupEvents'), throttled);
  }
  take('LookupEvents', 'b');
  take('LookupEvents', 'a', 's');
  time.nowMs += 500;
  take('LookupEvents');
  assert.throws(() => take('LookupEvents'), throttled);
});

test('each operation has its own allowance: reads ten a second, changes one, those that AWS lists their own', () => {
  const { take } = throttleAt();
  const rates = {
    GetTrail: 10,
    DescribeTrails: 10,
    ListTags: 10,
    CreateTrail: 1,
    AddTags: 1,
    PutAuditEvents: 100,
    StartQuery: 3,
  };
  for (const [operation, rate] of Object.entries(rates)) {
    for (let count = 0; count < rate; count++) take(operation);
    assert.throws(() => take(operation), throttled, operation);
  }
});

test('refused calls cost nothing: a client that keeps asking gets its share', () => {
  const { time, take } = throttleAt();
  let passed = 0;
  for (; time.nowMs < 10_000; time.nowMs += 10) {
    try {
      take('LookupEvents');
      passed += 1;
    } catch (error) {
      assert.equal((error as { code?: string }).code, throttled.code);
    }
  }
  assert.ok(passed >= 20 && passed <= 22, `${passed} calls passed in 10 seconds`);
});
