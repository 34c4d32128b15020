/** A timer that was set, to be cleared by whoever set it. */
export interface Timer {
  cancel(): void;
}

/**
 * The only source of time. Everything that takes time takes one, so that a test can run hours in milliseconds
 * and replay a fault by its seed. The real one is `server/system/system-clock.ts`.
 */
export interface Clock {
  /** Wall-clock time in milliseconds since 1970-01-01 UTC; may jump in either direction. */
  now(): number;
  /** Milliseconds from an arbitrary start; never goes back. For durations. */
  monotonicMs(): number;
  /** Calls back once after `delayMs`; the timer MUST NOT keep the process alive by itself. */
  after(delayMs: number, callback: () => void): Timer;
  /** Resolves after `delayMs`, or rejects with the signal's reason when it is aborted first. */
  sleep(delayMs: number, signal?: AbortSignal): Promise<void>;
}
