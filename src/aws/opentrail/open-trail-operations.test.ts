import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { after, before, beforeEach, describe, test } from 'node:test';
import { InvariantError } from '../../base/assert.ts';
import { accessKeyForAccount } from '../../model/access-key-account.ts';
import { entryOf } from '../../store/segment-writer.contract.ts';
import {
  account,
  aliceKey,
  FrontDoorServer,
  otherKey,
  rootKey,
} from '../front/front-door-server.contract.ts';

let server: FrontDoorServer;

before(async () => {
  server = await FrontDoorServer.start();
  await server.put([
    entryOf({ eventName: 'Old', eventTime: '2016-01-01T00:00:00Z' }, { origin: 'import' }),
    entryOf({ eventName: 'Fail', errorCode: 'AccessDenied', awsRegion: 'eu-west-1' }),
    entryOf({ eventName: 'Read', readOnly: true, eventCategory: 'Data' }),
    entryOf(
      { eventName: 'Needle', requestParameters: { bucketName: 'HayStack' } },
      { verification: 'upstream' },
    ),
    entryOf({ eventName: 'Foreign', recipientAccountId: '222222222222' }),
  ]);
});
after(() => server.stop());
beforeEach(() => {
  server.recorded.length = 0;
});

async function call<T>(operation: string, input: object, key = rootKey): Promise<T & { __type?: string }> {
  const answer = await server.post(`/opentrail/v1/${operation}`, JSON.stringify(input), { key });
  return (await answer.json()) as T & { __type?: string };
}

async function names(input: object, key = rootKey): Promise<string[] | string | undefined> {
  const found = await call<{ Events?: { EventName: string }[] }>('SearchEvents', input, key);
  return found.Events?.map((event) => event.EventName).sort() ?? found.__type;
}

describe('SearchEvents', () => {
  test('reaches every age, category and origin, in the Region of the call unless told otherwise', async () => {
    assert.deepEqual(await names({}), ['Needle', 'Old', 'Read']);
    assert.deepEqual(await names({ AllRegions: true }), ['Fail', 'Needle', 'Old', 'Read']);
    assert.deepEqual(await names({ Regions: ['eu-west-1'] }), ['Fail']);
  });

  test('filters by every condition, and by all of them together', async () => {
    const all = { AllRegions: true };
    assert.deepEqual(await names({ ...all, IsError: true }), ['Fail']);
    assert.deepEqual(await names({ ...all, IsReadOnly: true }), ['Read']);
    assert.deepEqual(await names({ ...all, Text: 'haystack' }), ['Needle']);
    assert.deepEqual(await names({ ...all, Origin: 'import' }), ['Old']);
    assert.deepEqual(await names({ ...all, EventCategories: ['Data'] }), ['Read']);
    assert.deepEqual(await names({ ...all, EndTime: '2016-01-01T00:00:00Z' }), ['Old']);
    const attribute = (AttributeKey: string, AttributeValue: string) => ({ AttributeKey, AttributeValue });
    const both = [attribute('Verification', 'upstream'), attribute('Username', 'alice')];
    assert.deepEqual(await names({ ...all, LookupAttributes: both }), ['Needle']);
    assert.deepEqual(await names({ ...all, LookupAttributes: both, IsError: true }), []);
  });

  test('pages by a token that only fits the same query', async () => {
    type Page = { Events: { EventId: string }[]; NextToken?: string };
    const first = await call<Page>('SearchEvents', { MaxResults: 2 });
    const second = await call<Page>('SearchEvents', { MaxResults: 2, NextToken: first.NextToken });
    const ids = [...first.Events, ...second.Events].map((event) => event.EventId);
    assert.equal(new Set(ids).size, 3);
    assert.equal(second.NextToken, undefined);
    assert.equal(await names({ AllRegions: true, NextToken: first.NextToken }), 'InvalidNextTokenException');
  });

  test('shows all accounts to the root of the installation and to nobody else', async () => {
    assert.deepEqual(await names({ AllRegions: true, AllAccounts: true }), [
      'Fail',
      'Foreign',
      'Needle',
      'Old',
      'Read',
    ]);
    assert.equal(await names({ AllAccounts: true }, otherKey), 'AccessDeniedException');
    assert.equal(await names({}, aliceKey), 'AccessDeniedException');
    assert.deepEqual(await names({ AllRegions: true }, otherKey), ['Foreign']);
  });

  test('refuses what it does not know by name', async () => {
    assert.equal(
      await names({ LookupAttributes: [{ AttributeKey: 'X', AttributeValue: 'y' }] }),
      'InvalidLookupAttributesException',
    );
    assert.equal(await names({ MaxResults: 1001 }), 'InvalidMaxResultsException');
    assert.equal(await names({ StartTime: 2, EndTime: 1 }), 'InvalidTimeRangeException');
    assert.equal(await names({ EventCategories: ['Other'] }), 'ValidationException');
    assert.equal(await names({ Regions: 'eu-west-1' }), 'SerializationException');
  });

  test('tells what is kept beside an event, and is recorded once with its parameters', async () => {
    const found = await call<{ Events: Record<string, unknown>[] }>('SearchEvents', { Text: 'HayStack' });
    const event = found.Events[0] ?? {};
    assert.deepEqual([event.Verification, event.Origin, event.Sequence], ['upstream', 'live', 4]);
    assert.equal(server.recorded.length, 1);
    const { draft, verification } = server.recorded[0] ?? {};
    assert.equal(verification, 'signature');
    assert.deepEqual(draft?.requestParameters, { text: 'HayStack' });
    assert.equal(draft?.eventName, 'SearchEvents');
    assert.equal(draft?.responseElements, null);
    assert.equal(draft?.recipientAccountId, account);
  });
});

test('CountEvents counts what SearchEvents finds, and the values of each facet', async () => {
  const counted = await call<object>('CountEvents', {
    AllRegions: true,
    Facets: ['ErrorCode', 'AwsRegion'],
    FacetLimit: 1,
  });
  assert.deepEqual(counted, {
    Count: 4,
    Facets: [
      { Attribute: 'ErrorCode', Values: [{ Value: 'AccessDenied', Count: 1 }] },
      { Attribute: 'AwsRegion', Values: [{ Value: 'us-east-1', Count: 3 }] },
    ],
  });
});

test('TailEvents streams live events that match from its start on, and is one recorded call', async () => {
  const abort = new AbortController();
  const answer = await server.post('/opentrail/v1/TailEvents', '{"IsError":true,"AllRegions":true}', {
    signal: abort.signal,
  });
  assert.equal(answer.headers.get('content-type'), 'application/x-ndjson');
  assert.ok(answer.body !== null);
  const lines = createInterface({ input: Readable.fromWeb(answer.body as never) })[Symbol.asyncIterator]();
  await server.put([
    entryOf({ eventName: 'Ignored' }),
    entryOf({ eventName: 'Seen', errorCode: 'X' }),
    entryOf({ eventName: 'Imported', errorCode: 'X' }, { origin: 'import' }),
  ]);
  await server.put([entryOf({ eventName: 'SeenToo', errorCode: 'Y' })]);
  const seen = [await lines.next(), await lines.next()].map(({ value }) => JSON.parse(value ?? '').EventName);
  assert.deepEqual(seen, ['Seen', 'SeenToo']);
  abort.abort();
  assert.equal(server.recorded.length, 1);
});

test('holds are put, listed and removed, by the installation only, and each change is recorded', async () => {
  const input = { Name: 'case', StartTime: 10, EndTime: 20, Reason: 'why' };
  assert.equal((await call('PutHold', input, otherKey)).__type, 'AccessDeniedException');
  assert.equal((await call('PutHold', { ...input, StartTime: 30 })).__type, 'InvalidTimeRangeException');
  assert.equal((await call('PutHold', { Name: 'case' })).__type, 'ValidationException');
  const put = await call<{ HoldId: string }>('PutHold', input);
  const listed = await call<{ Holds: object[] }>('ListHolds', {});
  assert.deepEqual(listed.Holds, [put]);
  assert.equal((await call('RemoveHold', { HoldId: 'none' })).__type, 'HoldNotFoundException');
  assert.deepEqual(await call('RemoveHold', { HoldId: put.HoldId }), {});
  assert.deepEqual(await server.catalog.listHolds(), []);
  const puts = server.recorded.filter(({ draft }) => draft.eventName === 'PutHold');
  assert.equal(puts.length, 4);
  assert.equal(puts[3]?.draft.responseElements?.holdId, put.HoldId);
});

test('ListPrincipals tells whose keys are known, without a secret', async () => {
  await server.catalog.putPrincipal({
    accessKeyId: 'AKIALEARNT',
    accountId: account,
    userIdentityJson: '{"type":"IAMUser","userName":"carol"}',
    source: 'learnt',
    learntAtMs: 1000,
    expiresAtMs: null,
  });
  const { Principals } = await call<{ Principals: object[] }>('ListPrincipals', {});
  assert.deepEqual(Principals, [
    {
      AccessKeyId: 'AKIALEARNT',
      AccountId: account,
      UserIdentity: { type: 'IAMUser', userName: 'carol' },
      Source: 'learnt',
      LearntAt: 1,
    },
  ]);
  assert.equal(
    (await call('ListPrincipals', { AccountId: account }, otherKey)).__type,
    'AccessDeniedException',
  );
});

test('an account that is not the installation cannot claim a key that is not its own, so as to be sent the records of its calls', async () => {
  const other = '222222222222';
  const Arn = `arn:aws:iam::${other}:user/eve`;
  for (const AccessKeyId of ['AKIAUNSEEN', accessKeyForAccount('AKIA', account, Buffer.alloc(5))]) {
    const answer = await call<{ __type: string }>('PutPrincipal', { AccessKeyId, Arn }, otherKey);
    assert.equal(answer.__type, 'AccessDeniedException');
    assert.equal(await server.catalog.getPrincipal(AccessKeyId), undefined);
  }
  const AccessKeyId = accessKeyForAccount('AKIA', other, Buffer.alloc(5));
  assert.equal(
    (await call<{ Source: string }>('PutPrincipal', { AccessKeyId, Arn }, otherKey)).Source,
    'configured',
  );
});

test('PutPrincipal names the owner of a key over what was learnt, RemovePrincipal forgets it, both for the own account alone', async () => {
  const foreign = 'arn:aws:iam::222222222222:user/mallory';
  const named = { AccessKeyId: 'AKIANAMED', Arn: `arn:aws:iam::${account}:user/team/dora` };
  const put = await call<{ UserIdentity: object; Source: string }>('PutPrincipal', named);
  assert.equal(put.Source, 'configured');
  assert.deepEqual(put.UserIdentity, {
    type: 'IAMUser',
    arn: named.Arn,
    accountId: account,
    userName: 'dora',
  });
  const denied = [
    await call('PutPrincipal', { ...named, Arn: foreign.replace('222222222222', account) }, otherKey),
    await call('PutPrincipal', { ...named, Arn: foreign }, otherKey),
  ];
  assert.deepEqual(
    denied.map(({ __type }) => __type),
    ['AccessDeniedException', 'AccessDeniedException'],
  );
  for (const arn of ['arn:aws:s3:::a-bucket-of-someone', `arn:aws:iam::${account}:group/admins`]) {
    assert.equal(
      (await call('PutPrincipal', { ...named, Arn: arn })).__type,
      'InvalidParameterException',
      arn,
    );
  }
  const remove = { AccessKeyId: 'AKIANAMED' };
  assert.equal((await call('RemovePrincipal', remove, otherKey)).__type, 'ResourceNotFoundException');
  assert.equal((await call('RemovePrincipal', remove)).__type, undefined);
  assert.equal((await call('RemovePrincipal', remove)).__type, 'ResourceNotFoundException');
});

test('GetStatus tells the lag, and answers while the event store is down', async () => {
  type Status = { Journal: { LagEvents: number }; Engine: { IsUp: boolean }; Partitions?: object[] };
  const status = await call<Status>('GetStatus', {});
  assert.equal(status.Journal.LagEvents, 3);
  assert.equal(status.Engine.IsUp, true);
  assert.ok((status.Partitions?.length ?? 0) > 0);
  const down = await FrontDoorServer.start();
  await down.store.close();
  const answer = await down.post('/opentrail/v1/GetStatus', '{}');
  assert.equal(((await answer.json()) as Status).Engine.IsUp, false);
  assert.equal((await down.post('/opentrail/v1/SearchEvents', '{}')).status, 503);
  assert.equal((await down.post('/opentrail/v1/CountEvents', '{}')).status, 503);
  await down.stop();
});

test('ReadChain and ReadHistory stream what verification needs, and say where the answer ends', async () => {
  const chain = await server.post('/opentrail/v1/ReadChain', '{}');
  const kinds = (await chain.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).kind);
  assert.deepEqual(kinds, ['publicKey', 'total', 'head', 'link', 'end']);
  const totals = await server.store.totals();
  const range = { JournalId: totals[0]?.journalId, FirstSequence: 2, LastSequence: 3 };
  const history = await server.post('/opentrail/v1/ReadHistory', JSON.stringify(range));
  const lines = (await history.text()).split('\n');
  assert.deepEqual(
    lines.map((line) => line.split('\t')[0]),
    ['2', '3', '#end', ''],
  );
  assert.equal(
    (await call('ReadHistory', { ...range, FirstSequence: 4 })).__type,
    'InvalidParameterException',
  );
  assert.equal((await call('ReadHistory', range, otherKey)).__type, 'AccessDeniedException');
});

test('a stream that breaks after it began ends with one line that says so', async () => {
  const breaking = await FrontDoorServer.start({
    added: [
      {
        name: 'Breaking',
        action: 'opentrail:Breaking',
        isReadOnly: true,
        takesBody: false,
        summary: '',
        async run() {
          async function* lines() {
            yield '{}';
            throw new Error('a secret detail');
          }
          return { kind: 'stream', lines: lines() };
        },
      },
    ],
  });
  const text = await (await breaking.post('/opentrail/v1/Breaking', '{}')).text();
  const lines = text.trim().split('\n');
  assert.equal(lines.length, 2);
  assert.equal(JSON.parse(lines[1] ?? '').__type, 'InternalFailure');
  assert.doesNotMatch(text, /secret/);
  await breaking.stop();
});

test('a name that is registered twice is refused at start', async () => {
  const twice = {
    name: 'GetStatus',
    action: 'a',
    isReadOnly: true,
    takesBody: false,
    summary: '',
    run: () => assert.fail(),
  };
  await assert.rejects(FrontDoorServer.start({ added: [twice] }), InvariantError);
});
