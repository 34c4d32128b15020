import { ApiError } from '../model/api-error.ts';
import type { Position, StoredEvent } from '../model/recorded-event.ts';
import type { CommitFeed } from '../store/commit-feed.ts';
import type { EventFilter, EventStore } from '../store/event-store.ts';
import { engineUnavailable } from './engine-unavailable.ts';
import { type SearchQuery, searchFilter } from './search-filter.ts';

/**
 * Events of one read; the reader is asked for the next only when its client has taken these, so this is the
 * backlog.
 */
const readLimit = 500;

/**
 * Live events that are stored from now on, in the order of recording, until the signal is aborted. `accountIds` is asked
 * before each read for the accounts that the query is about then; when it throws, the tail ends with that error.
 */
export type TailEvents = (
  query: SearchQuery,
  signal: AbortSignal,
  accountIds?: () => Promise<readonly string[]>,
) => AsyncIterable<StoredEvent>;

/**
 * Follows the event store by its commits. Nothing is queued for a slow client: its position stays where it is
 * and it reads on from there, so a tail costs the same however far behind it is. A tail that asks for events
 * that are gone with their partition simply does not see them.
 */
export function createTailEvents(options: {
  readonly store: EventStore;
  readonly feed: CommitFeed;
  /** Tails at once; each costs one read of the event store per commit. */
  readonly tailsMax: number;
}): TailEvents {
  const { store, feed, tailsMax } = options;
  let running = 0;
  return (query, signal, accountIds) => {
    // Checked and positioned at the call, not at the first read, so that no event between the two is missed.
    const filter: EventFilter = { ...searchFilter(query), origin: 'live' };
    if (running >= tailsMax) {
      throw new ApiError('ThrottlingException', `more than ${tailsMax} tails are open`, { isPlatform: true });
    }
    const start = feed.committed();
    return follow(start);

    async function* follow(from: Position): AsyncIterable<StoredEvent> {
      running += 1;
      const commits = new CommitWaiter(feed, signal);
      let position = from;
      try {
        while (!signal.aborted) {
          const committed = feed.committed();
          if (committed.journalId !== position.journalId) position = { ...committed, sequence: 0 };
          if (committed.sequence <= position.sequence) {
            await commits.next();
            continue;
          }
          const current = accountIds === undefined ? filter : { ...filter, accountIds: await accountIds() };
          const found = await readPage(position, committed.sequence, current);
          if (found === undefined) {
            await commits.next();
            continue;
          }
          for (const event of found) {
            if (signal.aborted) return;
            yield event;
          }
          const last = found.at(-1);
          const isWhole = found.length < readLimit || last === undefined;
          position = { ...position, sequence: isWhole ? committed.sequence : last.sequence };
        }
      } finally {
        commits.close();
        running -= 1;
      }
    }
  };

  /** Undefined while the event store is down: the commit that follows its return says when to try again. */
  async function readPage(
    after: Position,
    upTo: number,
    filter: EventFilter,
  ): Promise<StoredEvent[] | undefined> {
    try {
      return await store.readAfter(after, upTo, { filter, limit: readLimit });
    } catch (cause) {
      if (engineUnavailable(cause) === undefined) throw cause;
      return undefined;
    }
  }
}

/** Resolves at the next commit or when the signal is aborted; a commit between two waits is not missed. */
class CommitWaiter {
  readonly #unsubscribe: () => void;
  readonly #signal: AbortSignal;
  #hasCommitted = false;
  #wake: (() => void) | undefined;
  readonly #onAbort = () => this.#ring();

  constructor(feed: CommitFeed, signal: AbortSignal) {
    this.#signal = signal;
    this.#unsubscribe = feed.onCommit(() => this.#ring());
    signal.addEventListener('abort', this.#onAbort);
  }

  next(): Promise<void> {
    if (this.#hasCommitted || this.#signal.aborted) {
      this.#hasCommitted = false;
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      this.#wake = () => {
        this.#hasCommitted = false;
        resolve();
      };
    });
  }

  close(): void {
    this.#unsubscribe();
    this.#signal.removeEventListener('abort', this.#onAbort);
  }

  #ring(): void {
    this.#hasCommitted = true;
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}
