import { type Disk, type DiskFile, realDisk } from '../../src/journal/disk.ts';

/** What a call of the disk does instead of succeeding. */
export interface Fault {
  readonly call: 'open' | 'write' | 'sync' | 'truncate' | 'syncDirectory';
  readonly code: 'ENOSPC' | 'EIO';
  /** For writes: how much is written nevertheless, as a share. */
  readonly share?: number;
}

/**
 * The real file system, with faults on demand, and with a memory of what was synced: after `loseUnsynced`
 * it is as a power cut would leave it in the worst case.
 */
export class FailingDisk implements Disk {
  /** Decides for every call on a segment whether it fails. */
  decide: (call: Fault['call'], path: string) => Fault | undefined = () => undefined;
  /** What `freeBytes` says; undefined asks the real one. */
  free: number | undefined;
  readonly #synced = new Map<string, Buffer>();
  readonly #unsyncedNames = new Map<string, Set<string>>();

  #check(call: Fault['call'], path: string): Fault | undefined {
    return path.includes('/segments') ? this.decide(call, path) : undefined;
  }

  async open(path: string, mode: 'create' | 'write'): Promise<DiskFile> {
    const fault = this.#check('open', path);
    if (fault !== undefined) throw systemError(fault);
    const file = await realDisk.open(path, mode);
    const directory = path.slice(0, path.lastIndexOf('/'));
    if (mode === 'create') {
      const names = this.#unsyncedNames.get(directory) ?? new Set();
      this.#unsyncedNames.set(directory, names.add(path));
      this.#synced.set(path, Buffer.alloc(0));
    }
    return {
      write: async (bytes, offset) => {
        const fault = this.#check('write', path);
        if (fault !== undefined) {
          await file.write(bytes.subarray(0, Math.floor(bytes.length * (fault.share ?? 0))), offset);
          throw systemError(fault);
        }
        await file.write(bytes, offset);
      },
      sync: async () => {
        const fault = this.#check('sync', path);
        if (fault !== undefined) throw systemError(fault);
        await file.sync();
        if (this.#synced.has(path)) this.#synced.set(path, await realDisk.read(path));
      },
      truncate: async (sizeBytes) => {
        const fault = this.#check('truncate', path);
        if (fault !== undefined) throw systemError(fault);
        await file.truncate(sizeBytes);
      },
      close: () => file.close(),
    };
  }

  async syncDirectory(directory: string): Promise<void> {
    const fault = this.#check('syncDirectory', directory);
    if (fault !== undefined) throw systemError(fault);
    await realDisk.syncDirectory(directory);
    this.#unsyncedNames.delete(directory);
  }

  async rename(from: string, to: string): Promise<void> {
    await realDisk.rename(from, to);
    const bytes = this.#synced.get(from);
    if (bytes !== undefined) this.#synced.set(to, bytes);
    this.#synced.delete(from);
  }

  async unlink(path: string): Promise<void> {
    await realDisk.unlink(path);
    this.#synced.delete(path);
  }

  read = realDisk.read;
  sizeBytes = realDisk.sizeBytes;
  list = realDisk.list;

  async freeBytes(directory: string): Promise<number> {
    return this.free ?? (await realDisk.freeBytes(directory));
  }

  /** Takes back every byte and every name that was not synced. */
  async loseUnsynced(): Promise<void> {
    for (const names of this.#unsyncedNames.values()) {
      for (const path of names) {
        await realDisk.unlink(path).catch(() => undefined);
        this.#synced.delete(path);
      }
    }
    for (const [path, bytes] of this.#synced) {
      const file = await realDisk.open(path, 'write').catch(() => undefined);
      if (file === undefined) continue;
      await file.truncate(0);
      await file.write(bytes, 0);
      await file.close();
    }
  }
}

function systemError({ code, call }: Fault): Error {
  return Object.assign(new Error(`${code}: injected into ${call}`), { code });
}
