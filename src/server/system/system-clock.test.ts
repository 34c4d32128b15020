import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { systemClock } from './system-clock.ts';

/** Timers of the system clock keep no process alive, so a test that waits for one needs a timer of its own. */
async function kept<T>(work: Promise<T>): Promise<T> {
  const keeper = setInterval(() => {}, 1_000);
  try {
    return await work;
  } finally {
    clearInterval(keeper);
  }
}

describe('system clock', () => {
  it('calls back after a delay, and never after it was cancelled', async () => {
    let isCalled = false;
    systemClock
      .after(1, () => {
        isCalled = true;
      })
      .cancel();
    await kept(systemClock.sleep(20));
    assert.equal(isCalled, false);
  });

  it('rejects a sleep with the reason of its signal, at once when it is aborted already', async () => {
    const reason = new Error('stopping');
    await assert.rejects(systemClock.sleep(60_000, AbortSignal.abort(reason)), reason);
    const controller = new AbortController();
    const sleeping = kept(systemClock.sleep(60_000, controller.signal));
    controller.abort(reason);
    await assert.rejects(sleeping, reason);
  });

  it('does not fire a timer early that is longer than Node can count', async () => {
    let isCalled = false;
    const timer = systemClock.after(2 ** 33, () => {
      isCalled = true;
    });
    await kept(systemClock.sleep(20));
    timer.cancel();
    assert.equal(isCalled, false);
  });
});
