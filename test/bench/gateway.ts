import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createFormSigner } from '../harness/fast-signer.ts';
import { OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';
import type { LoadOrder, LoadResult } from './gateway-load.ts';
import { type BenchResult, median, percentile, table } from './result.ts';

const CONNECTIONS = 32;
const BIG_CONNECTIONS = 4;
const BIG_BYTES = 10 * 1_048_576;
const ROUNDS = 3;
const FORM = 'Action=CreateUser&Version=2010-05-08&UserName=bench&Path=%2Fteam%2Fcore%2F';

type Workload = Pick<LoadOrder, 'head' | 'bodyText' | 'bodyBytes' | 'connections'>;
interface Target {
  readonly name: string;
  readonly port: number;
}

/**
 * Small signed calls and bodies of 10 MB through OpenTrail, recording on, and through `http-proxy-3` with a keep-alive agent,
 * which records nothing; every program in its own process, in alternating order, the median of three rounds. Then the
 * latency that OpenTrail adds at half of its throughput. `alone` measures the gateway without the rest of the server.
 */
export async function run(options: {
  readonly isQuick: boolean;
  readonly arguments: readonly string[];
}): Promise<BenchResult> {
  const durationMs = options.isQuick ? 2_000 : 8_000;
  const isAlone =
    options.arguments.includes('alone') || !existsSync(new URL('../../src/cli/main.ts', import.meta.url));
  const children: ChildProcess[] = [];
  let server: OpenTrailServer | undefined;
  try {
    const upstream = await start(children, 'gateway-upstream.ts', []);
    const url = `http://127.0.0.1:${upstream}`;
    const peer = { name: 'http-proxy-3', port: await start(children, 'gateway-peer.ts', [url]) };
    if (!isAlone) server = await OpenTrailServer.start({ flags: ['--upstream', url] });
    const port = server === undefined ? await start(children, 'gateway-alone.ts', [url]) : portOf(server);
    const opentrail = { name: isAlone ? 'opentrail (gateway alone)' : 'opentrail', port };
    const load = await startLoad(children);
    const rows: (string | number)[][] = [];
    let ratio = Number.POSITIVE_INFINITY;
    let smallPerSecond = 0;
    for (const [name, workload] of workloads(port)) {
      const [ours, theirs] = await compare(load, { workload, durationMs, opentrail, peer });
      if (name === 'small calls') smallPerSecond = ours;
      ratio = Math.min(ratio, ours / theirs);
      rows.push([name, `${ours.toFixed(0)}/s`, `${theirs.toFixed(0)}/s`, (ours / theirs).toFixed(2)]);
    }
    const direct = { name: 'direct', port: upstream };
    const added = await addedLatency(load, { opentrail, direct, durationMs, rate: smallPerSecond / 2 });
    const text = [
      table(['workload', opentrail.name, peer.name, 'ratio'], rows),
      '',
      table(
        ['latency of small calls at half load', 'p50 ms', 'p99 ms'],
        [
          ['direct', added.direct.p50.toFixed(2), added.direct.p99.toFixed(2)],
          [opentrail.name, added.ours.p50.toFixed(2), added.ours.p99.toFixed(2)],
          ['added', added.p50.toFixed(2), added.p99.toFixed(2)],
        ],
      ),
    ].join('\n');
    return { text, figures: { ratio, addedP50Ms: added.p50, addedP99Ms: added.p99, isAlone } };
  } finally {
    await server?.stop();
    for (const child of children) child.disconnect();
  }
}

function workloads(port: number): [string, Workload][] {
  const sign = createFormSigner({
    host: `127.0.0.1:${port}`,
    service: 'iam',
    region: 'us-east-1',
    accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
    secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
  });
  const { headers, body } = sign(FORM);
  const small = headLines('POST / HTTP/1.1', headers);
  const object = (method: string, length: number): string =>
    headLines(`${method} /bucket/key HTTP/1.1`, {
      host: `127.0.0.1:${port}`,
      'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
      authorization: headers.authorization?.replace('/iam/', '/s3/') as string,
      'x-amz-date': headers['x-amz-date'] as string,
      'content-length': String(length),
    });
  const big = { bodyText: '', connections: BIG_CONNECTIONS };
  return [
    ['small calls', { head: small, bodyText: body, bodyBytes: 0, connections: CONNECTIONS }],
    ['PUT of 10 MB', { ...big, head: object('PUT', BIG_BYTES), bodyBytes: BIG_BYTES }],
    ['GET of 10 MB', { ...big, head: object('GET', 0), bodyBytes: 0 }],
  ];
}

function headLines(first: string, headers: Readonly<Record<string, string>>): string {
  return `${[first, ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`)].join('\r\n')}\r\n\r\n`;
}

/** Answers a second of ours and of the peer: medians of rounds in alternating order, after one to warm up. */
async function compare(
  load: Load,
  options: {
    readonly workload: Workload;
    readonly durationMs: number;
    readonly opentrail: Target;
    readonly peer: Target;
  },
): Promise<[number, number]> {
  const { workload, durationMs, opentrail, peer } = options;
  const measured = new Map<Target, number[]>([
    [opentrail, []],
    [peer, []],
  ]);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const target of round % 2 === 0 ? [opentrail, peer] : [peer, opentrail]) {
      const isWarmUp = round === 0;
      const order = { ...workload, port: target.port, ratePerSecond: 0 };
      const result = await load({ ...order, durationMs: isWarmUp ? durationMs / 4 : durationMs });
      if (result.failuresCount > 0) throw new Error(`${target.name}: ${result.failuresCount} failed calls`);
      if (!isWarmUp) measured.get(target)?.push((result.answersCount * 1000) / result.elapsedMs);
    }
  }
  return [median(measured.get(opentrail) ?? []), median(measured.get(peer) ?? [])];
}

async function addedLatency(
  load: Load,
  options: {
    readonly opentrail: Target;
    readonly direct: Target;
    readonly durationMs: number;
    readonly rate: number;
  },
) {
  const [, workload] = workloads(options.opentrail.port)[0] as [string, Workload];
  const measure = async (target: Target) => {
    const rounds: { p50: number; p99: number }[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const { durationMs, rate } = options;
      const result = await load({ ...workload, port: target.port, durationMs, ratePerSecond: rate });
      const { latenciesMs } = result;
      rounds.push({ p50: percentile(latenciesMs, 0.5), p99: percentile(latenciesMs, 0.99) });
    }
    return { p50: median(rounds.map(({ p50 }) => p50)), p99: median(rounds.map(({ p99 }) => p99)) };
  };
  const direct = await measure(options.direct);
  const ours = await measure(options.opentrail);
  return { direct, ours, p50: ours.p50 - direct.p50, p99: ours.p99 - direct.p99 };
}

type Load = (order: LoadOrder) => Promise<LoadResult>;

async function startLoad(children: ChildProcess[]): Promise<Load> {
  const child = fork(new URL('./gateway-load.ts', import.meta.url));
  children.push(child);
  return async (order) => {
    child.send(order);
    const [result] = (await once(child, 'message')) as [LoadResult];
    return result;
  };
}

/** Starts a program of this folder and resolves with the port that it tells. */
async function start(children: ChildProcess[], file: string, args: readonly string[]): Promise<number> {
  const child = fork(new URL(`./${file}`, import.meta.url), args);
  children.push(child);
  const [port] = (await once(child, 'message')) as [number];
  return port;
}

function portOf(server: OpenTrailServer): number {
  return Number(new URL(server.endpoint).port);
}
