import type { Clock } from '../../base/clock.ts';
import type { TextOutput } from '../output/text-output.ts';
import { visible } from '../output/visible-text.ts';
import type { ImportTally } from './import-tally.ts';

const TERMINAL_MS = 200;
/** In a log, a line now and then. */
const LOG_MS = 10_000;

/** Shows how far an import is: one line that changes on a terminal, a line now and then otherwise. */
export class ImportProgress {
  readonly #output: TextOutput;
  readonly #clock: Clock;
  readonly #tally: ImportTally;
  readonly #startedMs: number;
  #total = 0;
  #timer: { cancel(): void } | undefined;
  #lastSaid = '';

  constructor(options: { output: TextOutput; clock: Clock; tally: ImportTally }) {
    this.#output = options.output;
    this.#clock = options.clock;
    this.#tally = options.tally;
    this.#startedMs = options.clock.monotonicMs();
  }

  start(filesTotal: number): void {
    this.#total = filesTotal;
    this.#schedule();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#show(this.#output.isTerminal ? '\r\u001b[K' : '');
  }

  /** A message between the lines; the same one is not repeated. */
  say(message: string): void {
    if (message === this.#lastSaid) return;
    this.#lastSaid = message;
    this.#show(`${this.#output.isTerminal ? '\r\u001b[K' : ''}opentrail: ${visible(message)}\n`);
  }

  get elapsedMs(): number {
    return this.#clock.monotonicMs() - this.#startedMs;
  }

  #schedule() {
    this.#timer = this.#clock.after(this.#output.isTerminal ? TERMINAL_MS : LOG_MS, () => {
      const line = this.#line();
      this.#show(
        this.#output.isTerminal ? `\r\u001b[K${line.slice(0, this.#output.columns - 1)}` : `${line}\n`,
      );
      this.#schedule();
    });
  }

  #line(): string {
    const { filesCount, recordsCount } = this.#tally;
    const seconds = this.elapsedMs / 1_000;
    const leftSeconds = filesCount === 0 ? undefined : (seconds / filesCount) * (this.#total - filesCount);
    const eta = leftSeconds === undefined ? '' : `, about ${duration(leftSeconds)} left`;
    const rate = Math.round(recordsCount / Math.max(seconds, 0.001));
    return `${count(filesCount)} of ${count(this.#total)} files, ${count(recordsCount)} events, ${count(rate)} events/s${eta}`;
  }

  #show(text: string) {
    // Progress is not worth failing for: the result is written and checked by itself.
    if (text !== '') this.#output.write(text).catch(() => {});
  }
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

function duration(seconds: number): string {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5_400 ? `${Math.ceil(seconds / 60)} min` : `${(seconds / 3_600).toFixed(1)} h`;
}
