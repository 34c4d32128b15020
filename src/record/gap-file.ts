import { closeSync, constants, fdatasyncSync, openSync, readSync, writeSync } from 'node:fs';

/** One block of common file systems: written in place, so that it needs no room on a full disk. */
const FILE_BYTES = 4_096;

/** Refusals that are not in the history yet. */
export interface Gap {
  readonly refusedCount: number;
  readonly firstRefusedAtMs: number;
  readonly lastRefusedAtMs: number;
  readonly reasons: Readonly<Record<string, number>>;
}

/** Keeps the open gap over a crash. Its room is taken when it is opened, before the disk can be full. */
export interface GapFile {
  /** The gap that was left open; undefined when there is none or the file was torn. */
  read(): Gap | undefined;
  /** Durable when it has returned; throws what the file system says. */
  write(gap: Gap | undefined): void;
  close(): void;
}

export function openGapFile(path: string): GapFile {
  const file = openSync(path, constants.O_RDWR | constants.O_CREAT, 0o600);
  const write = (gap: Gap | undefined) => {
    const text = gap === undefined ? '' : JSON.stringify(gap);
    writeSync(file, Buffer.from(text.padEnd(FILE_BYTES)), 0, FILE_BYTES, 0);
    fdatasyncSync(file);
  };
  const read = (): Gap | undefined => {
    const bytes = Buffer.alloc(FILE_BYTES);
    const count = readSync(file, bytes, 0, FILE_BYTES, 0);
    const text = bytes.toString('utf8', 0, count).trim();
    return text === '' ? undefined : parseGap(text);
  };
  if (readSync(file, Buffer.alloc(1), 0, 1, 0) === 0) write(undefined);
  return { read, write, close: () => closeSync(file) };
}

function parseGap(text: string): Gap | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // A write that a power cut tore apart: the refusals that it was about had been logged one gap at a time.
    return undefined;
  }
  const gap = parsed as Partial<Gap>;
  const isWhole =
    Number.isSafeInteger(gap.refusedCount) &&
    Number.isFinite(gap.firstRefusedAtMs) &&
    Number.isFinite(gap.lastRefusedAtMs) &&
    typeof gap.reasons === 'object';
  return isWhole ? (parsed as Gap) : undefined;
}
