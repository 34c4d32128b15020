import { readFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { setImmediate as endOfTurn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { Worker } from 'node:worker_threads';
import type { Log } from '../../base/log.ts';
import type {
  SqliteAnswer,
  SqliteRequest,
  SqliteResult,
  SqliteRow,
  SqliteStatement,
} from './sqlite-request.ts';

/** Milliseconds that a statement waits for another process (a backup, an inspector) before it fails. */
const BUSY_TIMEOUT_MS = 5_000;

/** What one request brings (an import's page of rows as one parameter) has room many times over; results go in pieces. */
const OLD_GENERATION_MB_MAX = 64;

type Question = SqliteRequest extends infer Request
  ? Request extends SqliteRequest
    ? Omit<Request, 'id'>
    : never
  : never;

/**
 * A SQLite file whose statements run in a thread of their own, because each commit is an fsync of milliseconds, for which
 * the thread that relays calls cannot wait.
 *
 * Requests are performed one after another in the order of the calls, each whole, so that nothing comes between the
 * statements of a transaction; what has resolved is fsynced. Results are copied, which takes a few dozen microseconds: what
 * every call needs is to be kept in memory by whoever asks.
 *
 * open → (death of the thread) → ended → (next call) → open …; closed from anywhere, for good. When the thread dies, which
 * only a bug or a lack of memory can bring about, the calls that it had not answered reject: whether they were made is
 * not known, as with any commit whose answer is lost; SQLite rolls back what was not committed. The log has the reason, and the
 * next call starts another thread, because recording has to go on.
 */
export class SqliteThread {
  readonly #path: string;
  readonly #log: Log;
  #running: RunningThread | undefined;
  #closing: Promise<void> | undefined;
  #isClosed = false;

  private constructor(path: string, log: Log) {
    this.#path = path;
    this.#log = log;
  }

  /** Opens the file, creating it when it is not there. Rejects with what SQLite says. */
  static async open(path: string, log: Log): Promise<SqliteThread> {
    const thread = new SqliteThread(path, log);
    await thread.#start().opened;
    return thread;
  }

  run(statement: SqliteStatement): Promise<SqliteResult> {
    return this.#ask({ kind: 'run', statement });
  }

  /** Makes one transaction where each statement changes exactly one row; else nothing, and answers false. */
  async commit(statements: readonly SqliteStatement[]): Promise<boolean> {
    const { changesCount } = await this.#ask({ kind: 'commit', statements });
    return changesCount === statements.length;
  }

  /** Resolves when what was asked before is done and the file is closed; calls reject from then on. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Ends the thread at once, whatever it is doing: for tests of what that costs. */
  async kill(): Promise<void> {
    await this.#running?.kill();
  }

  async #close(): Promise<void> {
    // Queries that were made in this turn are still on their way through Kysely.
    await endOfTurn();
    this.#isClosed = true;
    await this.#running?.close();
  }

  async #ask(question: Question): Promise<SqliteResult> {
    if (this.#isClosed) throw new Error('the database is closed');
    return (this.#running ?? this.#start()).ask(question);
  }

  #start(): RunningThread {
    const running = new RunningThread(this.#path, (reason) => {
      if (this.#running === running) this.#running = undefined;
      if (!this.#isClosed) this.#log.error('catalog.threadEnded', { reason });
    });
    this.#running = running;
    running.opened.catch(() => {
      // Whoever asks next tries again; whoever asked meanwhile is told the same.
      if (this.#running === running) this.#running = undefined;
      void running.close();
    });
    return running;
  }
}

interface Waiting {
  readonly rows: SqliteRow[];
  resolve(result: SqliteResult): void;
  reject(reason: Error): void;
}

/** One life of the thread. */
class RunningThread {
  readonly opened: Promise<SqliteResult>;
  readonly #worker: Worker;
  readonly #exited: Promise<void>;
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #isClosing = false;

  constructor(path: string, onDeath: (reason: string) => void) {
    this.#worker = startWorker();
    // A database that nobody closed does not keep a process alive, but a call that waits for its answer does.
    this.#worker.unref();
    let reason = 'it was ended';
    this.#worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    this.#worker.on('message', (answer: SqliteAnswer) => this.#settle(answer));
    this.#exited = new Promise((resolve) => {
      this.#worker.once('exit', () => {
        if (!this.#isClosing) onDeath(reason);
        for (const { reject } of this.#waiting.values()) {
          reject(new Error(`the thread of the database ended before it answered: ${reason}`));
        }
        this.#waiting.clear();
        resolve();
      });
    });
    this.opened = this.ask({ kind: 'open', path, busyTimeoutMs: BUSY_TIMEOUT_MS });
  }

  ask(question: Question): Promise<SqliteResult> {
    return new Promise((resolve, reject) => {
      const id = ++this.#asked;
      this.#worker.postMessage({ id, ...question });
      this.#waiting.set(id, { rows: [], resolve, reject });
      this.#worker.ref();
    });
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    try {
      await this.ask({ kind: 'close' });
    } finally {
      await this.#exited;
    }
  }

  async kill(): Promise<void> {
    await this.#worker.terminate();
    await this.#exited;
  }

  #settle(answer: SqliteAnswer) {
    const waiting = this.#waiting.get(answer.id);
    if (waiting === undefined) return;
    if (answer.kind === 'rows') {
      for (const row of answer.rows) waiting.rows.push(row);
      return;
    }
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0 && !this.#isClosing) this.#worker.unref();
    if (answer.kind === 'failed') waiting.reject(answer.error);
    else if (waiting.rows.length === 0) waiting.resolve(answer);
    else waiting.resolve({ ...answer, rows: [...waiting.rows, ...answer.rows] });
  }
}

/**
 * Starts the thread with a heap as small as its work. It gets its program without types, because a thread that
 * strips them itself loads the compiler for that, which is more memory than all the rest of it.
 */
function startWorker(): Worker {
  // The flags of the process (`opentrail` gives the main thread room for bodies) go before the limits of a thread, and are
  // read when its heap is made. Heaps that are there keep their size.
  setSemiSpaces(['--min-semi-space-size=1', '--max-semi-space-size=1']);
  const worker = new Worker(programUrl(), {
    name: 'catalog',
    // It needs no credentials and reads no configuration of its own.
    env: {},
    execArgv: ['--disable-warning=ExperimentalWarning'],
    resourceLimits: { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: OLD_GENERATION_MB_MAX },
  });
  // Other threads, those of imports, are made with what the process was given.
  const given = process.execArgv.filter((flag) => /^--m(in|ax)-semi-space-size=/.test(flag));
  worker.once('online', () =>
    setSemiSpaces(['--min-semi-space-size=0', '--max-semi-space-size=0', ...given]),
  );
  return worker;
}

function setSemiSpaces(flags: readonly string[]) {
  for (const flag of flags) setFlagsFromString(flag);
}

function programUrl(): URL {
  const text = readFileSync(new URL('./sqlite-worker.ts', import.meta.url), 'utf8');
  return new URL(`data:text/javascript,${encodeURIComponent(stripTypeScriptTypes(text))}`);
}
