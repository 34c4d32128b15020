/** What a statement is given and what a row holds. */
export type SqliteValue = null | number | bigint | string | Uint8Array;

export type SqliteRow = Readonly<Record<string, SqliteValue>>;

export interface SqliteStatement {
  readonly sql: string;
  readonly parameters: readonly SqliteValue[];
}

/** What the thread of a database is asked for; it answers in the order of the requests. */
export type SqliteRequest = { readonly id: number } & (
  | { readonly kind: 'open'; readonly path: string; readonly busyTimeoutMs: number }
  | { readonly kind: 'run'; readonly statement: SqliteStatement }
  /** One transaction, made only where each statement changes exactly one row. */
  | { readonly kind: 'commit'; readonly statements: readonly SqliteStatement[] }
  | { readonly kind: 'close' }
);

export type SqliteAnswer = { readonly id: number } /** Rows of a result that go on in a later answer. */ & (
  | { readonly kind: 'rows'; readonly rows: readonly SqliteRow[] }
  | ({ readonly kind: 'done' } & SqliteResult)
  | { readonly kind: 'failed'; readonly error: Error }
);

export interface SqliteResult {
  readonly rows: readonly SqliteRow[];
  /** Rows that were changed; 0 for a statement that answers rows, and for a transaction that was not made. */
  readonly changesCount: number;
  readonly lastRowId: number;
}
