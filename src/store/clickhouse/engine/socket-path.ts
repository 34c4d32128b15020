import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** `sun_path` is 108 bytes on Linux and 104 on macOS, its NUL included. */
const SOCKET_PATH_BYTES_MAX = 103;

/** Where the engine listens: in its data directory, or in a directory of our own (mode 0700) where that is too deep. */
export function chooseSocketPath(dataDir: string): string {
  const path = join(dataDir, 'engine.sock');
  if (Buffer.byteLength(path) <= SOCKET_PATH_BYTES_MAX) return path;
  return join(mkdtempSync(join(tmpdir(), 'opentrail-')), 'engine.sock');
}
