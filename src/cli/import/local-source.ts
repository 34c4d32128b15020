import { createReadStream, type Stats, statSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../client/cli-error.ts';
import { type FoundFile, reasonToSkip } from './import-source.ts';
import type { WholeFileReader } from './whole-file-reader.ts';

const PIECE_BYTES = 1 << 20;

/** The files of a path: itself, or everything below a folder in the order of names. Links to folders are not followed. */
export async function* findLocalFiles(path: string, reader: WholeFileReader): AsyncGenerator<FoundFile> {
  let found: { absolute: string; stats: Stats };
  try {
    const absolute = await realpath(path);
    found = { absolute, stats: await stat(absolute) };
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new CliError(
      `cannot read ${path}: ${code === 'ENOENT' ? 'there is no such file or folder' : code}`,
      { cause },
    );
  }
  const { absolute, stats } = found;
  if (stats.isDirectory()) yield* walk(absolute, reader);
  else yield { file: localFile(absolute, stats.size, reader) };
}

async function* walk(folder: string, reader: WholeFileReader): AsyncGenerator<FoundFile> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const entry of entries) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      yield* walk(path, reader);
      continue;
    }
    const reason = reasonToSkip(path);
    if (reason !== undefined) {
      yield { skipped: { uri: path, reason } };
      continue;
    }
    const stats = statOrReason(path);
    if (typeof stats === 'string') yield { skipped: { uri: path, reason: `cannot be read: ${stats}` } };
    else if (stats.isFile()) yield { file: localFile(path, stats.size, reader) };
    else yield { skipped: { uri: path, reason: 'not a file' } };
  }
}

/** At once, because a round over the thread pool costs several times the call itself. */
function statOrReason(path: string): Stats | string {
  try {
    return statSync(path);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return code ?? message;
  }
}

function localFile(path: string, sizeBytes: number, reader: WholeFileReader) {
  return {
    uri: path,
    sizeBytes,
    read: (signal: AbortSignal) => reader.read(path, signal),
    stream: (signal: AbortSignal): AsyncIterable<Buffer> =>
      createReadStream(path, { highWaterMark: PIECE_BYTES, signal }),
    dispose: async () => {},
  };
}
