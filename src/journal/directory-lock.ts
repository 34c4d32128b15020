import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DependencyError } from '../base/dependency-error.ts';

/**
 * Takes a journal's directory for this process alone.
 *
 * The lock is SQLite's own on a file, which the kernel releases however the process ends: a lock that
 * outlived its process cannot exist, and none has to be guessed stale. The process id is written beside it
 * only to tell who holds it.
 *
 * Throws a `DependencyError` that names the process when another one has it.
 */
export function lockDirectory(directory: string): { release(): void } {
  const database = new DatabaseSync(join(directory, 'lock'), { timeout: 0 });
  const pidPath = join(directory, 'lock.pid');
  try {
    database.exec('begin exclusive');
  } catch (error) {
    database.close();
    const isHeld = error instanceof Error && /locked|busy/i.test(error.message);
    throw new DependencyError({
      dependency: 'journal',
      operation: 'open',
      isRetryable: isHeld,
      reason: isHeld
        ? `${directory} is in use by process ${readPid(pidPath)}; stop it, or choose another directory`
        : `the lock in ${directory} cannot be taken`,
      cause: error,
    });
  }
  writeFileSync(pidPath, `${process.pid}\n`, { mode: 0o600 });
  return { release: () => database.close() };
}

function readPid(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return 'unknown';
  }
}
