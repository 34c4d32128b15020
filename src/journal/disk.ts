import { writeSync } from 'node:fs';
import { type FileHandle, open, readdir, readFile, rename, stat, statfs, unlink } from 'node:fs/promises';

/**
 * Writes up to this size are done at once, into the page cache: tens of microseconds, and then a kill of the process
 * costs them no more. A round over the thread pool would leave them in memory for a turn of a busy loop. Larger ones
 * would hold up the sockets.
 */
const WRITTEN_AT_ONCE_BYTES_MAX = 131_072;

/** A file that is appended to. */
export interface DiskFile {
  /** Writes all bytes at an offset, or rejects; what a rejected write left in the file is unknown. */
  write(bytes: Uint8Array, offset: number): Promise<void>;
  /**
   * Resolves when data and size are durable; after a rejection nothing that was not durable before may be
   * trusted.
   */
  sync(): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  close(): Promise<void>;
}

/** The calls on the file system that can fail under load; a seam for tests that let them fail. */
export interface Disk {
  /** Creates a file that must not exist (`create`) or opens one for writing (`write`), mode 0600. */
  open(path: string, mode: 'create' | 'write'): Promise<DiskFile>;
  read(path: string): Promise<Buffer>;
  /** Rejects with `ENOENT` when there is no such file. */
  sizeBytes(path: string): Promise<number>;
  /** File names in a directory. */
  list(directory: string): Promise<string[]>;
  unlink(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Makes the names in a directory durable. */
  syncDirectory(directory: string): Promise<void>;
  freeBytes(directory: string): Promise<number>;
}

export const realDisk: Disk = {
  open: async (path, mode) => toDiskFile(await open(path, mode === 'create' ? 'wx' : 'r+', 0o600)),
  read: (path) => readFile(path),
  sizeBytes: async (path) => (await stat(path)).size,
  list: (directory) => readdir(directory),
  unlink: (path) => unlink(path),
  rename: (from, to) => rename(from, to),
  async syncDirectory(directory) {
    const handle = await open(directory, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  },
  async freeBytes(directory) {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  },
};

function toDiskFile(handle: FileHandle): DiskFile {
  return {
    async write(bytes, offset) {
      for (let done = 0; done < bytes.length; ) {
        const rest = bytes.length - done;
        done +=
          rest <= WRITTEN_AT_ONCE_BYTES_MAX
            ? writeSync(handle.fd, bytes, done, rest, offset + done)
            : (await handle.write(bytes, done, rest, offset + done)).bytesWritten;
      }
    },
    sync: () => handle.datasync(),
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    close: () => handle.close(),
  };
}

/** Writes a new file as a whole and durably: beside its place first, then renamed. */
export async function writeDurably(disk: Disk, options: { directory: string; name: string; bytes: Buffer }) {
  const path = `${options.directory}/${options.name}`;
  const draft = `${path}.draft`;
  await disk.unlink(draft).catch(ignoreMissing);
  const file = await disk.open(draft, 'create');
  try {
    await file.write(options.bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(draft, path);
  await disk.syncDirectory(options.directory);
}

export function ignoreMissing(error: unknown): void {
  if (errorCode(error) !== 'ENOENT') throw error;
}

/** `ENOSPC`, `EIO`, …; undefined for what is not an error of the system. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}
