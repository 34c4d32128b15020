import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';
import { CallLoad } from './call-load.ts';
import { type BenchResult, percentile, table } from './result.ts';

const CALLS_PER_SECOND = 2000;
const PROBES_PER_SECOND = 4;
const POLL_PAUSE_MS = 20;

/** The upstream of the gateway benchmarks; ends with this process. */
export async function startUserUpstream(): Promise<{ url: string; process: ChildProcess }> {
  const child = fork(new URL('./user-upstream.ts', import.meta.url), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const [chunk] = (await once(child.stdout ?? child, 'data')) as [Buffer];
  return { url: `http://127.0.0.1:${chunk.toString().trim()}`, process: child };
}

/** From a call to the moment when LookupEvents answers it, while 2,000 others a second are recorded. */
export async function run(options: { readonly isQuick: boolean }): Promise<BenchResult> {
  const durationMs = options.isQuick ? 10_000 : 60_000;
  const upstream = await startUserUpstream();
  const server = await OpenTrailServer.start({ flags: ['--upstream', upstream.url] });
  const load = new CallLoad(server.endpoint);
  const client = new CloudTrailClient({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: {
      accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
      secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
    },
  });
  const latenciesMs: number[] = [];
  try {
    const background = load.run({ perSecond: CALLS_PER_SECOND, durationMs, prefix: 'load' });
    const probes: Promise<void>[] = [];
    const end = performance.now() + durationMs - 3000;
    for (let number = 0; performance.now() < end; number++) {
      probes.push(probe(load, client, `probe-${number}`, latenciesMs));
      await new Promise((resolve) => setTimeout(resolve, 1000 / PROBES_PER_SECOND));
    }
    await Promise.all([background, ...probes]);
  } finally {
    load.close();
    client.destroy();
    await server.stop();
    upstream.process.disconnect();
  }
  const p50Ms = Math.round(percentile(latenciesMs, 0.5));
  const p99Ms = Math.round(percentile(latenciesMs, 0.99));
  const callsPerSecond = Math.round(load.sentCount / (durationMs / 1000));
  return {
    text: table(
      ['calls/s', 'failed', 'probes', 'p50 ms', 'p99 ms', 'max ms'],
      [
        [
          callsPerSecond,
          load.failedCount,
          latenciesMs.length,
          p50Ms,
          p99Ms,
          Math.round(Math.max(...latenciesMs)),
        ],
      ],
    ),
    figures: {
      p50Ms,
      p99Ms,
      callsPerSecond,
      failed: load.failedCount,
      ratio: Number((1000 / p99Ms).toFixed(2)),
    },
  };
}

/** One call, then look-ups by the name of its user until it is found; the clock runs from before the call. */
async function probe(
  load: CallLoad,
  client: CloudTrailClient,
  name: string,
  latenciesMs: number[],
): Promise<void> {
  const start = performance.now();
  await load.createUser(name);
  for (;;) {
    const { Events } = await client.send(
      new LookupEventsCommand({ LookupAttributes: [{ AttributeKey: 'ResourceName', AttributeValue: name }] }),
    );
    if ((Events?.length ?? 0) > 0) break;
    if (performance.now() - start > 30_000) throw new Error(`${name} is not visible after 30 s`);
    await new Promise((resolve) => setTimeout(resolve, POLL_PAUSE_MS));
  }
  latenciesMs.push(performance.now() - start);
}
