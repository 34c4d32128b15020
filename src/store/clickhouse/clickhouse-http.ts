import { Agent } from 'node:http';
import { connect } from 'node:net';
import type { Readable } from 'node:stream';
import { type ClickHouseClient, ClickHouseError, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { DependencyError } from '../../base/dependency-error.ts';
import { type EngineLane, LANE_HEADER } from './engine/engine-options.ts';

/** How long an answer may take; a look-up that takes longer has no one waiting for it any more. */
const REQUEST_TIMEOUT_MS: Readonly<Record<EngineLane, number>> = {
  insert: 600_000,
  lookup: 60_000,
  scan: 600_000,
  stream: 600_000,
};

/** Failures that the same statement meets again: everything but memory, time, cancellation and overload. */
const RETRYABLE_TYPES = new Set([
  'MEMORY_LIMIT_EXCEEDED',
  'TIMEOUT_EXCEEDED',
  'TOO_MANY_SIMULTANEOUS_QUERIES',
  'TOO_MANY_PARTS',
  'QUERY_WAS_CANCELLED',
  'NETWORK_ERROR',
  'SOCKET_TIMEOUT',
  'CANNOT_WRITE_TO_FILE_DESCRIPTOR',
  'NOT_ENOUGH_SPACE',
  'CANNOT_RESERVE_SPACE',
]);

export interface ClickHouseHttpOptions {
  /** Of a ClickHouse server, with user and password; `http://engine` with a socket. */
  readonly url: string;
  readonly socketPath?: string;
  /** Called before each statement; throws a `DependencyError` while the engine is down. */
  readonly checkReady: (operation: string) => void;
  /** Aborted when the engine hangs: statements that wait for it, but for inserts, fail with its reason. */
  readonly unresponsive?: () => AbortSignal;
}

/** Statements over HTTP, each in its lane; every foreign error becomes a `DependencyError`. */
export class ClickHouseHttp {
  readonly #clients: Record<EngineLane, ClickHouseClient>;
  readonly #agent: Agent | undefined;
  readonly #options: ClickHouseHttpOptions;

  constructor(options: ClickHouseHttpOptions) {
    this.#options = options;
    const { socketPath } = options;
    if (socketPath !== undefined) {
      this.#agent = new Agent({ keepAlive: true });
      this.#agent.createConnection = () => connect({ path: socketPath });
    }
    const open = (lane: EngineLane) => this.#open(lane);
    this.#clients = {
      insert: open('insert'),
      lookup: open('lookup'),
      scan: open('scan'),
      stream: open('stream'),
    };
  }

  #open(lane: EngineLane): ClickHouseClient {
    return createClient({
      url: this.#options.url,
      http_headers: { [LANE_HEADER]: lane },
      request_timeout: REQUEST_TIMEOUT_MS[lane],
      // A busy server is told to wait for all of an answer before it sends a status.
      max_open_connections: 32,
      // The client logs statements that fail, with their literals.
      log: { level: ClickHouseLogLevel.OFF },
      ...(this.#agent === undefined ? {} : { http_agent: this.#agent, keep_alive: { idle_socket_ttl: 0 } }),
    });
  }

  /** Runs a statement that answers rows and gives all of them. */
  async query<Row>(request: Statement): Promise<Row[]> {
    return this.#translate(request, async (client, abort) => {
      const result = await client.query({ query: request.sql, format: 'JSONEachRow', ...abort });
      return await result.json<Row>();
    });
  }

  /** Runs a statement that answers nothing; `body` follows it, for a server that cannot read our files. */
  async command(request: Statement & { readonly body?: Readable }): Promise<void> {
    const { sql, body } = request;
    await this.#translate(request, async (client, abort) => {
      if (body === undefined) {
        await client.command({ query: sql, ...abort });
        return;
      }
      const { stream } = await client.exec({ query: sql, values: body, ...abort });
      for await (const _ of stream) {
        // The answer of an insert is empty; it is read so that the connection can be used again.
      }
    });
  }

  /** Runs a statement in the lane `stream` and gives its rows, as arrays, in chunks as they come. */
  async *stream<Row>(request: Omit<Statement, 'lane'>): AsyncGenerator<Row[]> {
    const result = await this.#translate({ ...request, lane: 'stream' }, (client, abort) =>
      client.query({ query: request.sql, format: 'JSONCompactEachRow', ...abort }),
    );
    try {
      for await (const rows of result.stream<Row>()) yield rows.map((row) => row.json());
    } catch (cause) {
      throw toDependencyError(request.operation, cause);
    } finally {
      result.close();
    }
  }

  async close(): Promise<void> {
    await Promise.all(Object.values(this.#clients).map((client) => client.close()));
    this.#agent?.destroy();
  }

  async #translate<T>(
    request: Statement,
    run: (client: ClickHouseClient, abort: { abort_signal?: AbortSignal }) => Promise<T>,
  ): Promise<T> {
    const { operation, signal } = request;
    signal?.throwIfAborted();
    this.#options.checkReady(operation);
    // An insert that is under way may still be stored: it waits for the engine, or for its end.
    const hang = request.lane === 'insert' ? undefined : this.#options.unresponsive?.();
    const signals = [signal, hang].filter((one) => one !== undefined);
    try {
      return await run(
        this.#clients[request.lane],
        signals.length === 0 ? {} : { abort_signal: AbortSignal.any(signals) },
      );
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (hang?.aborted) throw hang.reason;
      throw toDependencyError(operation, cause);
    }
  }
}

export interface Statement {
  readonly lane: EngineLane;
  /** For error messages: `lookup`, `insert`. */
  readonly operation: string;
  readonly sql: string;
  readonly signal?: AbortSignal | undefined;
}

function toDependencyError(operation: string, cause: unknown): DependencyError {
  if (cause instanceof ClickHouseError) {
    // The message may quote literals of the statement: only the kind of failure is public.
    const reason = `${cause.type ?? 'UNKNOWN'} (code ${cause.code})`;
    const isRetryable = RETRYABLE_TYPES.has(cause.type ?? '');
    return new DependencyError({ dependency: 'engine', operation, isRetryable, reason, cause });
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new DependencyError({ dependency: 'engine', operation, isRetryable: true, reason, cause });
}
