import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../../model/api-error.ts';
import { cloudTrailApi } from '../../model/cloudtrail-api.generated.ts';
import type { JsonObject } from '../../model/cloudtrail-event.ts';
import { deserialiseInput } from './deserialise-input.ts';
import { parseJsonBody } from './json-body.ts';
import { validateInput } from './validate-input.ts';

function problem(operation: string, body: JsonObject): string {
  try {
    validateInput(cloudTrailApi, operation, { input: deserialiseInput(cloudTrailApi, operation, body) });
    return 'none';
  } catch (error) {
    return `${(error as ApiError).code}: ${(error as ApiError).message}`;
  }
}

test('a broken constraint is told in the words of AWS', () => {
  assert.equal(
    problem('CreateTrail', { S3BucketName: 'b' }),
    "ValidationException: 1 validation error detected: Value null at 'name' failed to satisfy constraint: Member must not be null",
  );
  assert.equal(
    problem('ListQueries', { EventDataStore: 'abc!', MaxResults: 1001 }),
    "ValidationException: 2 validation errors detected: Value 'abc!' at 'eventDataStore' failed to satisfy constraint: " +
      'Member must satisfy regular expression pattern: ^[a-zA-Z0-9._/\\-:]+$; ' +
      "Value '1001' at 'maxResults' failed to satisfy constraint: Member must have value less than or equal to 1000",
  );
  const tags = [{ Key: '' }];
  assert.match(
    problem('AddTags', { ResourceId: 'arn:x', TagsList: tags }),
    /at 'tagsList\.1\.member\.key' failed to satisfy constraint: Member must have length greater than or equal to 1/,
  );
  assert.equal(problem('GetTrail', { Name: 'x', Unknown: { a: 1 } }), 'none');
});

test('any JSON for any operation is accepted or refused by name, never by a crash', () => {
  const names = Object.keys(cloudTrailApi.operations);
  const members = [...new Set(names.flatMap((name) => Object.keys(inputOf(name).members ?? {})))];
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.dictionary(fc.oneof(fc.constantFrom(...members), fc.constant('__proto__')), fc.jsonValue(), {
        maxKeys: 6,
      }),
      (name, body) => {
        assert.match(
          problem(name, body as JsonObject),
          /^(none|SerializationException: |ValidationException: )/,
        );
      },
    ),
    { numRuns: 1000 },
  );
});

test('any bytes as a body are an object or a SerializationException', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.uint8Array(),
        fc.json().map((text) => Buffer.from(text)),
      ),
      (bytes) => {
        try {
          assert.equal(typeof parseJsonBody(bytes), 'object');
        } catch (error) {
          assert.ok(error instanceof ApiError && error.code === 'SerializationException');
        }
      },
    ),
  );
});

test('brackets inside strings do not count as nesting', () => {
  const text = JSON.stringify({ a: '[{"\\'.repeat(1000) });
  assert.equal(parseJsonBody(Buffer.from(text)).a, '[{"\\'.repeat(1000));
  const nested = (levels: number) => Buffer.from(`${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`);
  parseJsonBody(nested(64));
  assert.throws(() => parseJsonBody(nested(65)), { code: 'SerializationException' });
});

test('a timestamp is a number or ISO-8601 text, and comes out as epoch seconds', () => {
  for (const [value, seconds] of [
    [1.6e9, 1.6e9],
    [1700000000.123, 1700000000.123],
    ['2023-11-14T22:13:20Z', 1_700_000_000],
    ['2023-11-14T23:13:20.5+01:00', 1_700_000_000.5],
  ] as const) {
    assert.deepEqual(deserialiseInput(cloudTrailApi, 'LookupEvents', { StartTime: value }), {
      StartTime: seconds,
    });
  }
});

function inputOf(operation: string) {
  return cloudTrailApi.shapes[cloudTrailApi.operations[operation]?.input ?? ''] ?? { type: 'structure' };
}
