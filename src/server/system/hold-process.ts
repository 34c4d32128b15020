/** Far longer than any stop; the timer does nothing when it fires. */
const INTERVAL_MS = 3_600_000;

/**
 * Keeps the process alive until it is released: timers of the clock do not, and a stop that waits for one of them must
 * not be cut off because nothing else is left to do.
 */
export function holdProcess(): { release(): void } {
  const handle = setInterval(() => {}, INTERVAL_MS);
  return { release: () => clearInterval(handle) };
}
