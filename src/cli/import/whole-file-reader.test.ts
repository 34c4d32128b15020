import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { it } from 'node:test';
import type { Clock } from '../../base/clock.ts';
import { systemClock } from '../../server/system/system-clock.ts';
import { WholeFileReader } from './whole-file-reader.ts';

it('gives the bytes of a file or its error, whether it comes from memory or from a slow disk', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'opentrail-reader-'));
  try {
    const path = join(folder, 'a');
    writeFileSync(path, 'bytes');
    for (const readMs of [0, 5]) {
      let nowMs = 0;
      const clock: Clock = { ...systemClock, monotonicMs: () => (nowMs += readMs) };
      const reader = new WholeFileReader(clock);
      const { signal } = new AbortController();
      for (let files = 0; files < 300; files++)
        assert.equal((await reader.read(path, signal)).toString(), 'bytes');
      await assert.rejects(reader.read(join(folder, 'none'), signal), { code: 'ENOENT' });
      // The first read was at once, the next 256 side by side, and so on: only those at once look at the clock.
      assert.equal(nowMs, readMs === 0 ? 0 : 2 * 2 * readMs);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
