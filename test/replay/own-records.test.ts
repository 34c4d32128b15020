/**
 * Calls of our own over every wire protocol: the real SDK client sends them, an answer in the service's own form comes
 * back, and the record is what the rules of CloudTrail say, member by member. The expected records were read against those rules one by one.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { describeOwnCall, type OwnCall } from './own-call.ts';

const FOLDER = new URL('./own-records/', import.meta.url);
const PROTOCOLS = ['cbor', 'ec2', 'json', 'query', 'rest-json', 'rest-xml', 's3'];

/** Depend on who called, when and where; the rest is compared as a whole, absent members included. */
const CIRCUMSTANTIAL = new Set([
  ...['eventTime', 'sourceIPAddress', 'userAgent', 'requestID', 'userIdentity', 'recipientAccountId'],
  ...['eventType', 'eventCategory'],
]);

test('records of our own cover every wire protocol', () => {
  assert.deepEqual(
    readdirSync(FOLDER)
      .map((name) => name.replace('.json', ''))
      .sort(),
    PROTOCOLS,
  );
});

for (const protocol of PROTOCOLS) {
  test(`${protocol}: each call gives the record that the rules say, and nothing that must be hidden`, async () => {
    const calls = JSON.parse(readFileSync(new URL(`${protocol}.json`, FOLDER), 'utf8')) as OwnCall[];
    assert.ok(calls.length >= 3);
    for (const call of calls) {
      const { draft, learnt } = await describeOwnCall(call);
      const record = Object.fromEntries(Object.entries(draft).filter(([name]) => !CIRCUMSTANTIAL.has(name)));
      assert.deepEqual(record, call.record, `${call.service} ${call.operation}`);
      assert.equal(draft.eventType, 'AwsApiCall');
      assert.equal(draft.eventCategory, draft.managementEvent ? 'Management' : 'Data');
      assert.equal(draft.eventTime, '2026-03-02T09:14:05Z');
      // Every secret of these calls says so itself.
      assert.doesNotMatch(JSON.stringify(draft), /never/);
      assert.doesNotMatch(JSON.stringify(learnt), /never|IQoJtoken/);
    }
  });
}
