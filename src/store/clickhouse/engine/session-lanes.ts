import { type ChdbQueryStream, type ChdbResult, Session } from 'chdb';
import type { EngineLane, EngineOptions } from './engine-options.ts';

/** One session serialises its statements, so each lane has as many as may run side by side. */
const SESSIONS: Readonly<Record<EngineLane | 'control', number>> = {
  insert: 1,
  lookup: 4,
  scan: 2,
  stream: 2,
  // Pings and KILL QUERY, which must never wait.
  control: 1,
};

/**
 * Share of the process's memory that the engine's own accounting may reach. The rest is the process itself, results on
 * their way out, and pages that the allocator has not given back, none of which it counts.
 */
const TRACKED_SHARE = 0.75;
/** Share of the memory that uncompressed marks and blocks may fill; the rest is for statements. */
const CACHE_SHARE = 0.1;

interface Waiting {
  readonly resolve: (session: Session) => void;
  readonly reject: (reason: unknown) => void;
}

interface Lane {
  readonly idle: Session[];
  readonly waiting: Set<Waiting>;
}

/** Sessions on one data directory, in lanes; statements of one lane wait for each other, never for another lane. */
export class SessionLanes {
  readonly #lanes: Record<EngineLane | 'control', Lane>;
  #statementsCount = 0;

  constructor(options: EngineOptions) {
    const cacheBytesMax = Math.floor(options.memoryBytesMax * CACHE_SHARE);
    const connectionArgs = [
      `--max_server_memory_usage=${Math.floor(options.memoryBytesMax * TRACKED_SHARE)}`,
      `--mark_cache_size=${cacheBytesMax}`,
      `--index_mark_cache_size=${Math.floor(cacheBytesMax / 4)}`,
      // By default 1 GB each.
      `--text_index_header_cache_size=${Math.floor(cacheBytesMax / 4)}`,
      `--text_index_tokens_cache_size=${Math.floor(cacheBytesMax / 4)}`,
      // The default is 1: an insert would be acknowledged before it is stored.
      '--async_insert=0',
      // A 64-bit integer as a JSON number is rounded by JavaScript.
      '--output_format_json_quote_64bit_integers=1',
    ];
    const open = (lane: EngineLane | 'control'): Lane => ({
      idle: Array.from({ length: SESSIONS[lane] }, () => new Session(options.dataDir, { connectionArgs })),
      waiting: new Set(),
    });
    this.#lanes = {
      insert: open('insert'),
      lookup: open('lookup'),
      scan: open('scan'),
      stream: open('stream'),
      control: open('control'),
    };
  }

  /** Runs one statement; when the signal is aborted, a waiting one is left out and a running one really stopped. */
  async run(lane: EngineLane | 'control', sql: string, signal?: AbortSignal): Promise<ChdbResult> {
    const session = await this.#acquire(lane, signal);
    const { tagged, stopKilling } = this.#tag(sql, signal);
    try {
      return await session.queryAsync(tagged, { format: 'TabSeparated' });
    } finally {
      stopKilling();
      this.#release(lane, session);
    }
  }

  /** As `run`, in chunks as the engine makes them: for results that are larger than memory. */
  async stream(
    sql: string,
    onChunk: (bytes: Uint8Array) => Promise<void>,
    signal: AbortSignal,
  ): Promise<void> {
    const session = await this.#acquire('stream', signal);
    let stream: ChdbQueryStream | undefined;
    try {
      stream = session.queryStream(sql);
      for await (const chunk of stream) {
        if (signal.aborted) break;
        await onChunk(chunk.raw());
      }
    } finally {
      stream?.cancel();
      this.#release('stream', session);
    }
  }

  #acquire(lane: EngineLane | 'control', signal?: AbortSignal): Promise<Session> {
    signal?.throwIfAborted();
    const { idle, waiting } = this.#lanes[lane];
    const session = idle.pop();
    if (session !== undefined) return Promise.resolve(session);
    return new Promise((resolve, reject) => {
      const entry = { resolve, reject };
      waiting.add(entry);
      signal?.addEventListener(
        'abort',
        () => {
          if (waiting.delete(entry)) reject(signal.reason);
        },
        { once: true },
      );
    });
  }

  #release(lane: EngineLane | 'control', session: Session) {
    const { idle, waiting } = this.#lanes[lane];
    const [next] = waiting;
    if (next === undefined) {
      idle.push(session);
      return;
    }
    waiting.delete(next);
    next.resolve(session);
  }

  /**
   * Aborting a chDB call only rejects early while the engine works on, so the statement carries a tag by which it is
   * found and killed. ASYNC, because `KILL QUERY … SYNC` never returned.
   */
  #tag(sql: string, signal?: AbortSignal): { tagged: string; stopKilling: () => void } {
    const tag = `opentrail-statement-${++this.#statementsCount}-`;
    const kill = () => {
      const parts = [tag.slice(0, 5), tag.slice(5)].map((part) => `'${part}'`).join(', ');
      const statement = `KILL QUERY WHERE position(query, concat(${parts})) > 0 ASYNC`;
      // A failure means that the statement has ended by itself or that the engine is going down.
      this.run('control', statement).catch(() => undefined);
    };
    signal?.addEventListener('abort', kill, { once: true });
    return { tagged: `/* ${tag} */ ${sql}`, stopKilling: () => signal?.removeEventListener('abort', kill) };
  }
}
