import {
  type CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type Kysely,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from 'kysely';
import { InvariantError } from '../../base/assert.ts';
import type { SqliteValue } from './sqlite-request.ts';
import type { SqliteThread } from './sqlite-thread.ts';

/**
 * Kysely's SQLite over a thread: each query is one request. There are no transactions of several queries, which those of
 * other callers could end up in: `SqliteThread.commit` takes a whole one.
 */
export class SqliteThreadDialect implements Dialect {
  readonly #thread: SqliteThread;

  constructor(thread: SqliteThread) {
    this.#thread = thread;
  }

  createDriver(): Driver {
    const connection = new ThreadConnection(this.#thread);
    return {
      init: async () => {},
      acquireConnection: async () => connection,
      beginTransaction: refuseTransaction,
      commitTransaction: refuseTransaction,
      rollbackTransaction: refuseTransaction,
      releaseConnection: async () => {},
      destroy: () => this.#thread.close(),
    };
  }

  createQueryCompiler() {
    return new SqliteQueryCompiler();
  }

  createAdapter() {
    return new ThreadAdapter();
  }

  createIntrospector(db: Kysely<unknown>) {
    return new SqliteIntrospector(db);
  }
}

/** The thread has the queue: one here would let a query wait for the answer to the one before. */
class ThreadAdapter extends SqliteAdapter {
  override get supportsMultipleConnections(): boolean {
    return true;
  }
}

async function refuseTransaction(): Promise<never> {
  throw new InvariantError('a transaction is one request: SqliteThread.commit');
}

class ThreadConnection implements DatabaseConnection {
  readonly #thread: SqliteThread;

  constructor(thread: SqliteThread) {
    this.#thread = thread;
  }

  async executeQuery<Row>({ sql, parameters }: CompiledQuery): Promise<QueryResult<Row>> {
    const result = await this.#thread.run({ sql, parameters: parameters.map(toValue) });
    return {
      rows: result.rows as unknown as Row[],
      numAffectedRows: BigInt(result.changesCount),
      insertId: BigInt(result.lastRowId),
    };
  }

  // biome-ignore lint/correctness/useYield: there is nothing to yield.
  async *streamQuery<Row>(): AsyncIterableIterator<QueryResult<Row>> {
    throw new InvariantError('results are read whole: ask for pages');
  }
}

function toValue(value: unknown): SqliteValue {
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value ? 1 : 0;
  return value as SqliteValue;
}
