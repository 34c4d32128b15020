/** Bounds on failed attempts to prove who one is. */
export interface AttemptLimits {
  /** Time after which one failure is forgiven. */
  readonly forgiveMs: number;
  /** The first lock; each further failure doubles it. */
  readonly lockMs: number;
  readonly lockMsMax: number;
  /** Sources that are told apart; beyond it the least recent is forgotten. About 100 bytes each. */
  readonly sourcesMax: number;
}

const defaultAttemptLimits: AttemptLimits = {
  forgiveMs: 3_000,
  lockMs: 1_000,
  lockMsMax: 300_000,
  sourcesMax: 20_000,
};

/** Proven subjects that stay usable from a locked source; each is a short text. */
const PROVEN_MAX = 20_000;

interface Source {
  failures: number;
  countedAtMs: number;
  lockedUntilMs: number;
  locksCount: number;
}

/**
 * Locks a source address out for a while when it fails too often: unknown keys, wrong signatures, wrong passwords. Times
 * are of the monotonic clock.
 *
 * A subject (an access key, a user name) that was proven from a source before stays usable from it: whoever shares an
 * address with an attacker goes on working, and only who never proved anything there has to wait.
 */
export class AttemptGuard {
  readonly #failuresMax: number;
  readonly #limits: AttemptLimits;
  readonly #sources = new Map<string, Source>();
  readonly #proven = new Set<string>();

  /** `failuresMax`: failures of one source that cost it nothing, while they are forgiven one by one; 0: it is never locked. */
  constructor(failuresMax: number, limits: AttemptLimits = defaultAttemptLimits) {
    this.#failuresMax = failuresMax;
    this.#limits = limits;
  }

  /** Milliseconds for which the source may not try this subject; 0 when it may. */
  lockedMs(source: string, subject: string, nowMs: number): number {
    const known = this.#sources.get(source);
    if (known === undefined || known.lockedUntilMs <= nowMs) return 0;
    return this.#proven.has(provenKey(source, subject)) ? 0 : known.lockedUntilMs - nowMs;
  }

  /** Counts a failure. */
  failed(source: string, nowMs: number): void {
    if (this.#failuresMax === 0) return;
    const { forgiveMs, lockMs, lockMsMax, sourcesMax } = this.#limits;
    const known = this.#sources.get(source) ?? {
      failures: 0,
      countedAtMs: nowMs,
      lockedUntilMs: 0,
      locksCount: 0,
    };
    const forgiven = Math.floor((nowMs - known.countedAtMs) / forgiveMs);
    if (forgiven > 0) {
      known.failures = Math.max(0, known.failures - forgiven);
      known.countedAtMs += forgiven * forgiveMs;
      if (known.failures === 0) known.locksCount = 0;
    }
    known.failures++;
    if (known.failures > this.#failuresMax) {
      known.lockedUntilMs = nowMs + Math.min(lockMs * 2 ** Math.min(known.locksCount, 30), lockMsMax);
      known.locksCount++;
    }
    this.#sources.delete(source);
    this.#sources.set(source, known);
    if (this.#sources.size > sourcesMax) this.#sources.delete(this.#sources.keys().next().value ?? source);
  }

  succeeded(source: string, subject: string): void {
    const key = provenKey(source, subject);
    // The order of a set is that of insertion: the least recent goes first.
    this.#proven.delete(key);
    this.#proven.add(key);
    if (this.#proven.size > PROVEN_MAX) this.#proven.delete(this.#proven.values().next().value ?? key);
  }
}

function provenKey(source: string, subject: string): string {
  return `${source} ${subject}`;
}
