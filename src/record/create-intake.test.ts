import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../base/clock.ts';
import type { CloudTrailEvent, EventDraft, Json, JsonObject } from '../model/cloudtrail-event.ts';
import { clipText, utf8Length } from '../model/limits.ts';
import { createIntake } from './create-intake.ts';

const clock: Clock = {
  now: () => 1_772_442_845_000,
  monotonicMs: () => 0,
  after: () => ({ cancel() {} }),
  sleep: async () => {},
};
let count = 0;
const random = {
  uuid: () => `00000000-0000-4000-8000-${String(count++).padStart(12, '0')}`,
  bytes: (length: number) => new Uint8Array(length),
};
const intake = createIntake({ accountId: '111122223333', clock, random });
const verified = { verification: 'signature' } as const;

const draft: EventDraft = {
  eventCategory: 'Management',
  recipientAccountId: '111122223333',
  managementEvent: true,
  eventType: 'AwsApiCall',
  readOnly: false,
  requestID: 'r-1',
  responseElements: { user: { userName: 'bob', arn: 'arn:aws:iam::111122223333:user/team/bob' } },
  requestParameters: { userName: 'bob', path: '/team/' },
  userAgent: 'aws-cli/2.27.1',
  sourceIPAddress: '203.0.113.24',
  awsRegion: 'us-east-1',
  eventName: 'CreateUser',
  eventSource: 'iam.amazonaws.com',
  eventTime: '2026-03-02T09:14:05Z',
  userIdentity: { userName: 'alice', type: 'IAMUser', accessKeyId: 'AKIAEXAMPLEALICE0001' },
};

test('a record is stamped and its members stand in the order of real records', () => {
  const { event, entry } = intake.accept(draft, { ...verified, intentId: 'intent-1' });
  const record = JSON.parse(entry.raw) as CloudTrailEvent;
  assert.deepEqual(Object.keys(record), [
    ...[
      'eventVersion',
      'userIdentity',
      'eventTime',
      'eventSource',
      'eventName',
      'awsRegion',
      'sourceIPAddress',
    ],
    ...[
      'userAgent',
      'requestParameters',
      'responseElements',
      'requestID',
      'eventID',
      'readOnly',
      'eventType',
    ],
    ...['managementEvent', 'recipientAccountId', 'eventCategory'],
  ]);
  assert.deepEqual(Object.keys(record.userIdentity), ['type', 'accessKeyId', 'userName']);
  assert.equal(event.eventVersion, '1.11');
  assert.match(event.eventID, /^[0-9a-f-]{36}$/);
  assert.equal(entry.raw, JSON.stringify(event));
  assert.deepEqual(entry.meta, {
    recordedAt: 1_772_442_845_000,
    origin: 'live',
    verification: 'signature',
    username: 'alice',
    resources: [
      { type: 'AWS::IAM::User', name: 'bob' },
      { type: 'AWS::IAM::User', name: 'arn:aws:iam::111122223333:user/team/bob' },
    ],
    intentId: 'intent-1',
  });
});

test('parameters above 102,400 bytes are replaced by the marker that tells their size', () => {
  const requestParameters = { policyDocument: 'x'.repeat(149_893 - '{"policyDocument":""}'.length) };
  const { event } = intake.accept({ ...draft, requestParameters }, verified);
  assert.deepEqual(event.requestParameters, {
    reason: 'requestParameters too large',
    omitted: true,
    originalSize: 149_893,
  });
  assert.notEqual(event.responseElements, null);
  const exactly = { policyDocument: 'x'.repeat(102_400 - '{"policyDocument":""}'.length) };
  const kept = intake.accept({ ...draft, requestParameters: exactly }, verified);
  assert.deepEqual(kept.event.requestParameters, exactly);
  const oneMore = { policyDocument: `${exactly.policyDocument}x` };
  const cut = intake.accept({ ...draft, requestParameters: oneMore }, verified);
  assert.equal(cut.event.requestParameters?.originalSize, 102_401);
});

test('a record that is too large as a whole gives up its answer first', () => {
  const large = { value: '\u{1F600}'.repeat(25_000) };
  const { event, entry } = intake.accept(
    {
      ...draft,
      requestParameters: large,
      responseElements: large,
      serviceEventDetails: large,
    },
    verified,
  );
  assert.ok(Buffer.byteLength(entry.raw) <= 262_144);
  assert.equal(event.responseElements?.omitted, true);
  assert.deepEqual(event.requestParameters, large);
});

test('a member that no record is known to have comes last, whatever it is called', () => {
  const odd = '{"constructor":"c","__proto__":{"a":1},"onBehalfOf":{"userId":"u"},"type":"IAMUser"}';
  const userIdentity = JSON.parse(odd) as EventDraft['userIdentity'];
  const { raw } = intake.accept({ ...draft, userIdentity, zone: 'z' } as EventDraft, verified).entry;
  const ordered = '{"type":"IAMUser","constructor":"c","__proto__":{"a":1},"onBehalfOf":{"userId":"u"}}';
  assert.ok(raw.includes(`"userIdentity":${ordered}`), raw);
  assert.match(raw, /"eventCategory":"Management","zone":"z"\}$/);
});

test('a marker keeps the size that it was written with when the whole is still too large', () => {
  const { event, entry } = intake.accept(
    {
      ...draft,
      requestParameters: { policyDocument: 'x'.repeat(149_893 - '{"policyDocument":""}'.length) },
      resources: Array.from({ length: 300 }, (_, index) => ({ ARN: `${index}${'x'.repeat(1000)}` })),
    },
    verified,
  );
  assert.equal(event.requestParameters?.originalSize, 149_893);
  assert.equal(event.responseElements?.reason, 'responseElements too large');
  assert.ok((event.resources?.length ?? 0) > 0 && Buffer.byteLength(entry.raw) <= 262_144);
});

test('texts are clipped to 1,024 bytes on a code point and end with three dots', () => {
  const { event } = intake.accept({ ...draft, errorMessage: `a${'é'.repeat(2000)}` }, verified);
  assert.equal(event.errorMessage, `a${'é'.repeat(510)}...`);
  assert.equal(Buffer.byteLength(event.errorMessage ?? ''), 1024);
});

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 5 },
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.boolean(),
    fc.constant(null),
    fc.integer({ min: 0, max: 120_000 }).map((length) => '\u{10FFFF}\t\n"'.repeat(length / 4)),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(fc.string({ maxLength: 12 }), tie('value'), { maxKeys: 6 }),
  ),
})).value;
const object = fc.dictionary(fc.string({ maxLength: 8 }), json, { maxKeys: 5 }) as fc.Arbitrary<JsonObject>;
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer({ min: 0, max: 3000 }).map((length) => '€\u{1F680}'.repeat(length)),
);
const hostile = fc.record(
  {
    userIdentity: object as fc.Arbitrary<EventDraft['userIdentity']>,
    userAgent: text,
    errorCode: text,
    errorMessage: text,
    requestParameters: fc.option(object),
    responseElements: fc.option(object),
    additionalEventData: object,
    serviceEventDetails: object,
    requestID: text,
    eventName: text,
    resources: fc.array(fc.record({ ARN: text, type: text }), { maxLength: 40 }),
    tlsDetails: fc.record({ clientProvidedHostHeader: text }),
  },
  { requiredKeys: [] },
);

test('whatever a draft holds: at most 262,144 bytes, one line without tabs, a stable order, and the same when accepted again', () => {
  fc.assert(
    fc.property(hostile, (members) => {
      const { event, entry } = intake.accept({ ...draft, ...(members as Partial<EventDraft>) }, verified);
      assert.ok(Buffer.byteLength(entry.raw) <= 262_144, String(Buffer.byteLength(entry.raw)));
      assert.ok(!/[\t\n\r]/.test(entry.raw));
      assert.equal(entry.raw, JSON.stringify(event));
      const { eventVersion: _, ...again } = event;
      const second = intake.accept(again, verified);
      assert.equal(second.entry.raw, entry.raw);
      assert.deepEqual(second.entry.meta, entry.meta);
      const shuffled = Object.fromEntries(Object.entries(again).reverse()) as unknown as EventDraft;
      assert.equal(intake.accept(shuffled, verified).entry.raw, entry.raw);
    }),
    { numRuns: 300 },
  );
});

test('a cut never splits a code point and never exceeds its size', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.integer({ min: 3, max: 900 }),
      (long, max) => {
        const cut = clipText(long, max);
        assert.ok(utf8Length(cut) <= max);
        assert.equal(Buffer.from(cut).toString(), cut);
        assert.equal(clipText(cut, max), cut);
        if (cut !== long) assert.ok(cut.endsWith('...') && long.startsWith(cut.slice(0, -3)));
        assert.equal(utf8Length(long), Buffer.byteLength(long));
      },
    ),
  );
});
