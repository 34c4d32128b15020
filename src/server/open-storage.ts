import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Metrics } from '../base/metrics.ts';
import type { Random } from '../base/random.ts';
import { Drain } from '../drain/drain.ts';
import { Retention } from '../drain/retention.ts';
import { StoreLock } from '../drain/store-lock.ts';
import type { Journal } from '../journal/journal.ts';
import { openJournal } from '../journal/open-journal.ts';
import type { Catalog } from '../store/catalog.ts';
import { openEmbeddedStore } from '../store/clickhouse/open-embedded-store.ts';
import { PatientEventStore } from '../store/clickhouse/patient-event-store.ts';
import type { EventStore } from '../store/event-store.ts';
import type { IdentityStore } from '../store/identity-store.ts';
import { openSqliteStores } from '../store/sqlite/open-sqlite-stores.ts';
import type { Config } from './config-options.ts';
import type { DataPaths } from './data-directory.ts';

/** Many times what the engine takes with 10 M events. */
const ENGINE_WAIT_MS = 15_000;

export interface StorageOptions {
  readonly config: Config;
  readonly paths: DataPaths;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}

/** What keeps events and everything else, and the way from the journal to the event store. */
export interface Storage {
  readonly catalog: Catalog;
  readonly identities: IdentityStore;
  readonly journal: Journal;
  readonly store: EventStore;
  readonly drain: Drain;
  readonly retention: Retention;
}

/**
 * Opens catalog, journal and event store; nothing is moved between them before `drain` and `retention` are started.
 * What was opened is closed again when a later part cannot be: its closing is left in `stack`, newest first.
 */
export async function openStorage(options: StorageOptions, stack: AsyncDisposableStack): Promise<Storage> {
  const { config, paths, clock, random, log, metrics } = options;
  const { catalog, identities } = await openSqliteStores(paths.catalog, log);
  // Both are one file.
  stack.defer(() => catalog.close());
  // The engine takes the longest to start, so the journal is opened meanwhile.
  const engine = { dataDir: paths.engine, memoryBytesMax: config.engineMemoryBytes, clock, log, metrics };
  const store = new PatientEventStore({
    open: async () => (await openEmbeddedStore(engine)).store,
    clock,
    log,
  });
  stack.defer(() => store.close());
  const journal = await openJournal({
    directory: paths.journal,
    sizeBytesMax: config.journalBytesMax,
    clock,
    random,
    log,
    metrics,
  });
  stack.defer(() => journal.close());
  // An engine that does not come is waited for no longer than this: recording begins, and look-ups say why they cannot.
  await Promise.race([store.opened, clock.sleep(ENGINE_WAIT_MS)]);
  const lock = new StoreLock();
  const shared = { journal, store, catalog, lock, clock, log, metrics };
  const drain = await Drain.open({ ...shared, sealAfterMs: config.sealAfterMs });
  const retention = new Retention({
    ...shared,
    keepMs: { live: keepMs(config.historyRetentionMs), import: keepMs(config.importRetentionMs) },
  });
  stack.defer(async () => {
    await retention.stop();
    await drain.stop();
  });
  return { catalog, identities, journal, store, drain, retention };
}

function keepMs(retention: number | 'forever'): number | undefined {
  return retention === 'forever' ? undefined : retention;
}
