import type { Clock } from '../../base/clock.ts';
import { ClickHouseEventStore } from './clickhouse-event-store.ts';
import { ClickHouseHttp } from './clickhouse-http.ts';

/**
 * The same store on a ClickHouse server, over HTTP. Not verified here: no current server could be had where this was
 * built. The statements are those of the embedded engine, except that a segment travels as the body of its INSERT.
 *
 * @param options.url with user and password: `http://user:password@host:8123`.
 */
export function openServerStore(options: {
  readonly url: string;
  readonly clock: Clock;
}): Promise<ClickHouseEventStore> {
  return ClickHouseEventStore.open({
    http: new ClickHouseHttp({ url: options.url, checkReady: () => undefined }),
    clock: options.clock,
    transport: 'body',
    closeEngine: async () => undefined,
  });
}
