import type { Clock } from '../../../base/clock.ts';
import type { CapturedCall } from '../../../model/captured-call.ts';
import type { Recognition } from '../recognition.ts';
import type { BegunRecord, CallRecorder } from './call-recorder.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { GatewayTelemetry } from './telemetry.ts';

/** How long records are described before the loop serves sockets again, in milliseconds; more adds latency to calls. */
const SLICE_MS = 2;

/**
 * How long the first call of a batch waits for others before it is described, in milliseconds: each batch costs a write
 * and an fsync, whatever its size. So much longer is what a kill -9 can cost in `batch` mode.
 */
const GATHER_MS = 2;

interface Pending {
  readonly call: CapturedCall;
  readonly recognition: Recognition;
  readonly answeredAtMs: number;
  readonly bytes: number;
}

/**
 * Calls in `batch` mode between their answer and their durable record: described in the order in which they ended, off
 * the path of the answer, and bounded. At the bound new calls wait (`room`) before they are forwarded, so that nothing
 * is dropped.
 */
export class RecordQueue {
  readonly #recorder: CallRecorder;
  readonly #limits: GatewayLimits;
  readonly #clock: Clock;
  readonly #telemetry: GatewayTelemetry;
  #queue: Pending[] = [];
  #next = 0;
  #isDraining = false;
  #pendingCount = 0;
  #pendingBytes = 0;
  #inFlight = 0;
  #waiters: (() => void)[] = [];
  #flightWaiter: (() => void) | undefined;

  constructor(options: {
    readonly recorder: CallRecorder;
    readonly limits: GatewayLimits;
    readonly clock: Clock;
    readonly telemetry: GatewayTelemetry;
  }) {
    this.#recorder = options.recorder;
    this.#limits = options.limits;
    this.#clock = options.clock;
    this.#telemetry = options.telemetry;
  }

  get hasRoom(): boolean {
    return (
      this.#pendingCount < this.#limits.pendingCallsMax && this.#pendingBytes < this.#limits.pendingBytesMax
    );
  }

  /** Resolves when a new call may be forwarded. */
  async room(): Promise<void> {
    while (!this.hasRoom) await this.#change();
  }

  /** Resolves when everything that was added is durable or refused. */
  async drained(): Promise<void> {
    while (this.#pendingCount > 0) await this.#change();
  }

  add(call: CapturedCall, recognition: Recognition): void {
    const bytes = call.requestBody.bytes.byteLength + (call.response?.body.bytes.byteLength ?? 0);
    this.#pendingCount += 1;
    this.#pendingBytes += bytes;
    this.#queue.push({ call, recognition, answeredAtMs: this.#clock.monotonicMs(), bytes });
    if (this.#isDraining) return;
    this.#isDraining = true;
    this.#clock.after(GATHER_MS, () => void this.#drain());
  }

  async #drain(): Promise<void> {
    let sliceEndMs = this.#clock.monotonicMs() + SLICE_MS;
    while (this.#next < this.#queue.length) {
      const pending = this.#queue[this.#next] as Pending;
      this.#next += 1;
      if (this.#inFlight >= this.#limits.recordsInFlightMax) await this.#landing();
      this.#follow(pending, await this.#recorder.begin(pending.call, pending.recognition));
      if (this.#clock.monotonicMs() < sliceEndMs) continue;
      this.#telemetry.pendingCalls.set(this.#pendingCount);
      await new Promise<void>((resolve) => setImmediate(resolve));
      sliceEndMs = this.#clock.monotonicMs() + SLICE_MS;
      this.#compact();
    }
    this.#queue = [];
    this.#next = 0;
    this.#isDraining = false;
  }

  /** Records are begun in order; the durable write is not awaited, so that many share one fsync. */
  #follow(pending: Pending, recorded: BegunRecord): void {
    this.#inFlight += 1;
    void recorded.durable.then((isRecorded) => {
      this.#inFlight -= 1;
      this.#pendingCount -= 1;
      this.#pendingBytes -= pending.bytes;
      if (isRecorded) {
        const lagMs = this.#clock.monotonicMs() - pending.answeredAtMs;
        this.#telemetry.recordLagSeconds.observe(lagMs / 1000);
      }
      if (this.#pendingCount === 0) this.#telemetry.pendingCalls.set(0);
      this.#wake();
    });
  }

  #compact(): void {
    if (this.#next < 1024) return;
    this.#queue = this.#queue.slice(this.#next);
    this.#next = 0;
  }

  #landing(): Promise<void> {
    return new Promise((resolve) => {
      this.#flightWaiter = resolve;
    });
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  #wake(): void {
    this.#flightWaiter?.();
    this.#flightWaiter = undefined;
    if (this.#waiters.length === 0) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter();
  }
}
