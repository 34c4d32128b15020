import {
  CloudTrailClient,
  type LookupAttributeKey,
  LookupEventsCommand,
  type LookupEventsCommandInput,
} from '@aws-sdk/client-cloudtrail';
import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';
import { deriveLookupFields } from '../../src/model/lookup-fields.ts';
import { OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';
import { filledDataset, fillStore } from './fill.ts';
import { type BenchResult, percentile, table } from './result.ts';
import { withTemporaryFolder } from './storage.ts';

const SAMPLES = 200;
/** Page 1,000 of 50 events each needs as many matches; only frequent values have them. */
const DEEP_PAGE = 1000;
const DEEP_SAMPLES = 60;

interface Measured {
  readonly name: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** LookupEvents over HTTP with the SDK as client: each attribute, newest page and page 1,000, at 1 M and 10 M events. */
export async function run(options: { readonly isQuick: boolean }): Promise<BenchResult> {
  const [small, large] = options.isQuick ? [100_000, 1_000_000] : [1_000_000, 10_000_000];
  const atSmall = await measureAt(small);
  const atLarge = await measureAt(large);
  const rows = atLarge.map(({ name, p50Ms, p99Ms }) => {
    const before = atSmall.find((row) => row.name === name);
    return [
      name,
      ms(before?.p50Ms),
      ms(before?.p99Ms),
      ms(p50Ms),
      ms(p99Ms),
      ms(p50Ms / (before?.p50Ms ?? p50Ms)),
    ];
  });
  const first = atLarge.find(({ name }) => name === 'newest page');
  const deep = atLarge.find(({ name }) => name === `page ${DEEP_PAGE}`);
  const p99Ms = Math.max(...atLarge.map((row) => row.p99Ms));
  const growth = Math.max(
    ...atLarge.map((row) => row.p50Ms / (atSmall.find(({ name }) => name === row.name)?.p50Ms ?? 1)),
  );
  const deepRatio = (deep?.p50Ms ?? 0) / (first?.p50Ms ?? 1);
  const [s, l] = [small.toLocaleString('en'), large.toLocaleString('en')];
  return {
    text: table(['look-up', `${s}: p50 ms`, 'p99 ms', `${l}: p50 ms`, 'p99 ms', 'p50 growth'], rows),
    figures: {
      p99Ms: round(p99Ms),
      growth: round(growth),
      deepPageRatio: round(deepRatio),
      ratio: round(50 / p99Ms),
    },
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function ms(value: number | undefined): string {
  return value === undefined ? '–' : value.toFixed(1);
}

async function measureAt(count: number): Promise<Measured[]> {
  return await withTemporaryFolder(async (folder) => {
    const nowMs = Date.now();
    await fillStore(folder, count, nowMs);
    await using server = await OpenTrailServer.start({ dataDir: folder });
    const client = new CloudTrailClient({
      endpoint: server.endpoint,
      region: 'us-east-1',
      credentials: {
        accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
        secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
      },
    });
    try {
      return await measure(client, sampleEvents(count, nowMs));
    } finally {
      client.destroy();
    }
  });
}

function sampleEvents(count: number, nowMs: number): CloudTrailEvent[] {
  const dataset = filledDataset(count, nowMs);
  return Array.from(
    { length: SAMPLES },
    (_, index) => JSON.parse(dataset.event(Math.floor(((index + 0.5) * count) / SAMPLES))) as CloudTrailEvent,
  );
}

async function measure(client: CloudTrailClient, events: readonly CloudTrailEvent[]): Promise<Measured[]> {
  const resources = events.flatMap((event) => deriveLookupFields(event).resources);
  const values: Readonly<Record<string, (string | undefined | null)[]>> = {
    EventId: events.map(({ eventID }) => eventID),
    EventName: events.map(({ eventName }) => eventName),
    EventSource: events.map(({ eventSource }) => eventSource),
    ReadOnly: events.map(({ readOnly }) => String(readOnly)),
    Username: events.map((event) => deriveLookupFields(event).username),
    AccessKeyId: events.map(({ userIdentity }) => userIdentity.accessKeyId),
    ResourceName: resources.map(({ name }) => name),
    ResourceType: resources.map(({ type }) => type),
  };
  const measured = [await time('newest page', Array(SAMPLES).fill(undefined), () => lookup(client, {}))];
  for (const [key, all] of Object.entries(values)) {
    const usable = all.filter((value) => value).slice(0, SAMPLES) as string[];
    measured.push(await time(key, usable, (value) => lookup(client, attribute(key, value))));
  }
  const token = await tokenOfPage(client, DEEP_PAGE);
  if (token !== undefined) {
    measured.push(
      await time(`page ${DEEP_PAGE}`, Array(DEEP_SAMPLES).fill(token), (NextToken) =>
        lookup(client, { NextToken }),
      ),
    );
  }
  return measured;
}

function attribute(key: string, value: string) {
  return { LookupAttributes: [{ AttributeKey: key as LookupAttributeKey, AttributeValue: value }] };
}

async function lookup(client: CloudTrailClient, input: LookupEventsCommandInput) {
  return await client.send(new LookupEventsCommand(input));
}

async function tokenOfPage(client: CloudTrailClient, page: number): Promise<string | undefined> {
  let NextToken: string | undefined;
  for (let at = 1; at < page; at++) {
    ({ NextToken } = await lookup(client, NextToken === undefined ? {} : { NextToken }));
    if (NextToken === undefined) return undefined;
  }
  return NextToken;
}

async function time<Value>(
  name: string,
  values: readonly Value[],
  call: (value: Value) => Promise<{ Events?: unknown[] | undefined }>,
): Promise<Measured> {
  for (const value of values.slice(0, 5)) await call(value);
  const took: number[] = [];
  for (const value of values) {
    const start = performance.now();
    const { Events } = await call(value);
    took.push(performance.now() - start);
    if ((Events?.length ?? 0) === 0 && name !== 'EventName')
      throw new Error(`${name} ${String(value)} found nothing`);
  }
  return { name, p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99) };
}
