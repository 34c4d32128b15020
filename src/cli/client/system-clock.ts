import type { Clock } from '../../base/clock.ts';

/** Longest delay that one timer of Node can have (24.8 days); a longer one would end at once. */
const DELAY_MS_MAX = 2 ** 31 - 1;

/** The real time of the command line, which is a process of its own and no part of the server. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicMs: () => performance.now(),
  after(delayMs, callback) {
    let handle: NodeJS.Timeout;
    const step = (leftMs: number) => {
      const stepMs = Math.min(leftMs, DELAY_MS_MAX);
      handle = setTimeout(() => (leftMs > stepMs ? step(leftMs - stepMs) : callback()), stepMs).unref();
    };
    step(Math.max(0, delayMs));
    return { cancel: () => clearTimeout(handle) };
  },
  sleep(delayMs, signal) {
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) {
        reject(signal.reason);
        return;
      }
      const abort = () => {
        clearTimeout(timer);
        reject(signal?.reason);
      };
      const timer = setTimeout(() => {
        signal?.removeEventListener('abort', abort);
        resolve();
      }, delayMs);
      signal?.addEventListener('abort', abort, { once: true });
    });
  },
};
