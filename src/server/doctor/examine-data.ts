import { accessSync, constants, existsSync, readdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '../config-options.ts';
import { type DataPaths, readServerFacts } from '../data-directory.ts';
import type { DoctorFinding } from './finding.ts';
import { roughSize } from './rough-size.ts';

export function examineData(paths: DataPaths): DoctorFinding {
  const subject = 'data folder';
  const isThere = existsSync(paths.folder);
  const place = isThere ? paths.folder : nearestFolder(paths.folder);
  try {
    accessSync(place, constants.W_OK | constants.X_OK);
  } catch {
    return {
      status: 'problem',
      subject,
      message: `${place} cannot be written by this user`,
      remedy: 'give its owner the right to, or name another with --data-dir',
    };
  }
  if (!isThere)
    return { status: 'note', subject, message: `${paths.folder} will be made at the first start` };
  const used = roughSize(sizeOf(paths.folder));
  const facts = readServerFacts(paths);
  const user = facts === undefined ? 'no server announced itself in it' : `used by process ${facts.pid}`;
  return { status: 'ok', subject, message: `${paths.folder} holds ${used}; ${user}` };
}

/** What waits for the event store: nothing, or what a stopped server left, or a store that does not take it. */
export function examineJournal(paths: DataPaths, sizeBytesMax: number): DoctorFinding[] {
  const subject = 'journal';
  if (!existsSync(paths.journal)) return [];
  const sizeBytes = sizeOf(paths.journal);
  const message = `${roughSize(sizeBytes)} of at most ${roughSize(sizeBytesMax)}`;
  if (sizeBytes < sizeBytesMax / 2) return [{ status: 'ok', subject, message }];
  const remedy = 'see why the event store does not take them (log events engine.* and drain.*)';
  return [{ status: 'warning', subject, message, remedy }];
}

export function examineCredentials(
  paths: DataPaths,
  environment: Readonly<Record<string, string | undefined>>,
): DoctorFinding {
  const subject = 'root credentials';
  const given = environment.OPENTRAIL_ROOT_ACCESS_KEY_ID;
  if (given !== undefined && given !== '')
    return { status: 'ok', subject, message: `${given}, of the environment` };
  const file = statSync(paths.rootCredentials, { throwIfNoEntry: false });
  if (file === undefined) {
    return { status: 'note', subject, message: 'none yet: they are made and shown at the first start' };
  }
  if ((file.mode & 0o077) === 0) {
    return { status: 'ok', subject, message: `in ${paths.rootCredentials}, readable by their owner only` };
  }
  return {
    status: 'warning',
    subject,
    message: `${paths.rootCredentials} can be read by others`,
    remedy: `chmod 600 ${paths.rootCredentials}, and make new ones if someone may have read them`,
  };
}

/** Whether the master key is there, and is of use to nobody else; a copy of the catalog should not come with it. */
export function examineMasterKey(paths: DataPaths, config: Config): DoctorFinding {
  const subject = 'master key';
  const path = config.masterKeyFile ?? paths.masterKey;
  const file = statSync(path, { throwIfNoEntry: false });
  if (file === undefined) {
    if (!existsSync(paths.catalog)) {
      return { status: 'note', subject, message: 'none yet: it is made at the first start' };
    }
    return {
      status: 'warning',
      subject,
      message: `${path} is not there`,
      remedy: 'put back a copy of it before the next start, or name where it is with --master-key-file',
    };
  }
  if ((file.mode & 0o077) !== 0) {
    return {
      status: 'warning',
      subject,
      message: `${path} can be read by others`,
      remedy: `chmod 600 ${path}, and ./opentrail master-key --rotate if someone may have read it`,
    };
  }
  const message = `in ${path}, readable by its owner only`;
  if (dirname(path) !== paths.folder || config.masterKeyKms !== undefined) {
    return { status: 'ok', subject, message };
  }
  return {
    status: 'note',
    subject,
    message: `${message}, beside the catalog: a copy of the folder tells every secret`,
    remedy:
      'move it to another disk and name it with --master-key-file; keep a copy of it away from this machine',
  };
}

function nearestFolder(path: string): string {
  const parent = dirname(path);
  return existsSync(parent) || parent === path ? parent : nearestFolder(parent);
}

/** Files come and go while the server works; those that are gone by the time they are looked at count nothing. */
function sizeOf(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => statSync(`${entry.parentPath}/${entry.name}`, { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, bytes) => sum + bytes, 0);
}
