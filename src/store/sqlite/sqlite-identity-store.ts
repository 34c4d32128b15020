import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { assert, InvariantError } from '../../base/assert.ts';
import { DependencyError } from '../../base/dependency-error.ts';
import {
  foldedName,
  type IdentityChange,
  type IdentityDocument,
  type IdentityKind,
  type IdentityReference,
  type IdentityStore,
} from '../identity-store.ts';
import { openSqliteConnection } from './sqlite-database.ts';

/**
 * Opens the identity store in the catalog's file, on a connection of its own.
 *
 * Its statements are run without Kysely, because a commit is several of them: run one after another within one turn of the
 * event loop, no other call of this process can come between, and so none can wait for a lock that only this thread
 * could release. Rejects with a `DependencyError` (`catalog`).
 */
export async function openSqliteIdentityStore(path: string): Promise<IdentityStore> {
  return new SqliteIdentityStore(await openSqliteConnection(path));
}

const COLUMNS = 'kind, accountId, name, body, revision';

class SqliteIdentityStore implements IdentityStore {
  readonly #database: DatabaseSync;
  readonly #statements: ReturnType<typeof prepareStatements>;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.#statements = prepareStatements(database);
  }

  async get({ kind, accountId, name }: IdentityReference): Promise<IdentityDocument | undefined> {
    return this.#attempt('getIdentity', ({ get }) =>
      toDocument(get.get(kind, accountId, foldedName(kind, name))),
    );
  }

  async find(kind: IdentityKind, name: string): Promise<IdentityDocument | undefined> {
    return this.#attempt('findIdentity', ({ find }) => {
      const rows = find.all(kind, foldedName(kind, name));
      return rows.length === 1 ? toDocument(rows[0]) : undefined;
    });
  }

  async list(query: {
    readonly kind: IdentityKind;
    readonly accountId: string;
    readonly after?: string;
    readonly limit?: number;
  }): Promise<IdentityDocument[]> {
    const { kind, accountId, after, limit } = query;
    return this.#attempt('listIdentities', ({ list, listAfter }) => {
      // A negative limit is none.
      const rows =
        after === undefined
          ? list.all(kind, accountId, limit ?? -1)
          : listAfter.all(kind, accountId, foldedName(kind, after), limit ?? -1);
      return rows.map(toDocument).filter((document) => document !== undefined);
    });
  }

  async listAll(query: {
    readonly kind: IdentityKind;
    readonly after?: { readonly accountId: string; readonly name: string };
    readonly limit: number;
  }): Promise<IdentityDocument[]> {
    const { kind, after, limit } = query;
    return this.#attempt('listIdentities', ({ listAll }) => {
      // No account has an empty id, so that the first page is after it.
      const { accountId, name } = after ?? { accountId: '', name: '' };
      const rows = listAll.all(kind, accountId, foldedName(kind, name), limit);
      return rows.map(toDocument).filter((document) => document !== undefined);
    });
  }

  async count({ kind, accountId }: { readonly kind: IdentityKind; readonly accountId: string }) {
    return this.#attempt('countIdentities', ({ count }) => Number(count.get(kind, accountId)?.count));
  }

  async commit(changes: readonly IdentityChange[]): Promise<boolean> {
    const keys = changes.map(
      ({ kind, accountId, name }) => `${kind}\n${accountId}\n${foldedName(kind, name)}`,
    );
    assert(new Set(keys).size === keys.length, 'a commit changes each document once');
    return this.#attempt('commitIdentities', (statements) => {
      // Immediate, so that the revisions which are read here are still those when it commits, whatever process writes.
      this.#database.exec('begin immediate');
      try {
        const isMade = applyAll(statements, changes);
        this.#database.exec(isMade ? 'commit' : 'rollback');
        return isMade;
      } catch (cause) {
        if (this.#database.isTransaction) this.#database.exec('rollback');
        throw cause;
      }
    });
  }

  async generation(): Promise<number> {
    return this.#attempt('getGeneration', ({ generation }) => Number(generation.get()?.generation));
  }

  async close(): Promise<void> {
    await this.#attempt('close', () => this.#database.close());
  }

  async #attempt<T>(
    operation: string,
    action: (statements: ReturnType<typeof prepareStatements>) => T,
  ): Promise<T> {
    try {
      return action(this.#statements);
    } catch (cause) {
      if (cause instanceof InvariantError) throw cause;
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new DependencyError({ dependency: 'catalog', operation, isRetryable: true, reason, cause });
    }
  }
}

function prepareStatements(database: DatabaseSync) {
  const ofKind = 'from identities where kind = ? and accountId = ?';
  return {
    get: database.prepare(`select ${COLUMNS} ${ofKind} and foldedName = ?`),
    find: database.prepare(`select ${COLUMNS} from identities where kind = ? and foldedName = ? limit 2`),
    list: database.prepare(`select ${COLUMNS} ${ofKind} order by foldedName limit ?`),
    listAfter: database.prepare(`select ${COLUMNS} ${ofKind} and foldedName > ? order by foldedName limit ?`),
    listAll: database.prepare(
      `select ${COLUMNS} from identities where kind = ? and (accountId, foldedName) > (?, ?)
         order by accountId, foldedName limit ?`,
    ),
    count: database.prepare(`select count(*) as count ${ofKind}`),
    insert: database.prepare(
      `insert into identities (kind, accountId, foldedName, name, body, revision) values (?, ?, ?, ?, ?, ?)
         on conflict do nothing`,
    ),
    update: database.prepare(
      `update identities set name = ?, body = ?, revision = ?
         where kind = ? and accountId = ? and foldedName = ? and revision = ?`,
    ),
    delete: database.prepare(
      'delete from identities where kind = ? and accountId = ? and foldedName = ? and revision = ?',
    ),
    generation: database.prepare('select generation from identityGeneration'),
    advance: database.prepare(
      'update identityGeneration set generation = generation + 1 returning generation',
    ),
  } satisfies Record<string, StatementSync>;
}

/** False as soon as one change finds another revision than it expects. */
function applyAll(
  statements: ReturnType<typeof prepareStatements>,
  changes: readonly IdentityChange[],
): boolean {
  const revision = Number(statements.advance.get()?.generation);
  return changes.every(({ kind, accountId, name, body, expectedRevision }) => {
    const key = [kind, accountId, foldedName(kind, name)] as const;
    if (body === undefined) return statements.delete.run(...key, expectedRevision).changes === 1;
    if (expectedRevision === 0) return statements.insert.run(...key, name, body, revision).changes === 1;
    return statements.update.run(name, body, revision, ...key, expectedRevision).changes === 1;
  });
}

function toDocument(row: ReturnType<StatementSync['get']>): IdentityDocument | undefined {
  if (row === undefined) return undefined;
  return {
    kind: String(row.kind) as IdentityKind,
    accountId: String(row.accountId),
    name: String(row.name),
    body: String(row.body),
    revision: Number(row.revision),
  };
}
