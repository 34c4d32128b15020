import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { HistoryLine } from '../event-store.ts';
import { entryOf, SegmentWriter } from '../segment-writer.contract.ts';
import { ClickHouseHttp } from './clickhouse-http.ts';
import { openTestStore, type TestStore } from './embedded-store.contract.ts';

/** A value that the stored event does not give, for each column that is derived from an event. */
const FORGED: Readonly<Record<string, string>> = {
  origin: `if(origin = 'live', 'import', 'live')`,
  event_time: 'event_time + toIntervalMillisecond(1)',
  event_id: `concat(event_id, '0')`,
  account_id: `'999999999999'`,
  region: `'eu-south-1'`,
  event_name: `'Other'`,
  event_source: `'other.amazonaws.com'`,
  event_type: `''`,
  event_category: `'Data'`,
  read_only: `'true'`,
  error_code: `'AccessDenied'`,
  user_name: `'mallory'`,
  access_key_id: `''`,
  user_identity_type: `'Root'`,
  user_identity_arn: `'arn:other'`,
  source_ip_address: `'192.0.2.7'`,
  request_id: `'other'`,
  verification: `'none'`,
  resource_types: `['AWS::S3::Bucket']`,
  resource_names: `[]`,
};

describe('the stored lines of a journal', () => {
  let opened: TestStore;
  let writer: SegmentWriter;
  let http: ClickHouseHttp;

  before(async () => {
    opened = await openTestStore();
    const { engine } = opened;
    http = new ClickHouseHttp({
      url: 'http://engine',
      socketPath: engine.socketPath,
      checkReady: (operation) => engine.checkReady(operation),
      unresponsive: () => engine.unresponsive,
    });
    writer = await SegmentWriter.open(crypto.randomUUID());
  });
  after(async () => {
    await writer.dispose();
    await http.close();
    await opened.dispose();
  });

  const command = (sql: string) => http.command({ lane: 'insert', operation: 'test', sql });
  async function linesOf(first: number, last: number): Promise<HistoryLine[]> {
    const lines: HistoryLine[] = [];
    for await (const line of opened.store.lines(writer.journalId, first, last)) lines.push(line);
    return lines;
  }

  it('have the columns of their events, whatever the events hold', async () => {
    const segment = await writer.write([
      entryOf({}, { resources: [{ type: 'AWS::IAM::User', name: 'alice' }] }),
      entryOf({
        eventTime: 'yesterday',
        readOnly: undefined,
        eventCategory: undefined,
        managementEvent: null,
      }),
      entryOf({
        eventTime: '2026-03-02T09:14:05.123456789Z',
        eventCategory: undefined,
        managementEvent: false,
      }),
      entryOf({ eventTime: '2026-02-30T09:14:05Z', userIdentity: null, errorCode: 7, eventName: { a: [1] } }),
      entryOf({ eventName: '🙂\ud800 lone', eventType: 'AwsCloudTrailInsight', eventCategory: undefined }),
      { ...entryOf({}, { origin: 'import', recordedAt: 8e15 }), raw: '"no event"' },
      { ...entryOf(), raw: 'no JSON' },
      { ...entryOf(), raw: '{"eventName":"A","eventName":"B","userIdentity":[1]}' },
      entryOf({ eventTime: '2199-12-31T23:59:59.999Z', awsRegion: null, recipientAccountId: undefined }),
    ]);
    await opened.store.storeSegment(segment);
    const lines = await linesOf(1, segment.lastSequence);
    assert.equal(lines.length, segment.eventsCount);
    assert.deepEqual(
      lines.filter(({ changedColumns }) => changedColumns !== undefined),
      [],
    );
  });

  it('tell of each searched column that it was changed', async () => {
    const names = Object.keys(FORGED);
    const created = await http.query<{ name: string }>({
      lane: 'lookup',
      operation: 'test',
      sql: `SELECT name FROM system.columns WHERE database = 'opentrail' AND table = 'events'`,
    });
    const derived = created.map(({ name }) => name);
    const own = ['journal_id', 'sequence', 'meta', 'raw'];
    assert.deepEqual(derived.filter((name) => !own.includes(name)).sort(), names.toSorted());
    for (const [index, [name, value]] of Object.entries(FORGED).entries()) {
      await command(
        `INSERT INTO opentrail.events SELECT * REPLACE (${value} AS ${name}, ${5_000_001 + index} AS sequence)
         FROM (SELECT * FROM opentrail.events WHERE sequence = 1)`,
      );
    }
    const lines = await linesOf(5_000_000, 6_000_000);
    assert.deepEqual(
      lines.map(({ changedColumns }) => changedColumns),
      names.map((name) => [name]),
    );
  });

  it('are all that bear its name, whatever their number, with long gaps leapt over', async () => {
    const numbers = ['0', '7000000000', '9007199254740993', '18446744073709551615'];
    for (const number of numbers) {
      await command(
        `INSERT INTO opentrail.events SELECT * REPLACE (toUInt64('${number}') AS sequence)
         FROM (SELECT * FROM opentrail.events WHERE sequence = 1)`,
      );
    }
    const lines = await linesOf(0, Number.MAX_SAFE_INTEGER);
    const found = lines.map(({ line }) => line.slice(0, line.indexOf('\t')));
    assert.deepEqual(
      numbers.filter((number) => found.includes(number)),
      numbers,
    );
    assert.equal((await linesOf(1, 7_000_000_000)).at(-1)?.sequence, 7_000_000_000);
    assert.equal((await linesOf(1, 6_999_999_999)).at(-1)?.sequence, 5_000_000 + Object.keys(FORGED).length);
  });
});
