import type { Clock } from '../../base/clock.ts';
import { CliError, ConnectionError, ServerError } from '../client/cli-error.ts';
import type { OpenTrailClient } from '../client/open-trail-client.ts';
import type { ImportTally } from './import-tally.ts';

/** How long an import waits for room, or for a server that restarts, before it gives up. */
const WAIT_MS_MAX = 300_000;
const RETRY_MS = 1_000;
/** How long it waits after the last record until all of them can be looked up. */
const VISIBLE_MS_MAX = 60_000;

/** One import on the server: the requests, each repeated until it is done, because nothing is stored twice. */
export class ImportSession {
  readonly importId: string;
  readonly #client: OpenTrailClient;
  readonly #tally: ImportTally;
  readonly #clock: Clock;
  readonly #signal: AbortSignal;
  readonly #say: (message: string) => void;

  private constructor(importId: string, options: ImportSessionOptions) {
    this.importId = importId;
    this.#client = options.client;
    this.#tally = options.tally;
    this.#clock = options.clock;
    this.#signal = options.signal;
    this.#say = options.say;
  }

  static async begin(options: ImportSessionOptions): Promise<ImportSession> {
    const { ImportId } = await options.client.call('BeginImport', {}, options.signal);
    return new ImportSession(String(ImportId), options);
  }

  /** Which of the objects were imported completely before. */
  async findComplete(objects: readonly { uri: string; sha256: string }[]): Promise<boolean[]> {
    const input = { Objects: objects.map(({ uri, sha256 }) => ({ Uri: uri, Sha256: sha256 })) };
    const answer = await this.#insist(() => this.#client.call('FindImportedObjects', input, this.#signal));
    return objects.map((_, index) => Array.isArray(answer.AreComplete) && answer.AreComplete[index] === true);
  }

  /** Sends one body and counts what became of its records. */
  async send(body: Buffer): Promise<void> {
    const request = { query: { ImportId: this.importId }, body, signal: this.#signal };
    const { Objects } = await this.#insist(() => this.#client.upload('ImportEvents', request));
    for (const outcome of Array.isArray(Objects) ? Objects : []) this.#tally.addOutcome(outcome);
  }

  /** Resolves with the number of events that cannot be looked up yet. */
  async end(): Promise<number> {
    const untilMs = this.#clock.monotonicMs() + VISIBLE_MS_MAX;
    for (;;) {
      const input = { ImportId: this.importId };
      const { PendingCount } = await this.#insist(() => this.#client.call('EndImport', input, this.#signal));
      const pendingCount = Number(PendingCount ?? 0);
      if (pendingCount === 0 || this.#clock.monotonicMs() > untilMs) return pendingCount;
    }
  }

  async #insist<T>(request: () => Promise<T>): Promise<T> {
    const untilMs = this.#clock.monotonicMs() + WAIT_MS_MAX;
    for (;;) {
      try {
        return await request();
      } catch (error) {
        const isRetryable =
          error instanceof ServerError ? error.status === 503 : error instanceof ConnectionError;
        if (!isRetryable || this.#signal.aborted) throw error;
        const { message } = error as CliError;
        if (this.#clock.monotonicMs() > untilMs) {
          throw new CliError(`gave up waiting: ${message}; the same command goes on where this one stopped`);
        }
        this.#say(`waiting: ${message}`);
        const seconds = error instanceof ServerError ? error.retryAfterSeconds : undefined;
        await this.#clock.sleep(seconds === undefined ? RETRY_MS : seconds * 1_000, this.#signal);
      }
    }
  }
}

export interface ImportSessionOptions {
  readonly client: OpenTrailClient;
  readonly tally: ImportTally;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Tells the user why it takes longer. */
  readonly say: (message: string) => void;
}
