import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { DependencyError } from '../../base/dependency-error.ts';
import { silentLog } from '../../base/log.ts';
import { MemoryEventStore } from '../memory/memory-event-store.ts';
import { PatientEventStore } from './patient-event-store.ts';

/** Time stands still but for what is waited for: every pause ends at once. */
const hastyClock = {
  now: () => 0,
  monotonicMs: () => 0,
  after: () => ({ cancel() {} }),
  sleep: async () => {},
};

const failure = (isRetryable: boolean) =>
  new DependencyError({ dependency: 'engine', operation: 'start', isRetryable, reason: 'no room' });

describe('a store whose engine does not start', () => {
  it('answers each call at once with a retryable error, and serves as soon as the engine is there', async () => {
    let attempts = 0;
    let mend = () => {};
    const mended = new Promise<void>((resolve) => {
      mend = resolve;
    });
    const store = new PatientEventStore({
      open: async () => {
        attempts++;
        if (attempts < 3) throw failure(true);
        await mended;
        return new MemoryEventStore();
      },
      clock: hastyClock,
      log: silentLog,
    });
    await assert.rejects(store.count({ accountIds: 'all' }), (error) => {
      return error instanceof DependencyError && error.isRetryable && error.dependency === 'engine';
    });
    await assert.rejects(store.eventIds()[Symbol.asyncIterator]().next(), DependencyError);
    mend();
    await store.opened;
    assert.equal(await store.count({ accountIds: 'all' }), 0);
    assert.equal(attempts, 3);
    await store.close();
  });

  it('does not try again what cannot succeed', async () => {
    const store = new PatientEventStore({
      open: () => Promise.reject(failure(false)),
      clock: hastyClock,
      log: silentLog,
    });
    await assert.rejects(store.opened, /no room/);
  });
});
