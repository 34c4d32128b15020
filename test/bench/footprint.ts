import { createWriteStream, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { OpenTrailServer } from '../harness/opentrail-server.ts';
import { CallLoad } from './call-load.ts';
import { filledDataset, fillStore } from './fill.ts';
import { type BenchResult, table } from './result.ts';
import { withTemporaryFolder } from './storage.ts';
import { startUserUpstream } from './visible.ts';

const CALLS_PER_SECOND = 1000;
const SAMPLE_INTERVAL_MS = 1000;
const MB = 1_000_000;
const SERVER_RSS_MB_MAX = 250;
/** The default of `--engine-memory`. */
const ENGINE_RSS_MB_MAX = 1000;
const READY_EMPTY_MS_MAX = 3000;
const READY_FILLED_MS_MAX = 5000;
/** Events of the data set that gzip and Parquet are measured on. */
const PEER_EVENTS = 200_000;

interface Rss {
  readonly atMs: number;
  readonly serverMb: number;
  readonly engineMb: number;
}

interface Phase {
  readonly name: string;
  readonly samples: readonly Rss[];
}

/** Memory of server and engine when idle and under load, the time to get ready, and bytes on disk per event. */
export async function run(options: { readonly isQuick: boolean }): Promise<BenchResult> {
  const loadMs = options.isQuick ? 60_000 : 600_000;
  const filledCount = options.isQuick ? 1_000_000 : 10_000_000;
  const { phases, readyEmptyMs, failed, callsPerSecond } = await measureMemory(loadMs, options.isQuick);
  const { readyFilledMs, bytesPerEvent } = await measureFilled(filledCount);
  const peers = await measurePeers(filledCount);
  const all = phases.flatMap(({ samples }) => samples);
  const serverMb = Math.max(...all.map((sample) => sample.serverMb));
  const engineMb = Math.max(...all.map((sample) => sample.engineMb));
  const load = phases.at(-1)?.samples ?? [];
  const ratio = Math.min(
    SERVER_RSS_MB_MAX / serverMb,
    ENGINE_RSS_MB_MAX / engineMb,
    READY_EMPTY_MS_MAX / readyEmptyMs,
    READY_FILLED_MS_MAX / readyFilledMs,
  );
  const filled = filledCount.toLocaleString('en');
  return {
    text: [
      table(['phase', 'server MB', 'max', 'MB/min', 'engine MB', 'max', 'MB/min'], phases.map(phaseRow)),
      table(
        ['ready', 'ms'],
        [
          ['empty', Math.round(readyEmptyMs)],
          [`with ${filled} events`, Math.round(readyFilledMs)],
        ],
      ),
      table(
        ['on disk', 'bytes an event'],
        [
          [`event store, ${filled} events`, Math.round(bytesPerEvent)],
          [`gzip, ${PEER_EVENTS.toLocaleString('en')} events`, Math.round(peers.gzip)],
          [`Parquet with zstd, the same`, Math.round(peers.parquet)],
        ],
      ),
      `${callsPerSecond} calls/s, ${failed} failed`,
    ].join('\n\n'),
    figures: {
      ratio: round(ratio),
      serverRssMbMax: Math.round(serverMb),
      engineRssMbMax: Math.round(engineMb),
      serverSlopeMbPerMinute: slope(load, 'serverMb'),
      engineSlopeMbPerMinute: slope(load, 'engineMb'),
      readyEmptyMs: Math.round(readyEmptyMs),
      readyFilledMs: Math.round(readyFilledMs),
      bytesPerEvent: Math.round(bytesPerEvent),
      gzipBytesPerEvent: Math.round(peers.gzip),
      parquetBytesPerEvent: Math.round(peers.parquet),
      callsPerSecond,
      failed,
    },
  };
}

function phaseRow({ name, samples }: Phase): (string | number)[] {
  const cells = (['serverMb', 'engineMb'] as const).flatMap((process) => {
    const values = samples.map((sample) => sample[process]);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    return [Math.round(mean), Math.round(Math.max(...values)), slope(samples, process)];
  });
  return [name, ...cells];
}

function round(value: number): number {
  return Number(value.toFixed(2));
}

/** Least squares over the second half, when what grows at first should have stopped growing; MB a minute. */
function slope(samples: readonly Rss[], process: 'serverMb' | 'engineMb'): number {
  const late = samples.slice(Math.floor(samples.length / 2));
  const meanAt = late.reduce((sum, { atMs }) => sum + atMs, 0) / late.length;
  const mean = late.reduce((sum, sample) => sum + sample[process], 0) / late.length;
  let covariance = 0;
  let variance = 0;
  for (const sample of late) {
    covariance += (sample.atMs - meanAt) * (sample[process] - mean);
    variance += (sample.atMs - meanAt) ** 2;
  }
  return round((covariance / (variance || 1)) * 60_000);
}

async function measureMemory(loadMs: number, isQuick: boolean) {
  const upstream = await startUserUpstream();
  const started = performance.now();
  const server = await OpenTrailServer.start({ flags: ['--upstream', upstream.url] });
  const readyEmptyMs = performance.now() - started;
  const load = new CallLoad(server.endpoint);
  try {
    const idleMs = isQuick ? 10_000 : 60_000;
    const idle = await sampleDuring(server, new Promise((resolve) => setTimeout(resolve, idleMs)));
    const running = load.run({ perSecond: CALLS_PER_SECOND, durationMs: loadMs, prefix: 'footprint' });
    const busy = await sampleDuring(server, running);
    const phases: Phase[] = [
      { name: 'idle', samples: idle },
      { name: `${CALLS_PER_SECOND} calls/s`, samples: busy },
    ];
    const callsPerSecond = Math.round(load.sentCount / (loadMs / 1000));
    return { phases, readyEmptyMs, failed: load.failedCount, callsPerSecond };
  } finally {
    load.close();
    await server.stop();
    upstream.process.disconnect();
  }
}

async function sampleDuring(server: OpenTrailServer, until: Promise<void>): Promise<Rss[]> {
  const samples: Rss[] = [];
  let isOver = false;
  const over = until.finally(() => {
    isOver = true;
  });
  while (!isOver) {
    samples.push(sampleRss(server));
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_INTERVAL_MS));
  }
  await over;
  return samples;
}

/** The launcher may have become the server or may have started it: the engine is who runs `engine-main.ts`. */
function sampleRss(server: OpenTrailServer): Rss {
  const family = descendants(server.process.pid ?? 0);
  const isEngine = (pid: number) => readProcess(pid, 'cmdline').includes('engine-main.ts');
  const rss = (pids: readonly number[]) => pids.reduce((sum, pid) => sum + rssBytes(pid), 0) / MB;
  const engines = family.filter(isEngine);
  if (engines.length === 0) throw new Error('the engine is not running');
  return {
    atMs: performance.now(),
    serverMb: rss(family.filter((pid) => !engines.includes(pid))),
    engineMb: rss(engines),
  };
}

function descendants(pid: number): number[] {
  const children = readProcess(pid, `task/${pid}/children`).split(' ').filter(Boolean).map(Number);
  return [pid, ...children.flatMap(descendants)];
}

function rssBytes(pid: number): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readProcess(pid, 'status'))?.[1] ?? 0) * 1024;
}

/** Empty for a process that has just ended. */
function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

async function measureFilled(count: number): Promise<{ readyFilledMs: number; bytesPerEvent: number }> {
  return await withTemporaryFolder(async (folder) => {
    await fillStore(folder, count, Date.now());
    const started = performance.now();
    const server = await OpenTrailServer.start({ dataDir: folder });
    const readyFilledMs = performance.now() - started;
    await server.stop();
    return { readyFilledMs, bytesPerEvent: folderBytes(join(folder, 'engine')) / count };
  });
}

/** Each file once: a hard link takes no room. */
function folderBytes(folder: string): number {
  const seen = new Set<number>();
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const { ino, size } = statSync(join(entry.parentPath, entry.name));
    if (!seen.has(ino)) bytes += size;
    seen.add(ino);
  }
  return bytes;
}

/** The same events as NDJSON in gzip, and in Parquet with zstd as the record and five columns of it. */
async function measurePeers(count: number): Promise<{ gzip: number; parquet: number }> {
  return await withTemporaryFolder(async (folder) => {
    const path = join(folder, 'events.ndjson.gz');
    const dataset = filledDataset(count, Date.now());
    const lines = function* () {
      for (let index = 0; index < PEER_EVENTS; index++) yield `${dataset.event(index)}\n`;
    };
    await pipeline(lines, createGzip(), createWriteStream(path));
    const parquet = join(folder, 'events.parquet');
    await writeParquet(path, parquet);
    return { gzip: statSync(path).size / PEER_EVENTS, parquet: statSync(parquet).size / PEER_EVENTS };
  });
}

async function writeParquet(from: string, to: string): Promise<void> {
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    await connection.run(
      `copy (select r->>'$.eventID' as event_id, cast(r->>'$.eventTime' as timestamp) as event_time,
        r->>'$.eventName' as event_name, r->>'$.eventSource' as event_source,
        r->>'$.userIdentity.arn' as user_identity_arn, cast(r as varchar) as raw
        from (select json as r from read_ndjson_objects('${from}')))
      to '${to}' (format parquet, compression zstd)`,
    );
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
