import { ClickHouseEventStore } from './clickhouse-event-store.ts';
import { ClickHouseHttp } from './clickhouse-http.ts';
import { EngineProcess, type EngineProcessOptions } from './engine/engine-process.ts';

/** An event store and the process that its engine runs in. Closing the store ends the process. */
export interface EmbeddedStore {
  readonly store: ClickHouseEventStore;
  readonly engine: EngineProcess;
}

/** Starts the embedded engine on a data directory and brings its schema up to date. */
export async function openEmbeddedStore(options: EngineProcessOptions): Promise<EmbeddedStore> {
  const engine = new EngineProcess(options);
  try {
    await engine.start();
    const store = await ClickHouseEventStore.open({
      http: new ClickHouseHttp({
        url: 'http://engine',
        socketPath: engine.socketPath,
        checkReady: (operation) => engine.checkReady(operation),
        unresponsive: () => engine.unresponsive,
      }),
      clock: options.clock,
      transport: 'file',
      closeEngine: () => engine.close(),
    });
    return { store, engine };
  } catch (error) {
    await engine.close();
    throw error;
  }
}
