import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '../../base/log.ts';
import { noMetrics } from '../../base/metrics.ts';
import { systemClock } from '../../server/system/system-clock.ts';
import type { EngineProcessOptions } from './engine/engine-process.ts';
import { type EmbeddedStore, openEmbeddedStore } from './open-embedded-store.ts';

export interface TestStore extends EmbeddedStore {
  readonly dataDir: string;
  dispose(): Promise<void>;
}

/** A real engine on a new data directory; for tests. */
export async function openTestStore(options: Partial<EngineProcessOptions> = {}): Promise<TestStore> {
  const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'engine-')));
  const embedded = await openEmbeddedStore({
    dataDir,
    memoryBytesMax: 1_000_000_000,
    clock: systemClock,
    log: silentLog,
    metrics: noMetrics,
    ...options,
  });
  return {
    ...embedded,
    dataDir,
    async dispose() {
      await embedded.store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
