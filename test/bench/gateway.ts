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
/** More than of throughput, since one busy moment of the machine is a whole percentile of a round. */
const LATENCY_ROUNDS = 5;
const LATENCY_COLUMNS = ['p50 ms', 'p99 ms', 'added p50 ms', 'added p99 ms'];
const FORM = 'Action=CreateUser&Version=2010-05-08&UserName=bench&Path=%2Fteam%2Fcore%2F';

type Workload = Pick<LoadOrder, 'head' | 'bodyText' | 'bodyBytes' | 'connections'>;
interface Target {
  readonly name: string;
  readonly port: number;
}

/**
 * Small signed calls and bodies of 10 MB through OpenTrail, recording on, and through `http-proxy-3` with a keep-alive agent,
 * which records nothing; every program in its own process, in alternating order, the median of three rounds. Then the
 * latency that both add at half of OpenTrail's throughput: calls fall due at fixed times, answered or not, and the clock
 * of each runs from when it was due. `alone` measures the gateway without the rest of the server.
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
    const targets = [{ name: 'direct', port: upstream }, opentrail, peer] as const;
    const [, workload] = workloads(port)[0] as [string, Workload];
    const ratePerSecond = Math.round(smallPerSecond / 2);
    const { measured, added } = await latencies(load, { targets, workload, durationMs, ratePerSecond });
    const ours = added[1] as Latency;
    const text = [
      table(['workload', opentrail.name, peer.name, 'ratio'], rows),
      '',
      table(
        [`small calls at ${ratePerSecond}/s, half of ${opentrail.name}'s most`, ...LATENCY_COLUMNS],
        targets.map(({ name }, index) => [
          name,
          ...latencyCells(measured[index] as Latency),
          ...(index === 0 ? ['', ''] : latencyCells(added[index] as Latency)),
        ]),
      ),
    ].join('\n');
    return { text, figures: { ratio, addedP50Ms: ours.p50, addedP99Ms: ours.p99, isAlone } };
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

interface Latency {
  readonly p50: number;
  readonly p99: number;
}

function latencyCells({ p50, p99 }: Latency): string[] {
  return [p50.toFixed(2), p99.toFixed(2)];
}

/**
 * Latency of small calls at one rate: of the upstream alone, through OpenTrail and through the peer. The three take turns
 * within each round, so that a machine that is busy for a while is so for all of them; what a proxy adds is the median of
 * its differences from the upstream alone in the same round.
 */
async function latencies(
  load: Load,
  options: {
    readonly targets: readonly [direct: Target, opentrail: Target, peer: Target];
    readonly workload: Workload;
    readonly durationMs: number;
    readonly ratePerSecond: number;
  },
): Promise<{ readonly measured: readonly Latency[]; readonly added: readonly Latency[] }> {
  const { targets, workload, durationMs, ratePerSecond } = options;
  const rounds: Latency[][] = [];
  for (let round = 0; round < LATENCY_ROUNDS; round += 1) {
    const measured: Latency[] = [];
    for (const { name, port } of targets) {
      const result = await load({ ...workload, port, durationMs, ratePerSecond });
      if (result.failuresCount > 0) throw new Error(`${name}: ${result.failuresCount} failed calls`);
      const { latenciesMs } = result;
      measured.push({ p50: percentile(latenciesMs, 0.5), p99: percentile(latenciesMs, 0.99) });
    }
    rounds.push(measured);
  }
  const over = (index: number, value: (measured: Latency, direct: Latency) => number): number =>
    median(rounds.map((round) => value(round[index] as Latency, round[0] as Latency)));
  return {
    measured: targets.map((_, index) => ({
      p50: over(index, ({ p50 }) => p50),
      p99: over(index, ({ p99 }) => p99),
    })),
    added: targets.map((_, index) => ({
      p50: over(index, ({ p50 }, direct) => p50 - direct.p50),
      p99: over(index, ({ p99 }, direct) => p99 - direct.p99),
    })),
  };
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
