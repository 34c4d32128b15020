import type { Clock, Timer } from '../../base/clock.ts';

/** Longest delay that one timer of Node can have; longer ones are taken in steps. */
const DELAY_MS_MAX = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after: startTimer,
  sleep,
};

function startTimer(delayMs: number, callback: () => void): Timer {
  let remainingMs = Math.max(0, delayMs);
  let handle: NodeJS.Timeout;
  const step = () => {
    const stepMs = Math.min(remainingMs, DELAY_MS_MAX);
    remainingMs -= stepMs;
    handle = setTimeout(() => (remainingMs > 0 ? step() : callback()), stepMs);
    handle.unref();
  };
  step();
  return { cancel: () => clearTimeout(handle) };
}

function sleep(delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const onAbort = () => {
      timer.cancel();
      reject(signal?.reason);
    };
    const timer = startTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
