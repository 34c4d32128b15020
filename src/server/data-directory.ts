import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { lockFolder } from '../store/sqlite/folder-lock.ts';
import { ConfigError } from './config.ts';

/** What stands where in the data folder. */
export interface DataPaths {
  readonly folder: string;
  readonly catalog: string;
  readonly journal: string;
  readonly engine: string;
  readonly rootCredentials: string;
  /** Where no other place is configured for it. */
  readonly masterKey: string;
  readonly gap: string;
  readonly server: string;
  readonly lock: string;
}

/** The process that uses a data folder, as it told when it was ready. */
export interface ServerFacts {
  readonly pid: number;
  readonly url: string;
  readonly version: string;
}

/** A data folder that this process alone uses. */
export interface DataDirectory {
  readonly paths: DataPaths;
  /** Tells other commands on this machine where the server is. */
  announce(facts: ServerFacts): void;
  /**
   * Marks that the process lives at this time; what is left of it after a kill -9 says when it last did. Never rejects: it
   * is of use to the next start alone, so a disk that fails here must not end a server, nor a slow one hold it up.
   */
  touch(nowMs: number): Promise<void>;
  /** When the server before was last alive, if it left anything: milliseconds since 1970. */
  readonly lastAliveMs: number | undefined;
  release(): void;
}

export function dataPaths(folder: string): DataPaths {
  return {
    folder,
    catalog: join(folder, 'catalog.sqlite'),
    journal: join(folder, 'journal'),
    engine: join(folder, 'engine'),
    rootCredentials: join(folder, 'root-credentials.json'),
    masterKey: join(folder, 'master-key.json'),
    gap: join(folder, 'recording-gap'),
    server: join(folder, 'server.json'),
    lock: join(folder, 'lock'),
  };
}

/**
 * Makes the folder when it is not there and takes it for this process. Throws a `ConfigError` that says what to do when
 * it cannot be written or another server uses it.
 */
export function openDataDirectory(folder: string): DataDirectory {
  const paths = dataPaths(folder);
  const lock = takeFolder(paths);
  const lastAliveMs = modifiedMs(paths.server);
  let announced: ServerFacts | undefined;
  let isReleased = false;
  const announce = (facts: ServerFacts) => {
    announced = facts;
    writeFileSync(paths.server, `${JSON.stringify(facts)}\n`, { mode: 0o600 });
  };
  return {
    paths,
    lastAliveMs,
    announce,
    async touch(nowMs) {
      const mark = () => utimes(paths.server, nowMs / 1_000, nowMs / 1_000);
      await mark()
        .catch((error: NodeJS.ErrnoException) => {
          // Somebody may have removed it; the release did so for good.
          if (error.code !== 'ENOENT' || announced === undefined || isReleased) return;
          announce(announced);
          return mark();
        })
        // As the contract says; the disk's own alarms tell of it.
        .catch(() => {});
    },
    release() {
      isReleased = true;
      // A start that failed leaves the mark of the server before, for the start that succeeds.
      if (announced !== undefined) rmSync(paths.server, { force: true });
      lock.release();
    },
  };
}

/** The server that uses a data folder at present, as it announced itself; one that was killed is none. */
export function readServerFacts(paths: DataPaths): ServerFacts | undefined {
  try {
    const facts = JSON.parse(readFileSync(paths.server, 'utf8')) as ServerFacts;
    return isAlive(facts.pid) ? facts : undefined;
  } catch {
    // Absent, or being written at this moment: nobody is known.
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It lives and belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Makes a folder and those above it. Node's own recursive form never returns where a folder cannot be made though the
 * one above it is there, as in /proc.
 */
function makeFolder(path: string, isAboveMade = false): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
    if (isFolder) return;
    if (code !== 'ENOENT' || isAboveMade || dirname(path) === path) throw error;
    makeFolder(dirname(path));
    makeFolder(path, true);
  }
}

function takeFolder(paths: DataPaths): { release(): void } {
  let lock: { release(): void } | undefined;
  try {
    makeFolder(paths.folder);
    lock = lockFolder(paths.lock);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError([
      `the data folder ${paths.folder} cannot be written (${reason}): ` +
        'make it writable for the user of the server, or name another with --data-dir',
    ]);
  }
  if (lock !== undefined) return lock;
  const facts = readServerFacts(paths);
  const who = facts === undefined ? '' : ` (process ${facts.pid}, ${facts.url})`;
  throw new ConfigError([
    `another opentrail${who} uses the data folder ${paths.folder}: stop that one, or name another with --data-dir`,
  ]);
}

function modifiedMs(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs;
}
