import type { Clock, Timer } from '../../../base/clock.ts';
import type { Relay } from './relay.ts';

/** The longest that a tick takes, in milliseconds: how late a silent upstream is noticed at most. */
const TICK_MS_MAX = 1_000;
const TICKS_PER_TIMEOUT = 8;

/** Exchanges under way, watched for silence by one timer instead of one each. */
export class ActiveRelays {
  readonly #relays = new Set<Relay>();
  readonly #clock: Clock;
  readonly #idleTimeoutMs: number;
  readonly #tickMs: number;
  #timer: Timer;
  /** Counts up with every tick. */
  count = 0;

  constructor(clock: Clock, idleTimeoutMs: number) {
    this.#clock = clock;
    this.#idleTimeoutMs = idleTimeoutMs;
    this.#tickMs = Math.min(TICK_MS_MAX, Math.max(1, idleTimeoutMs / TICKS_PER_TIMEOUT));
    this.#timer = this.#schedule();
  }

  add(relay: Relay): void {
    this.#relays.add(relay);
  }

  remove(relay: Relay): void {
    this.#relays.delete(relay);
  }

  close(): void {
    this.#timer.cancel();
  }

  #schedule(): Timer {
    return this.#clock.after(this.#tickMs, () => {
      this.count += 1;
      const ticksMax = this.#idleTimeoutMs / this.#tickMs;
      for (const relay of this.#relays) {
        if (this.count - relay.lastTick > ticksMax) relay.expire(this.#idleTimeoutMs);
      }
      this.#timer = this.#schedule();
    });
  }
}
