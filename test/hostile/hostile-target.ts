import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { silentLog } from '../../src/base/log.ts';
import { startGateway } from '../gateway/gateway-under-test.ts';
import { clientEnvironment, OpenTrailServer } from '../harness/opentrail-server.ts';

/** What was kept of the attacks. */
export interface Kept {
  /** Records by the marker of the attack that they are of. */
  readonly recorded: ReadonlyMap<string, number>;
  /** Records of calls that were denied, and of bytes that were no request. */
  readonly deniedCount: number;
  /** Signs of an internal error. */
  readonly errors: readonly string[];
}

/** A server under attack. */
export interface HostileTarget {
  readonly port: number;
  /** Stops the server when everything is recorded, and tells what was kept. */
  stop(): Promise<Kept>;
}

/** Listener and gateway alone, with a recorder of the tests. */
export async function startGatewayTarget(upstream: URL): Promise<HostileTarget> {
  const errors: string[] = [];
  const gateway = await startGateway({
    upstream,
    listenLimits: {
      headerTimeoutMs: 500,
      requestTimeoutMs: 900,
      keepAliveTimeoutMs: 500,
      headersCountMax: 200,
    },
    log: { ...silentLog, error: (event, fields) => errors.push(`${event} ${JSON.stringify(fields)}`) },
  });
  return {
    port: gateway.port,
    async stop() {
      await gateway.close();
      const markers = gateway.recorded.map(({ call }) => {
        const { headers } = call.head;
        const at = headers.findIndex((name, place) => place % 2 === 0 && name.toLowerCase() === 'x-marker');
        return at < 0 ? 'none' : (headers[at + 1] as string);
      });
      const denied = gateway.recorded.filter(({ call }) => call.outcome !== 'completed');
      return { recorded: count(markers), deniedCount: denied.length + gateway.refused.length, errors };
    },
  };
}

/** The whole server, started by its launcher; what it kept is read back by its own `lookup`. */
export async function startServerTarget(upstream: URL): Promise<HostileTarget> {
  const flags = ['--upstream', upstream.href, '--header-timeout', '1s', '--request-timeout', '1s'];
  const server = await OpenTrailServer.start({
    flags: [...flags, '--keep-alive-timeout', '1s', '--unverified-per-minute', '1000000000'],
  });
  return {
    port: Number(new URL(server.endpoint).port),
    async stop() {
      const events = await readEvents(server.endpoint);
      const { text } = server.output;
      const exitCode = await server.stop();
      const markers = events.map(
        ({ userAgent }) => /\bm\d+(?:-smuggled)?\b/.exec(userAgent ?? '')?.[0] ?? 'none',
      );
      const errors = text.split('\n').filter((line) => /"level":"error"|handler_failed/.test(line));
      if (exitCode !== 0) errors.push(`the server ended with ${exitCode}`);
      const deniedCount = events.filter(({ errorCode }) => errorCode !== undefined).length;
      return { recorded: count(markers), deniedCount, errors };
    },
  };
}

interface LookedUpEvent {
  readonly eventName: string;
  readonly userAgent?: string;
  readonly errorCode?: string;
}

/** Every event that is stored, once two look-ups in a row find the same number. */
async function readEvents(endpoint: string): Promise<LookedUpEvent[]> {
  const launcher = fileURLToPath(new URL('../../opentrail', import.meta.url));
  let last = -1;
  for (;;) {
    const args = ['lookup', '--all-regions', '--limit', '0', '--output', 'ndjson'];
    const { stdout } = await promisify(execFile)(launcher, args, {
      env: clientEnvironment(endpoint),
      maxBuffer: 1e9,
    });
    const lines = stdout.split('\n').filter((line) => line !== '');
    const events = lines.map((line) => JSON.parse(line) as LookedUpEvent).filter(isNoLookup);
    if (events.length === last) return events;
    last = events.length;
    await new Promise((resolve) => setTimeout(resolve, 1_500));
  }
}

/** Reading the history is a call that is recorded, too. */
function isNoLookup({ eventName }: LookedUpEvent): boolean {
  return eventName !== 'SearchEvents';
}

function count(markers: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const marker of markers) counts.set(marker, (counts.get(marker) ?? 0) + 1);
  return counts;
}
