import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';
import { run as runProgram } from '../harness/aws-cli.ts';
import { clientEnvironment, OpenTrailServer } from '../harness/opentrail-server.ts';
import { CallLoad } from './call-load.ts';
import { type BenchResult, table } from './result.ts';
import { startUserUpstream } from './visible.ts';

const CALLS_PER_SECOND = 1000;
const LAUNCHER = new URL('../../opentrail', import.meta.url).pathname;

/** What a kill -9 costs in `batch` mode: calls that were answered and are not recorded, and how long before the kill. */
export async function run(options: { readonly isQuick: boolean }): Promise<BenchResult> {
  const roundsCount = options.isQuick ? 3 : 20;
  const upstream = await startUserUpstream();
  const rows: (string | number)[][] = [];
  let worstMs = 0;
  try {
    for (let round = 1; round <= roundsCount; round++) {
      const { answered, lost, windowMs } = await killOnce(upstream.url, round);
      rows.push([round, answered, lost, windowMs.toFixed(1)]);
      worstMs = Math.max(worstMs, windowMs);
    }
  } finally {
    upstream.process.disconnect();
  }
  return {
    text: table(['kill', 'answered', 'answered and lost', 'oldest lost, ms before the kill'], rows),
    figures: { worstMs: Number(worstMs.toFixed(1)), p99Ms: Number(worstMs.toFixed(1)), rounds: roundsCount },
  };
}

async function killOnce(upstream: string, round: number) {
  const dataDir = await mkdtemp(join(tmpdir(), 'opentrail-loss-'));
  try {
    const server = await OpenTrailServer.start({ dataDir, flags: ['--upstream', upstream] });
    const load = new CallLoad(server.endpoint);
    const running = load.run({ perSecond: CALLS_PER_SECOND, durationMs: 4000, prefix: `r${round}` });
    await new Promise((resolve) => setTimeout(resolve, 2000 + Math.random() * 1000));
    const killedAtMs = performance.now();
    server.process.kill('SIGKILL');
    await running;
    load.close();
    const recorded = await recordedUsers(dataDir, upstream, load.answeredAtMs.size);
    const lost = [...load.answeredAtMs].filter(([name]) => !recorded.has(name));
    const windowMs = Math.max(0, ...lost.map(([, answeredAtMs]) => killedAtMs - answeredAtMs));
    return { answered: load.answeredAtMs.size, lost: lost.length, windowMs };
  } finally {
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** The names of the users whose creation is in the history after a restart, when it does not grow any more. */
async function recordedUsers(dataDir: string, upstream: string, answered: number): Promise<Set<string>> {
  const server = await OpenTrailServer.start({ dataDir, flags: ['--upstream', upstream] });
  try {
    let names = new Set<string>();
    for (let attempt = 0; attempt < 20; attempt++) {
      const before = names.size;
      const args = [
        'lookup',
        '--attribute',
        'EventName=CreateUser',
        '--all-regions',
        '--limit',
        '0',
        '--output',
        'ndjson',
      ];
      const result = await runProgram(LAUNCHER, args, { env: clientEnvironment(server.endpoint) });
      assert.equal(result.status, 0, result.stderr);
      const lines = result.stdout.split('\n').filter((line) => line !== '');
      names = new Set(
        lines.map((line) => (JSON.parse(line) as CloudTrailEvent).requestParameters?.userName as string),
      );
      if (names.size >= answered || (names.size > 0 && names.size === before && attempt > 3)) break;
    }
    return names;
  } finally {
    await server.stop();
  }
}
