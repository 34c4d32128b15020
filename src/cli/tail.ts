import { type Command, Option } from 'commander';
import type { Json } from '../model/cloudtrail-event.ts';
import { type CliError, ConnectionError, ServerError } from './client/cli-error.ts';
import { addConnectionOptions } from './client/connect.ts';
import { type CommandContext, runCommand } from './client/run-command.ts';
import {
  addFilterOptions,
  type EventFilterOptions,
  filterInput,
  parseLimit,
  storedFilterInput,
} from './event-filter-options.ts';
import { type FoundEvent, readFoundEvent } from './found-event.ts';
import {
  createEventPrinter,
  type EventPrinter,
  OUTPUT_FORMS,
  type OutputForm,
} from './output/event-printer.ts';
import { resolveTime } from './time-argument.ts';

interface TailOptions extends EventFilterOptions {
  readonly limit: number;
  readonly output: OutputForm;
}

const RECONNECT_MS_MIN = 500;
const RECONNECT_MS_MAX = 10_000;
/** A server that sends the head of its answer with the first event only is not waited for. */
const OPENING_MS_MAX = 500;
/** Stored events that `--since` shows before the live ones begin. */
const BACKLOG_MAX = 1_000;

export function registerTail(program: Command): void {
  const command = program
    .command('tail')
    .summary('show new events as they are stored, until Ctrl-C')
    .description(
      'Shows new live events as they are stored, until Ctrl-C. With --since, what was stored since then comes first.\n' +
        'When the connection is lost it is opened again; a message says which time may have a gap.',
    );
  addConnectionOptions(addFilterOptions(command))
    .option('--limit <count>', 'end after so many events; 0 = never', parseLimit, 0)
    .addOption(
      new Option('--output <form>', 'ndjson is the event exactly as recorded')
        .choices(OUTPUT_FORMS.filter((form) => form !== 'json'))
        .default('table'),
    )
    .action((options: TailOptions) => {
      if (options.origin === 'import')
        command.error("error: imported events are not tailed; use 'lookup'", { exitCode: 2 });
      return runCommand(options, (context) => new Tail(context, options).run());
    });
}

class Tail {
  readonly #context: CommandContext;
  readonly #options: TailOptions;
  readonly #printer: EventPrinter;
  /** Ends the stream of the server when the limit, the end time or Ctrl-C is reached. */
  readonly #stop = new AbortController();
  readonly #backlogIds = new Set<string>();
  #left: number;
  #hasConnected = false;

  constructor(context: CommandContext, options: TailOptions) {
    this.#context = context;
    this.#options = options;
    this.#printer = createEventPrinter(options.output, context.stdout);
    this.#left = options.limit === 0 ? Number.POSITIVE_INFINITY : options.limit;
  }

  async run(): Promise<void> {
    const { signal, clock } = this.#context;
    signal.addEventListener('abort', () => this.#stop.abort(), { once: true });
    const { until } = this.#options;
    if (until !== undefined)
      clock.after(resolveTime(until, clock.now()) - clock.now(), () => this.#stop.abort());
    let delayMs = RECONNECT_MS_MIN;
    while (!this.#isDone) {
      const startedMs = clock.monotonicMs();
      const lost = await this.#follow();
      if (this.#isDone) break;
      if (clock.monotonicMs() - startedMs > RECONNECT_MS_MAX) delayMs = RECONNECT_MS_MIN;
      await this.#warn(lost, delayMs);
      await clock.sleep(delayMs, this.#stop.signal).catch(ignoreAbort);
      delayMs = Math.min(delayMs * 2, RECONNECT_MS_MAX);
    }
  }

  get #isDone(): boolean {
    return this.#stop.signal.aborted || this.#left <= 0;
  }

  /** Follows one connection to its end, and tells why it ended; rejects when trying again is of no use. */
  async #follow(): Promise<string> {
    const { client, clock } = this.#context;
    try {
      const opening = client.stream('TailEvents', filterInput(this.#options), this.#stop.signal);
      // What is stored while the backlog is read comes by the stream, which therefore begins first.
      if (!this.#hasConnected && this.#options.since !== undefined) {
        await Promise.race([opening, clock.sleep(OPENING_MS_MAX)]);
        await this.#backlog();
      }
      const lines = await opening;
      this.#hasConnected = true;
      for await (const line of lines) {
        await this.#print([readFoundEvent(JSON.parse(line) as Json)]);
        if (this.#isDone) return 'done';
      }
      return 'the server ended the stream';
    } catch (error) {
      if (this.#stop.signal.aborted) return 'stopped';
      const isRetryable =
        error instanceof ServerError ? error.status >= 500 : error instanceof ConnectionError;
      // Whoever names a wrong address wants to know it at once, not an endless wait.
      if (isRetryable && this.#hasConnected) return (error as CliError).message;
      throw error;
    }
  }

  async #backlog(): Promise<void> {
    const { client, clock, signal } = this.#context;
    const stored = storedFilterInput({ ...this.#options, origin: 'live' }, clock.now());
    const input = { ...filterInput(this.#options), ...stored, MaxResults: BACKLOG_MAX };
    const { Events } = await client.call('SearchEvents', input, signal);
    const events = (Array.isArray(Events) ? Events : []).map(readFoundEvent).reverse();
    await this.#print(events);
    for (const event of events) this.#backlogIds.add(keyOf(event));
  }

  async #print(events: readonly FoundEvent[]): Promise<void> {
    const unseen = events.filter((event) => !this.#backlogIds.has(keyOf(event))).slice(0, this.#left);
    this.#left -= unseen.length;
    await this.#printer.print(unseen);
    if (this.#left <= 0) this.#stop.abort();
  }

  async #warn(reason: string, delayMs: number): Promise<void> {
    const { stderr, clock } = this.#context;
    const at = new Date(clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    await stderr.write(
      `opentrail: ${reason}; connecting again in ${delayMs / 1_000} s. What was stored since ${at} may be missing here; ` +
        `find it with: opentrail lookup --since ${at}\n`,
    );
  }
}

function keyOf(event: FoundEvent): string {
  return `${event.journalId}:${event.sequence}`;
}

function ignoreAbort(error: unknown) {
  if (!(error instanceof Error) || error.name !== 'AbortError') throw error;
}
