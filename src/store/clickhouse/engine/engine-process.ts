import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { getPriority, setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import type { Clock, Timer } from '../../../base/clock.ts';
import { DependencyError } from '../../../base/dependency-error.ts';
import type { Log } from '../../../base/log.ts';
import type { Metrics } from '../../../base/metrics.ts';
import { createEngineMetrics, type EngineMetrics } from '../telemetry.ts';
import { type EngineOptions, READY_LINE, THREADPOOL_SIZE } from './engine-options.ts';
import { chooseSocketPath } from './socket-path.ts';

/** First pause before a restart; doubled up to the last one while the engine keeps dying. */
const RESTART_DELAY_MS = 50;
const RESTART_DELAY_MS_MAX = 10_000;
/** An engine that lived this long died of something new: the pause starts from the beginning. */
const HEALTHY_AFTER_MS = 30_000;
/** A ping goes out this often; one that takes longer than the timeout is a miss, three in a row a dead engine. */
const PING_INTERVAL_MS = 1_000;
/** A ping without an answer for this long fails the look-ups; with the interval that is 2.5 s after a hang begins. */
const UNRESPONSIVE_AFTER_MS = 1_500;
const PING_TIMEOUT_MS = 10_000;
const PING_MISSES_MAX = 3;
/** With 10 M events the engine is ready in well under a second; this long means that it never will be. */
const START_TIMEOUT_MS = 60_000;
const START_ATTEMPTS_MAX = 5;
/**
 * How much nicer than its parent the engine is: an insert runs on several threads at once, and on a machine with few
 * cores each of them would take turns with the answers to callers. At 12 it gives way to them and has all that is idle;
 * at 19 the slowest answers were slower again, and events would appear late on a busy machine.
 */
const NICER_BY = 12;
const NICENESS_MAX = 19;
/** How much of its standard error is kept to explain a death. */
const STDERR_CHARS_MAX = 2_000;

export interface EngineProcessOptions {
  readonly dataDir: string;
  readonly memoryBytesMax: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** How long a ping may take; three in a row that take longer mean a dead engine. Default 10 s. */
  readonly pingTimeoutMs?: number;
}

type State =
  | { readonly name: 'stopped' }
  | { readonly name: 'starting'; readonly child: ChildProcess }
  | { readonly name: 'ready'; readonly child: ChildProcess; readonly sinceMs: number }
  | { readonly name: 'waiting'; readonly timer: Timer }
  | { readonly name: 'closed' };

/**
 * Starts the engine in a process of its own, watches it and starts it again when it dies or answers no ping.
 *
 * stopped → starting → ready → (death) → waiting → starting …; closed from anywhere, for good. While it is not ready,
 * `checkReady` throws at once; calls that are under way fail with the socket.
 */
export class EngineProcess {
  readonly socketPath: string;
  readonly #options: EngineProcessOptions;
  readonly #metrics: EngineMetrics;
  #state: State = { name: 'stopped' };
  #restartDelayMs = RESTART_DELAY_MS;
  #deathReason = 'not started';
  #waiters: { resolve: () => void; reject: (reason: unknown) => void }[] = [];
  #attemptsCount = 0;
  #responding = new AbortController();

  constructor(options: EngineProcessOptions) {
    this.#options = options;
    mkdirSync(options.dataDir, { recursive: true, mode: 0o700 });
    this.socketPath = chooseSocketPath(options.dataDir);
    this.#metrics = createEngineMetrics(options.metrics);
  }

  /** Resolves when the engine answers; rejects when it died at every one of the first attempts. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiters.push({ resolve, reject });
      if (this.#state.name === 'stopped') this.#spawn();
    });
  }

  /** The child's process id while there is one: for `doctor`, and for tests that kill it. */
  get pid(): number | undefined {
    const { name } = this.#state;
    return name === 'ready' || name === 'starting' ? this.#state.child.pid : undefined;
  }

  /**
   * Aborted, with a retryable `DependencyError`, when a ping stays without an answer: what waits for the engine need not
   * wait on. It is a new one as soon as a ping is answered. Pings are answered while statements run, however long.
   */
  get unresponsive(): AbortSignal {
    return this.#responding.signal;
  }

  /** Throws a retryable `DependencyError` unless the engine is ready and answers its pings. */
  checkReady(operation: string) {
    if (this.#state.name === 'ready') {
      this.#responding.signal.throwIfAborted();
      return;
    }
    throw new DependencyError({
      dependency: 'engine',
      operation,
      isRetryable: this.#state.name !== 'closed',
      reason: `the engine is ${this.#state.name} (${this.#deathReason})`,
    });
  }

  /** Kills the engine and resolves when it is gone. Nothing that was acknowledged is lost by that. */
  async close(): Promise<void> {
    const state = this.#state;
    this.#state = { name: 'closed' };
    this.#deathReason = 'closed';
    this.#metrics.up.set(0);
    if (state.name === 'waiting') state.timer.cancel();
    if (state.name === 'starting' || state.name === 'ready') {
      const gone = new Promise((resolve) => state.child.once('exit', resolve));
      state.child.kill('SIGKILL');
      if (state.child.exitCode === null && state.child.signalCode === null) await gone;
    }
    rmSync(this.socketPath, { force: true });
    this.#settleWaiters(new Error('the engine was closed'));
  }

  #spawn() {
    const { dataDir, memoryBytesMax, clock, log } = this.#options;
    rmSync(this.socketPath, { force: true });
    const options: EngineOptions = { dataDir, socketPath: this.socketPath, memoryBytesMax };
    const main = fileURLToPath(new URL('./engine-main.ts', import.meta.url));
    this.#attemptsCount++;
    const child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', main, JSON.stringify(options)],
      {
        // Nothing is inherited: the engine needs no credentials and reads no configuration of its own.
        env: { UV_THREADPOOL_SIZE: String(THREADPOOL_SIZE), TZ: 'UTC' },
        stdio: ['pipe', 'pipe', 'pipe'],
      },
    );
    this.#state = { name: 'starting', child };
    yieldToAnswers(child, log);
    let stderr = '';
    let stdout = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr = (stderr + chunk.toString('utf8')).slice(-STDERR_CHARS_MAX);
    });
    const startTimer = clock.after(START_TIMEOUT_MS, () => child.kill('SIGKILL'));
    child.stdout.on('data', (chunk: Buffer) => {
      if (stdout.includes(READY_LINE)) return;
      stdout += chunk.toString('utf8');
      if (!stdout.includes(READY_LINE)) return;
      startTimer.cancel();
      this.#becomeReady(child);
    });
    // A child that could not be started at all emits no 'exit'.
    child.on('error', (error) => this.#restart(child, error.message));
    child.on('exit', (code, signal) => {
      startTimer.cancel();
      this.#restart(child, `ended with ${signal ?? `code ${code}`}${stderr && `: ${stderr.trim()}`}`);
    });
    child.stdin.on('error', (error) => log.debug('engine.stdin', { reason: error.message }));
  }

  #becomeReady(child: ChildProcess) {
    if (this.#state.name !== 'starting' || this.#state.child !== child) return;
    this.#state = { name: 'ready', child, sinceMs: this.#options.clock.monotonicMs() };
    this.#markResponding();
    this.#attemptsCount = 0;
    this.#metrics.up.set(1);
    this.#options.log.info('engine.ready', { pid: child.pid });
    this.#settleWaiters();
    this.#watch(child, 0);
  }

  #restart(child: ChildProcess, reason: string) {
    const state = this.#state;
    if (state.name !== 'ready' && state.name !== 'starting') return;
    if (state.child !== child) return;
    const { clock, log } = this.#options;
    if (state.name === 'ready' && clock.monotonicMs() - state.sinceMs > HEALTHY_AFTER_MS) {
      this.#restartDelayMs = RESTART_DELAY_MS;
    }
    this.#deathReason = reason;
    const delayMs = this.#restartDelayMs;
    this.#restartDelayMs = Math.min(delayMs * 2, RESTART_DELAY_MS_MAX);
    this.#metrics.up.set(0);
    this.#metrics.restarts.add();
    log.warn('engine.died', { pid: child.pid, reason, restartInMs: delayMs });
    if (this.#attemptsCount >= START_ATTEMPTS_MAX) {
      this.#settleWaiters(new Error(reason));
    }
    this.#state = { name: 'waiting', timer: clock.after(delayMs, () => this.#spawn()) };
  }

  #watch(child: ChildProcess, missesCount: number) {
    const { clock, log } = this.#options;
    clock.after(PING_INTERVAL_MS, () => {
      if (this.#state.name !== 'ready' || this.#state.child !== child) return;
      const slow = clock.after(UNRESPONSIVE_AFTER_MS, () => this.#markUnresponsive(child));
      pingSocket(this.socketPath, this.#options.pingTimeoutMs ?? PING_TIMEOUT_MS).then(
        () => {
          slow.cancel();
          if (this.#state.name === 'ready' && this.#state.child === child) this.#markResponding();
          this.#watch(child, 0);
        },
        (error: unknown) => {
          slow.cancel();
          if (missesCount + 1 < PING_MISSES_MAX) return this.#watch(child, missesCount + 1);
          log.error('engine.unresponsive', { pid: child.pid, reason: String(error) });
          child.kill('SIGKILL');
        },
      );
    });
  }

  #markUnresponsive(child: ChildProcess) {
    if (this.#state.name !== 'ready' || this.#state.child !== child) return;
    if (this.#responding.signal.aborted) return;
    this.#metrics.up.set(0);
    this.#options.log.warn('engine.slow', { pid: child.pid, withoutAnswerMs: UNRESPONSIVE_AFTER_MS });
    this.#responding.abort(
      new DependencyError({
        dependency: 'engine',
        operation: 'ping',
        isRetryable: true,
        reason: `the engine did not answer within ${UNRESPONSIVE_AFTER_MS} ms`,
      }),
    );
  }

  #markResponding() {
    if (!this.#responding.signal.aborted) return;
    this.#responding = new AbortController();
    this.#metrics.up.set(1);
  }

  #settleWaiters(error?: Error) {
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const { resolve, reject } of waiters) {
      if (error === undefined) resolve();
      else {
        const { message: reason } = error;
        const failure = { dependency: 'engine', operation: 'start', isRetryable: true, reason, cause: error };
        reject(new DependencyError(failure));
      }
    }
  }
}

/** Threads inherit it from the one that starts them, so it is set before the engine is loaded. */
function yieldToAnswers(child: ChildProcess, log: Log): void {
  if (child.pid === undefined) return;
  try {
    setPriority(child.pid, Math.min(NICENESS_MAX, getPriority() + NICER_BY));
  } catch (error) {
    log.warn('engine.priority', { pid: child.pid, reason: String(error) });
  }
}

function pingSocket(socketPath: string, timeoutMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const ping = request({ socketPath, path: '/ping', timeout: timeoutMs }, (response) => {
      response.resume();
      if (response.statusCode === 200) resolve();
      else reject(new Error(`status ${response.statusCode}`));
    });
    ping.on('timeout', () => ping.destroy(new Error(`no answer within ${timeoutMs} ms`)));
    ping.on('error', reject);
    ping.end();
  });
}
