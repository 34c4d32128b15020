/**
 * Which sessions a statement may use, so that no kind of work waits behind another: `insert` what the writer does,
 * `lookup` what must answer in milliseconds, `scan` what may read everything, `stream` what is sent in chunks because it
 * may be larger than memory.
 */
export type EngineLane = 'insert' | 'lookup' | 'scan' | 'stream';

/** Tells the lane; a ClickHouse server ignores it. */
export const LANE_HEADER = 'x-opentrail-lane';

/** What the child process is started with, as one JSON argument. */
export interface EngineOptions {
  /** Where the engine keeps its tables; nobody else may use it at the same time. */
  readonly dataDir: string;
  readonly socketPath: string;
  /** What the process may take; a statement that would go beyond three quarters of it fails, the process stays. */
  readonly memoryBytesMax: number;
}

/** The line that the child writes to its standard output when its socket accepts connections. */
export const READY_LINE = 'engine ready';

/**
 * Threads of libuv in the child; each running statement holds one. With the default of four, a look-up behind five slow
 * statements took 1.9 s; it MUST be more than the sessions of all lanes together.
 */
export const THREADPOOL_SIZE = 16;
