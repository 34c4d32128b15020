import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { parentPort } from 'node:worker_threads';
import type {
  SqliteAnswer,
  SqliteRequest,
  SqliteResult,
  SqliteRow,
  SqliteStatement,
} from './sqlite-request.ts';

/*
 * The thread in which the statements of a database run, one request after another (`SqliteThread` starts it).
 *
 * This file MUST import nothing but Node's own modules and types: it is handed over without its types, as text.
 */

/** Prepared statements kept; the catalog and the identity store have about fifty different ones. */
const STATEMENTS_MAX = 100;

/** A result goes over in pieces of about this many rows or characters, so that the thread's small heap holds one. */
const PIECE_ROWS = 1_000;
const PIECE_CHARS = 250_000;

const NOTHING: SqliteResult = { rows: [], changesCount: 0, lastRowId: 0 };

interface Prepared {
  readonly statement: StatementSync;
  readonly isReader: boolean;
}

const prepared = new Map<string, Prepared>();
let database: DatabaseSync | undefined;
let openingError: unknown = new Error('the database is not open');

parentPort?.on('message', (request: SqliteRequest) => {
  const { id } = request;
  try {
    answer({ id, kind: 'done', ...perform(request) });
  } catch (error) {
    answer({ id, kind: 'failed', error: error instanceof Error ? error : new Error(String(error)) });
  }
  if (request.kind === 'close') parentPort?.close();
});

function perform(request: SqliteRequest): SqliteResult {
  switch (request.kind) {
    case 'open':
      database = open(request.path, request.busyTimeoutMs);
      return NOTHING;
    case 'run':
      return run(opened(), request.id, request.statement);
    case 'commit':
      return commit(opened(), request.statements);
    case 'close':
      prepared.clear();
      database?.close();
      return NOTHING;
  }
}

/** WAL with `synchronous=FULL`: a statement that has returned is fsynced. */
function open(path: string, busyTimeoutMs: number): DatabaseSync {
  try {
    const file = new DatabaseSync(path, { timeout: busyTimeoutMs });
    file.exec('pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on');
    return file;
  } catch (error) {
    openingError = error;
    throw error;
  }
}

function opened(): DatabaseSync {
  if (database === undefined) throw openingError;
  return database;
}

function run(file: DatabaseSync, id: number, { sql, parameters }: SqliteStatement): SqliteResult {
  const { statement, isReader } = prepare(file, sql);
  if (!isReader) {
    const { changes, lastInsertRowid } = statement.run(...parameters);
    return { rows: [], changesCount: Number(changes), lastRowId: Number(lastInsertRowid) };
  }
  let rows: SqliteRow[] = [];
  let charsCount = 0;
  for (const row of statement.iterate(...parameters) as Iterable<SqliteRow>) {
    rows.push(row);
    for (const value of Object.values(row)) charsCount += typeof value === 'string' ? value.length : 0;
    if (rows.length < PIECE_ROWS && charsCount < PIECE_CHARS) continue;
    answer({ id, kind: 'rows', rows });
    rows = [];
    charsCount = 0;
  }
  return { ...NOTHING, rows };
}

function commit(file: DatabaseSync, statements: readonly SqliteStatement[]): SqliteResult {
  // Immediate, so that what is read in it is still so when it commits, whatever process writes.
  file.exec('begin immediate');
  try {
    const isMade = statements.every(
      ({ sql, parameters }) => Number(prepare(file, sql).statement.run(...parameters).changes) === 1,
    );
    file.exec(isMade ? 'commit' : 'rollback');
    return { ...NOTHING, changesCount: isMade ? statements.length : 0 };
  } catch (error) {
    if (file.isTransaction) file.exec('rollback');
    throw error;
  }
}

function prepare(file: DatabaseSync, sql: string): Prepared {
  const known = prepared.get(sql);
  if (known !== undefined) return known;
  const statement = file.prepare(sql);
  const made = { statement, isReader: statement.columns().length > 0 };
  if (prepared.size >= STATEMENTS_MAX) prepared.clear();
  prepared.set(sql, made);
  return made;
}

function answer(message: SqliteAnswer) {
  parentPort?.postMessage(message);
}
