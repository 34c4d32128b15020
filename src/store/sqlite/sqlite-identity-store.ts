import { assert } from '../../base/assert.ts';
import { DependencyError } from '../../base/dependency-error.ts';
import { type Log, silentLog } from '../../base/log.ts';
import {
  foldedName,
  type IdentityChange,
  type IdentityDocument,
  type IdentityKind,
  type IdentityReference,
  type IdentityStore,
} from '../identity-store.ts';
import { openSqliteDatabase } from './sqlite-database.ts';
import type { SqliteRow, SqliteStatement, SqliteValue } from './sqlite-request.ts';
import type { SqliteThread } from './sqlite-thread.ts';

/**
 * Opens the identity store in the catalog's file, on a thread of its own. Rejects with a `DependencyError` (`catalog`).
 */
export async function openSqliteIdentityStore(path: string, log: Log = silentLog): Promise<IdentityStore> {
  return createSqliteIdentityStore((await openSqliteDatabase(path, log)).thread);
}

/**
 * The identity store in a database that is open; `close` closes the database. Its statements are written out rather than
 * built, because a commit is several of them that go to the thread as one request.
 */
export function createSqliteIdentityStore(thread: SqliteThread): IdentityStore {
  return new SqliteIdentityStore(thread);
}

const DOCUMENTS = 'select kind, accountId, name, body, revision from identities';
const OF_KIND = 'where kind = ? and accountId = ?';
const THIS_GENERATION = '(select generation from identityGeneration)';

const STATEMENTS = {
  get: `${DOCUMENTS} ${OF_KIND} and foldedName = ?`,
  find: `${DOCUMENTS} where kind = ? and foldedName = ? limit 2`,
  list: `${DOCUMENTS} ${OF_KIND} order by foldedName limit ?`,
  listAfter: `${DOCUMENTS} ${OF_KIND} and foldedName > ? order by foldedName limit ?`,
  listAll: `${DOCUMENTS} where kind = ? and (accountId, foldedName) > (?, ?)
    order by accountId, foldedName limit ?`,
  count: `select count(*) as count from identities ${OF_KIND}`,
  generation: 'select generation from identityGeneration',
  advance: 'update identityGeneration set generation = generation + 1',
  // The revision is the generation, which the same transaction has advanced before.
  insert: `insert into identities (kind, accountId, foldedName, name, body, revision)
    values (?, ?, ?, ?, ?, ${THIS_GENERATION}) on conflict do nothing`,
  update: `update identities set name = ?, body = ?, revision = ${THIS_GENERATION}
    ${OF_KIND} and foldedName = ? and revision = ?`,
  delete: `delete from identities ${OF_KIND} and foldedName = ? and revision = ?`,
} as const;

class SqliteIdentityStore implements IdentityStore {
  readonly #thread: SqliteThread;

  constructor(thread: SqliteThread) {
    this.#thread = thread;
  }

  async get({ kind, accountId, name }: IdentityReference): Promise<IdentityDocument | undefined> {
    const rows = await this.#read('getIdentity', 'get', [kind, accountId, foldedName(kind, name)]);
    return rows.map(toDocument)[0];
  }

  async find(kind: IdentityKind, name: string): Promise<IdentityDocument | undefined> {
    const rows = await this.#read('findIdentity', 'find', [kind, foldedName(kind, name)]);
    return rows.length === 1 ? rows.map(toDocument)[0] : undefined;
  }

  async list(query: {
    readonly kind: IdentityKind;
    readonly accountId: string;
    readonly after?: string;
    readonly limit?: number;
  }): Promise<IdentityDocument[]> {
    const { kind, accountId, after } = query;
    // A negative limit is none.
    const limit = query.limit ?? -1;
    const rows =
      after === undefined
        ? await this.#read('listIdentities', 'list', [kind, accountId, limit])
        : await this.#read('listIdentities', 'listAfter', [kind, accountId, foldedName(kind, after), limit]);
    return rows.map(toDocument);
  }

  async listAll(query: {
    readonly kind: IdentityKind;
    readonly after?: { readonly accountId: string; readonly name: string };
    readonly limit: number;
  }): Promise<IdentityDocument[]> {
    const { kind, after, limit } = query;
    // No account has an empty id, so that the first page is after it.
    const { accountId, name } = after ?? { accountId: '', name: '' };
    const parameters = [kind, accountId, foldedName(kind, name), limit];
    return (await this.#read('listIdentities', 'listAll', parameters)).map(toDocument);
  }

  async count({ kind, accountId }: { readonly kind: IdentityKind; readonly accountId: string }) {
    const [row] = await this.#read('countIdentities', 'count', [kind, accountId]);
    return Number(row?.count);
  }

  async commit(changes: readonly IdentityChange[]): Promise<boolean> {
    const keys = changes.map(
      ({ kind, accountId, name }) => `${kind}\n${accountId}\n${foldedName(kind, name)}`,
    );
    assert(new Set(keys).size === keys.length, 'a commit changes each document once');
    const statements = [{ sql: STATEMENTS.advance, parameters: [] }, ...changes.map(toStatement)];
    return this.#attempt('commitIdentities', () => this.#thread.commit(statements));
  }

  async generation(): Promise<number> {
    const [row] = await this.#read('getGeneration', 'generation', []);
    return Number(row?.generation);
  }

  async close(): Promise<void> {
    await this.#attempt('close', () => this.#thread.close());
  }

  #read(
    operation: string,
    statement: keyof typeof STATEMENTS,
    parameters: readonly SqliteValue[],
  ): Promise<readonly SqliteRow[]> {
    const sql = STATEMENTS[statement];
    return this.#attempt(operation, async () => (await this.#thread.run({ sql, parameters })).rows);
  }

  async #attempt<T>(operation: string, action: () => Promise<T>): Promise<T> {
    try {
      return await action();
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DependencyError({ dependency: 'catalog', operation, isRetryable: true, reason, cause });
    }
  }
}

/** Changes one row, or none where the revision is not the expected one. */
function toStatement({ kind, accountId, name, body, expectedRevision }: IdentityChange): SqliteStatement {
  const key = [kind, accountId, foldedName(kind, name)];
  if (body === undefined) return { sql: STATEMENTS.delete, parameters: [...key, expectedRevision] };
  if (expectedRevision === 0) return { sql: STATEMENTS.insert, parameters: [...key, name, body] };
  return { sql: STATEMENTS.update, parameters: [name, body, ...key, expectedRevision] };
}

function toDocument(row: SqliteRow): IdentityDocument {
  return {
    kind: String(row.kind) as IdentityKind,
    accountId: String(row.accountId),
    name: String(row.name),
    body: String(row.body),
    revision: Number(row.revision),
  };
}
