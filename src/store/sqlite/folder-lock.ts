import { DatabaseSync } from 'node:sqlite';

/**
 * Takes a folder for this process alone: SQLite's own lock on a file in it, held until `release` or the end of the
 * process. The kernel releases it after a kill -9, so there is no stale lock to be removed by hand.
 *
 * Returns undefined when another process holds it; throws when the file cannot be opened.
 */
export function lockFolder(lockPath: string): { release(): void } | undefined {
  const database = new DatabaseSync(lockPath, { timeout: 0 });
  try {
    database.exec('begin exclusive');
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/i.test(error.message)) return undefined;
    throw error;
  }
  return { release: () => database.close() };
}
