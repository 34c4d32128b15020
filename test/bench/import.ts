import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import { OpenTrailServer } from '../harness/opentrail-server.ts';
import { runCli } from '../import/run-cli.ts';
import { createDataset } from './dataset.ts';
import { type BenchResult, median, table } from './result.ts';

interface Case {
  readonly name: string;
  readonly eventsPerFile: number;
}

const CASES: readonly Case[] = [
  { name: 'large', eventsPerFile: 5_000 },
  { name: 'small', eventsPerFile: 8 },
];

/** Members that become a column each; one call for all of them, which parses a record once, is DuckDB's fastest form. */
const MEMBERS = {
  event_id: 'eventID',
  event_time: 'eventTime',
  event_name: 'eventName',
  event_source: 'eventSource',
  event_type: 'eventType',
  event_category: 'eventCategory',
  management_event: 'managementEvent',
  read_only: 'readOnly',
  region: 'awsRegion',
  error_code: 'errorCode',
  source_ip_address: 'sourceIPAddress',
  request_id: 'requestID',
  account_id: 'recipientAccountId',
  user_identity_type: 'userIdentity.type',
  user_identity_arn: 'userIdentity.arn',
  access_key_id: 'userIdentity.accessKeyId',
  user_name: 'userIdentity.userName',
  issuer_name: 'userIdentity.sessionContext.sessionIssuer.userName',
} as const;

/**
 * The columns that the event store extracts, and the record itself, in a database file. What SQL cannot derive in short is
 * left out, in DuckDB's favour: resources that are found in `requestParameters`, the name of a session, and our provenance.
 */
const DUCKDB_TABLE = `create or replace table events as select
  ${Object.keys(MEMBERS)
    .map((column, index) => {
      const value = `members[${index + 1}]`;
      return `${column === 'event_time' ? `cast(${value} as timestamp)` : value} as ${column}`;
    })
    .join(', ')},
  r->>'$.resources[*].ARN' as resource_names, r->>'$.resources[*].type' as resource_types, r as raw
  from (select r, json_extract_string(r, [${Object.values(MEMBERS)
    .map((member) => `'$.${member}'`)
    .join(', ')}]) as members
    from (select unnest(Records) as r from read_json('FILES', columns = {Records: 'JSON[]'},
      maximum_object_size = 200000000)))`;

/**
 * `./opentrail import` of a folder into a running server, until every event can be looked up, beside DuckDB that reads the
 * same files into a table of the same columns in a database file. Alternating; the median of the rounds.
 */
export async function run(options: { readonly isQuick: boolean }): Promise<BenchResult> {
  const eventsCount = options.isQuick ? 100_000 : 1_000_000;
  const rounds = options.isQuick ? 1 : 3;
  const folder = mkdtempSync(join(tmpdir(), 'opentrail-bench-import-'));
  try {
    const rows: (string | number)[][] = [];
    const rates: Record<string, { ours: number; duckdb: number }> = {};
    let source = '';
    for (const { name, eventsPerFile } of CASES) {
      const files = join(folder, name);
      source = writeFiles(files, eventsCount, eventsPerFile);
      const ours: number[] = [];
      const duckdb: number[] = [];
      for (let round = 0; round < rounds; round++) {
        duckdb.push(eventsCount / (await readWithDuckDb(folder, files, eventsCount)));
        ours.push(eventsCount / (await importFolder(files, eventsCount)));
      }
      rates[name] = { ours: median(ours), duckdb: median(duckdb) };
      rows.push(
        [`${eventsPerFile} events a file`, 'DuckDB', perSecond(duckdb), perSecond([median(duckdb)]), '1.00'],
        ['', 'opentrail import', perSecond(ours), perSecond([median(ours)]), ratioOf(rates[name])],
      );
      rmSync(files, { recursive: true });
    }
    const { large, small } = rates;
    const slowdown = Number(((large?.ours ?? 0) / (small?.ours ?? 1)).toFixed(2));
    const ratioLarge = ratioOf(large);
    const ratioSmall = ratioOf(small);
    return {
      text: [
        `${eventsCount.toLocaleString('en')} events in .json.gz files, ${source}`,
        table(['files', 'reader', 'events/s, each round', 'median', 'ratio'], rows),
        `small files take ${slowdown} times the time of large ones per event`,
      ].join('\n\n'),
      figures: {
        ratio: Math.min(ratioLarge, ratioSmall),
        ratioLarge,
        ratioSmall,
        smallFilesSlowdown: slowdown,
      },
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function ratioOf(rates: { ours: number; duckdb: number } | undefined): number {
  return Number(((rates?.ours ?? 0) / (rates?.duckdb ?? 1)).toFixed(2));
}

function perSecond(values: readonly number[]): string {
  return values.map((value) => Math.round(value).toLocaleString('en')).join(', ');
}

function writeFiles(folder: string, eventsCount: number, eventsPerFile: number): string {
  mkdirSync(folder);
  const fromMs = Date.UTC(2024, 0, 1);
  const dataset = createDataset({ seed: 1, fromMs, toMs: Date.UTC(2025, 0, 1), count: eventsCount });
  for (let start = 0; start < eventsCount; start += eventsPerFile) {
    const size = Math.min(eventsPerFile, eventsCount - start);
    const records = Array.from({ length: size }, (_, index) => dataset.event(start + index));
    writeFileSync(join(folder, `${start}.json.gz`), gzipSync(`{"Records":[${records.join(',')}]}`));
  }
  return dataset.source;
}

/** Seconds. */
async function readWithDuckDb(folder: string, files: string, eventsCount: number): Promise<number> {
  const path = join(folder, 'events.duckdb');
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  try {
    await connection.run(`set threads = ${availableParallelism()}`);
    await connection.run('set preserve_insertion_order = false');
    const startedMs = performance.now();
    await connection.run(DUCKDB_TABLE.replace('FILES', `${files}/*.json.gz`));
    await connection.run('checkpoint');
    const seconds = (performance.now() - startedMs) / 1_000;
    const reader = await connection.runAndReadAll('select count(*) from events');
    if (Number(reader.getRows()[0]?.[0]) !== eventsCount) throw new Error('DuckDB did not read every event');
    return seconds;
  } finally {
    connection.closeSync();
    instance.closeSync();
    rmSync(path, { force: true });
  }
}

/** Seconds, from the start of the command to its end, when every event can be looked up. */
async function importFolder(files: string, eventsCount: number): Promise<number> {
  const server = await OpenTrailServer.start();
  try {
    const startedMs = performance.now();
    const { stdout, stderr, code } = await runCli(server.endpoint, ['import', files]);
    const seconds = (performance.now() - startedMs) / 1_000;
    if (code !== 0 || !stdout.includes(`stored       ${eventsCount.toLocaleString('en-US')}\n`)) {
      throw new Error(`the import did not store every event:\n${stdout}${stderr}`);
    }
    return seconds;
  } finally {
    await server.stop();
  }
}
