import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';
import { run } from '../harness/aws-cli.ts';
import { clientEnvironment, OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';
import { startQueueUpstream } from '../harness/queue-upstream.ts';
import { seededRandom } from '../harness/seeded-random.ts';

/** `OPENTRAIL_FAULT_SEEDS=50` runs the whole suite; a few by default. */
const SEEDS_COUNT = Number(process.env.OPENTRAIL_FAULT_SEEDS ?? 3);
const WORKERS_COUNT = 8;
const LAUNCHER = new URL('../../opentrail', import.meta.url).pathname;

interface Load {
  /** Names of the queues whose creation was answered with success. */
  readonly acknowledged: Set<string>;
  readonly inFlight: () => number;
  stop(): Promise<void>;
}

/** Signed calls, each with a name of its own, as fast as eight workers can. */
function startLoad(endpoint: string, prefix: string): Load {
  const acknowledged = new Set<string>();
  let inFlight = 0;
  let isStopped = false;
  const worker = async (number: number) => {
    const client = new SQSClient({
      endpoint,
      region: 'eu-west-1',
      maxAttempts: 1,
      credentials: {
        accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
        secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
      },
    });
    for (let call = 0; !isStopped; call++) {
      const name = `${prefix}-${number}-${call}`;
      inFlight++;
      try {
        await client.send(new CreateQueueCommand({ QueueName: name }));
        acknowledged.add(name);
      } catch {
        // The server was killed under this call: it was not acknowledged.
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      inFlight--;
    }
    client.destroy();
  };
  const workers = Array.from({ length: WORKERS_COUNT }, (_, number) => worker(number));
  return {
    acknowledged,
    inFlight: () => inFlight,
    async stop() {
      isStopped = true;
      await Promise.all(workers);
    },
  };
}

/** How often each queue's creation is in the history; nothing while the engine is being restarted. */
async function recordedQueues(endpoint: string): Promise<Map<string, number>> {
  const result = await run(
    LAUNCHER,
    ['lookup', '--attribute', 'EventName=CreateQueue', '--all-regions', '--limit', '0', '--output', 'ndjson'],
    { env: clientEnvironment(endpoint) },
  );
  const counts = new Map<string, number>();
  if (/ServiceUnavailable/.test(result.stderr)) return counts;
  assert.equal(result.status, 0, result.stderr);
  for (const line of result.stdout.split('\n')) {
    if (line === '') continue;
    const name = (JSON.parse(line) as CloudTrailEvent).requestParameters?.queueName as string;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}

async function untilStored(endpoint: string, names: ReadonlySet<string>): Promise<Map<string, number>> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    const counts = await recordedQueues(endpoint);
    if ([...names].every((name) => counts.has(name)) || Date.now() > deadline) return counts;
  }
}

/** Children of a process, from /proc; the engine is the server's only child. */
function childrenOf(pid: number): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]) === pid;
      } catch {
        return false;
      }
    })
    .map(Number);
}

describe('kill -9 under load', () => {
  it(`of the server: nothing acknowledged is lost, nothing is there twice (${SEEDS_COUNT} seeds)`, async () => {
    await using upstream = await startQueueUpstream();
    const dataDir = await mkdtemp(join(tmpdir(), 'opentrail-kill-'));
    const acknowledged = new Set<string>();
    let hits = 0;
    try {
      const flags = ['--upstream', upstream.url, '--record', 'sqs=blocking'];
      for (let seed = 1; seed <= SEEDS_COUNT; seed++) {
        const random = seededRandom(seed);
        const server = await OpenTrailServer.start({ dataDir, flags });
        const load = startLoad(server.endpoint, `s${seed}`);
        await new Promise((resolve) => setTimeout(resolve, 100 + random() * 900));
        if (load.inFlight() > 0) hits++;
        await server.stop('SIGKILL');
        await load.stop();
        for (const name of load.acknowledged) acknowledged.add(name);
      }
      await using server = await OpenTrailServer.start({ dataDir, flags });
      const counts = await untilStored(server.endpoint, acknowledged);
      const lost = [...acknowledged].filter((name) => !counts.has(name));
      const doubled = [...counts].filter(([, count]) => count > 1);
      assert.ok(
        acknowledged.size > SEEDS_COUNT,
        `the load was real: ${acknowledged.size} calls acknowledged`,
      );
      assert.deepEqual({ lost, doubled }, { lost: [], doubled: [] });
      assert.equal(hits, SEEDS_COUNT, 'every kill hit work in flight');
      const verified = await run(LAUNCHER, ['verify', '--history'], {
        env: clientEnvironment(server.endpoint),
      });
      assert.equal(verified.status, 0, verified.stdout + verified.stderr);
    } finally {
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    }
  });

  it(`of the engine: recording goes on, nothing is lost, nothing is there twice (${SEEDS_COUNT} seeds)`, async (context) => {
    if (process.platform !== 'linux') return context.skip('only where procfs tells the engine');
    await using upstream = await startQueueUpstream();
    await using server = await OpenTrailServer.start({
      flags: ['--upstream', upstream.url, '--record', 'sqs=blocking'],
    });
    const load = startLoad(server.endpoint, 'e');
    let kills = 0;
    for (let seed = 1; seed <= SEEDS_COUNT; seed++) {
      const random = seededRandom(seed);
      await new Promise((resolve) => setTimeout(resolve, 300 + random() * 1500));
      const before = load.acknowledged.size;
      for (const pid of childrenOf(server.process.pid ?? -1)) {
        process.kill(pid, 'SIGKILL');
        kills++;
      }
      const deadline = Date.now() + 5000;
      while (load.acknowledged.size === before && Date.now() < deadline) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
      assert.ok(load.acknowledged.size > before, 'calls are recorded while the engine is down');
    }
    await load.stop();
    const counts = await untilStored(server.endpoint, load.acknowledged);
    const lost = [...load.acknowledged].filter((name) => !counts.has(name));
    const doubled = [...counts].filter(([, count]) => count > 1);
    assert.deepEqual({ lost, doubled }, { lost: [], doubled: [] });
    assert.ok(kills > 0, 'the engine was killed');
  });
});
