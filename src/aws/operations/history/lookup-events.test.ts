import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import {
  type CloudTrailClient,
  type LookupAttributeKey,
  LookupEventsCommand,
  type LookupEventsCommandInput,
  paginateLookupEvents,
} from '@aws-sdk/client-cloudtrail';
import { entryOf } from '../../../store/segment-writer.contract.ts';
import { account, FrontDoorServer, otherKey } from '../../front/front-door-server.contract.ts';

const dayMs = 24 * 60 * 60_000;
let server: FrontDoorServer;
let client: CloudTrailClient;

before(async () => {
  server = await FrontDoorServer.start();
  client = server.client();
});
after(() => server.stop());

function secondsAgo(seconds: number): string {
  return `${new Date(Date.now() - seconds * 1000).toISOString().slice(0, 19)}Z`;
}

/** Stores events of one name that no other test uses, and returns what finds them. */
async function putEvents(
  eventName: string,
  events: readonly Record<string, unknown>[],
): Promise<{ LookupAttributes: { AttributeKey: LookupAttributeKey; AttributeValue: string }[] }> {
  await server.put(events.map((event) => entryOf({ eventName, eventTime: secondsAgo(60), ...event })));
  return { LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: eventName }] };
}

async function lookUp(input: LookupEventsCommandInput) {
  return client.send(new LookupEventsCommand(input));
}

async function failure(
  input: LookupEventsCommandInput,
): Promise<{ name: string; status: number | undefined }> {
  const error: { name: string; $metadata: { httpStatusCode?: number } } = await lookUp(input).then(
    () => assert.fail('the call succeeded'),
    (cause) => cause,
  );
  return { name: error.name, status: error.$metadata.httpStatusCode };
}

describe('LookupEvents answers', () => {
  test('every member as AWS does, and leaves out what an event has no value for', async () => {
    const where = await putEvents('Shape', [{ eventTime: secondsAgo(60) }]);
    const { Events: events } = await lookUp(where);
    const event = events?.[0];
    const raw = JSON.parse(event?.CloudTrailEvent ?? '') as Record<string, string>;
    assert.equal(event?.EventId, raw.eventID);
    assert.equal(event?.ReadOnly, 'false');
    assert.equal(event?.AccessKeyId, 'AKIAALICE');
    assert.equal(event?.EventTime?.getTime(), Date.parse(raw.eventTime ?? ''));
    assert.equal(event?.EventSource, 'iam.amazonaws.com');
    assert.equal(event?.Username, 'alice');
    assert.deepEqual(event?.Resources, []);
  });

  test('a resource without a type by its name alone', async () => {
    const resources = [
      { type: 'AWS::IAM::User', name: 'bob' },
      { type: null, name: 'thing' },
    ];
    await server.put([entryOf({ eventName: 'Typeless', eventTime: secondsAgo(5) }, { resources })]);
    const attribute = { AttributeKey: 'ResourceName' as const, AttributeValue: 'thing' };
    const { Events: events } = await lookUp({ LookupAttributes: [attribute] });
    assert.deepEqual(events?.[0]?.Resources, [
      { ResourceType: 'AWS::IAM::User', ResourceName: 'bob' },
      { ResourceName: 'thing' },
    ]);
  });

  test('51 events of one second in two pages, none twice and none left out', async () => {
    const time = secondsAgo(60);
    const where = await putEvents(
      'Paged',
      Array.from({ length: 51 }, () => ({ eventTime: time })),
    );
    const first = await lookUp(where);
    assert.equal(first.Events?.length, 50);
    const second = await lookUp({ ...where, NextToken: first.NextToken });
    assert.equal(second.Events?.length, 1);
    assert.equal(second.NextToken, undefined);
    const ids = [...(first.Events ?? []), ...(second.Events ?? [])].map((event) => event.EventId);
    assert.equal(new Set(ids).size, 51);
    assert.deepEqual(ids, [...ids].sort().reverse());
  });

  test('exactly one page without a token', async () => {
    const where = await putEvents(
      'Full',
      Array.from({ length: 50 }, () => ({})),
    );
    const page = await lookUp(where);
    assert.deepEqual([page.Events?.length, page.NextToken], [50, undefined]);
  });

  test('the same pages while new events arrive, and with another page size', async () => {
    const where = await putEvents(
      'Stable',
      Array.from({ length: 12 }, (_, index) => ({ eventTime: secondsAgo(90 + index) })),
    );
    const seen: string[] = [];
    const first = await lookUp({ ...where, MaxResults: 5 });
    seen.push(...(first.Events ?? []).map((event) => event.EventId ?? ''));
    await putEvents('Stable', [{ eventTime: secondsAgo(1) }, { eventTime: secondsAgo(2) }]);
    const second = await lookUp({ ...where, MaxResults: 50, NextToken: first.NextToken });
    seen.push(...(second.Events ?? []).map((event) => event.EventId ?? ''));
    assert.equal(seen.length, 12);
    assert.equal(new Set(seen).size, 12);
  });

  test("the SDK's paginator to the end", async () => {
    const where = await putEvents(
      'Paginator',
      Array.from({ length: 23 }, () => ({})),
    );
    let count = 0;
    for await (const page of paginateLookupEvents({ client, pageSize: 10 }, where))
      count += page.Events?.length ?? 0;
    assert.equal(count, 23);
  });

  test('events at both ends of a time range, newest first', async () => {
    const base = Math.floor(Date.now() / 1000) - 3600;
    const at = (seconds: number) => new Date(seconds * 1000);
    const where = await putEvents(
      'Range',
      [0, 1, 2, 3].map((offset) => ({
        eventTime: `${at(base + offset)
          .toISOString()
          .slice(0, 19)}Z`,
      })),
    );
    const { Events: events } = await lookUp({ ...where, StartTime: at(base + 1), EndTime: at(base + 2) });
    const times = events?.map((event) => (event.EventTime?.getTime() ?? 0) / 1000);
    assert.deepEqual(times, [base + 2, base + 1]);
  });

  test('the last 90 days and no older event, even where the start time asks for them', async () => {
    const old = { eventTime: secondsAgo((91 * dayMs) / 1000) };
    const where = await putEvents('Old', [old, { eventTime: secondsAgo((89 * dayMs) / 1000) }]);
    assert.equal((await lookUp(where)).Events?.length, 1);
    const clipped = await lookUp({ ...where, StartTime: new Date(Date.now() - 200 * dayMs) });
    assert.equal(clipped.Events?.length, 1);
  });

  test('management events only, and Insights events only when asked', async () => {
    const insight = { eventCategory: 'Insight', eventType: 'AwsCloudTrailInsight' };
    const where = await putEvents('Kinds', [{}, { eventCategory: 'Data' }, insight]);
    assert.equal((await lookUp(where)).Events?.length, 1);
    assert.equal((await lookUp({ ...where, EventCategory: 'insight' })).Events?.length, 1);
  });

  test('only the account and Region of the call', async () => {
    const where = await putEvents('Scoped', [
      {},
      { awsRegion: 'eu-west-1' },
      { recipientAccountId: '222222222222' },
    ]);
    assert.equal((await lookUp(where)).Events?.length, 1);
    const other = await server.client(otherKey).send(new LookupEventsCommand(where));
    assert.equal(other.Events?.length, 1);
  });

  test('each of the eight attributes', async () => {
    const resources = [{ type: 'AWS::IAM::Role', name: 'eight' }];
    const event = { eventName: 'Eight', eventID: '88888888-0000-4000-8000-000000000000', readOnly: true };
    const identity = { type: 'IAMUser', accessKeyId: 'AKIAEIGHT', userName: 'eve', accountId: account };
    await server.put([
      entryOf(
        { ...event, eventTime: secondsAgo(5), eventSource: 'eight.amazonaws.com', userIdentity: identity },
        { resources, username: 'eve' },
      ),
    ]);
    for (const [key, value] of Object.entries({
      EventId: event.eventID,
      EventName: 'Eight',
      ReadOnly: 'true',
      Username: 'eve',
      ResourceType: 'AWS::IAM::Role',
      ResourceName: 'eight',
      EventSource: 'eight.amazonaws.com',
      AccessKeyId: 'AKIAEIGHT',
    })) {
      const attribute = { AttributeKey: key as LookupAttributeKey, AttributeValue: value };
      const { Events: events } = await lookUp({ LookupAttributes: [attribute] });
      assert.deepEqual(
        events?.map((found) => found.EventName),
        ['Eight'],
        key,
      );
    }
  });
});

describe('LookupEvents refuses', () => {
  const invalidAttributes = { name: 'InvalidLookupAttributesException', status: 400 };
  const attribute = (key: string, value: string) => ({
    AttributeKey: key as LookupAttributeKey,
    AttributeValue: value,
  });

  test('with InvalidLookupAttributesException', async () => {
    for (const LookupAttributes of [
      [attribute('EventName', 'a'), attribute('EventName', 'b')],
      [attribute('eventName', 'a')],
      [attribute('AwsRegion', 'us-east-1')],
      [attribute('EventName', '')],
      [attribute('EventName', 'x'.repeat(2001))],
      [attribute('EventName', '_'.repeat(1001))],
    ]) {
      assert.deepEqual(await failure({ LookupAttributes }), invalidAttributes);
    }
    assert.equal(
      (await lookUp({ LookupAttributes: [attribute('EventName', '_'.repeat(1000))] })).Events?.length,
      0,
    );
    for (const key of ['ReadOnly', 'Username', 'ResourceType', 'ResourceName', 'AccessKeyId']) {
      const input = { LookupAttributes: [attribute(key, 'true')], EventCategory: 'insight' as const };
      assert.deepEqual(await failure(input), invalidAttributes, key);
    }
  });

  test('with InvalidTimeRangeException', async () => {
    const expected = { name: 'InvalidTimeRangeException', status: 400 };
    const now = Date.now();
    assert.deepEqual(await failure({ StartTime: new Date(now), EndTime: new Date(now - 1000) }), expected);
    assert.deepEqual(await failure({ EndTime: new Date(now - 91 * dayMs) }), expected);
    assert.deepEqual(await failure({ StartTime: new Date(-1000) }), expected);
  });

  test('with InvalidMaxResultsException', async () => {
    for (const MaxResults of [0, 51, -1]) {
      assert.deepEqual(await failure({ MaxResults }), { name: 'InvalidMaxResultsException', status: 400 });
    }
  });

  test('with InvalidEventCategoryException', async () => {
    const EventCategory = 'Insight' as 'insight';
    assert.deepEqual(await failure({ EventCategory }), {
      name: 'InvalidEventCategoryException',
      status: 400,
    });
  });

  test('with InvalidNextTokenException a token that was changed, moved or is too old', async () => {
    const expected = { name: 'InvalidNextTokenException', status: 400 };
    const where = await putEvents('Tokens', [{}, {}]);
    const { NextToken: token } = await lookUp({ ...where, MaxResults: 1 });
    assert.ok(token);
    assert.deepEqual(await failure({ MaxResults: 1, NextToken: token }), expected);
    assert.deepEqual(
      await failure({ ...where, StartTime: new Date(Date.now() - 60_000), NextToken: token }),
      expected,
    );
    assert.deepEqual(await failure({ ...where, NextToken: `${token}x` }), expected);
    assert.deepEqual(await failure({ ...where, NextToken: 'x' }), expected);
    const other = server.client(otherKey).send(new LookupEventsCommand({ ...where, NextToken: token }));
    await assert.rejects(other, { name: 'InvalidNextTokenException' });
    assert.equal((await lookUp({ ...where, NextToken: token })).Events?.length, 1);
  });

  test('with ServiceUnavailable and Retry-After while the event store is down', async () => {
    const down = await FrontDoorServer.start();
    await down.store.close();
    const error = await down
      .client()
      .send(new LookupEventsCommand({}))
      .catch((cause) => cause);
    assert.equal(error.name, 'ServiceUnavailable');
    assert.equal(error.$metadata.httpStatusCode, 503);
    assert.ok(Number(error.$response.headers['retry-after']) > 0);
    assert.equal(down.recorded.length, 1);
    await down.stop();
  });

  test("with ThrottlingException the third call of a second, when AWS's rates are on", async () => {
    const throttled = await FrontDoorServer.start({ isThrottled: true });
    const send = () => throttled.client().send(new LookupEventsCommand({ MaxResults: 1 }));
    const results = await Promise.allSettled([send(), send(), send(), send()]);
    const refused = results.filter((result) => result.status === 'rejected');
    assert.ok(refused.length >= 1);
    for (const { reason } of refused) {
      assert.deepEqual([reason.name, reason.message], ['ThrottlingException', 'Rate exceeded']);
    }
    throttled.clock.shiftMs += 1000;
    await send();
    await throttled.stop();
  });
});

test('UnsupportedOperationException and OperationNotPermittedException are unreachable; nothing here met a bug', () => {
  assert.deepEqual(server.bugs, []);
});
