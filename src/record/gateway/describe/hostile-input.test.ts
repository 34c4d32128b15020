import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import { serviceTables } from '../recognise/service-tables.ts';
import { describe } from './describe.ts';
import { alice, context, decoded } from './given-call.ts';

const json = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 6, withCrossShrink: true },
    fc.string({ unit: 'binary', maxLength: 12 }),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.constant(''),
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(
      fc.oneof(
        fc.constantFrom('__proto__', 'constructor', 'Item', 'Key', 'entry', 'item', 'member', 'Tags'),
        fc.string({ maxLength: 6 }),
      ),
      tie('value'),
      { maxKeys: 4 },
    ),
  ),
})).value;

test('no input or answer of any shape makes the description fail', () => {
  const targets = serviceTables.services.flatMap(({ key }) =>
    [
      'ec2',
      'iam',
      'sts',
      'kms',
      'ssm',
      's3control',
      'lambda',
      'dynamodb',
      'sqs',
      'sns',
      'rds',
      'route53',
      'cloudwatch',
    ].includes(key)
      ? Object.keys(serviceTables.operations(key)).map((operation) => ({ service: key, operation }))
      : [],
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...targets),
      fc.array(fc.tuple(fc.string({ maxLength: 8 }), json), { maxLength: 5 }),
      json,
      fc.nat(),
      (target, pairs, other, seed) => {
        // Half of the names are those that the shapes know, so that every type meets every value.
        const names = namesOf(target.service, target.operation);
        const members = Object.fromEntries(
          pairs.map(([name, value], index) => [
            names[(seed + index * 7) % (names.length * 2 || 1)] ?? name,
            value,
          ]),
        ) as JsonObject;
        const call = decoded({ ...target, input: members, output: { ...members, other } as JsonObject });
        const { draft } = describe(call, alice, context());
        assert.equal(typeof JSON.stringify(draft), 'string');
      },
    ),
    { numRuns: 3000 },
  );
});

test('absurdly deep input is cut off', () => {
  let deep: Json = 'x';
  for (let level = 0; level < 50_000; level += 1) deep = level % 2 === 0 ? { Deeper: deep } : [deep];
  for (const service of ['ec2', 'sqs', 'iam', 'dynamodb']) {
    const { draft } = describe(
      decoded({ service, operation: 'CreateTags', input: { Deep: deep } }),
      alice,
      context(),
    );
    assert.ok(JSON.stringify(draft).length < 10_000);
  }
});

function namesOf(service: string, operation: string): string[] {
  const row = serviceTables.operation(service, operation);
  return [
    ...Object.keys(row?.in ?? {}),
    'Filter',
    'Tags',
    'Tag',
    'Attributes',
    'Key',
    'Item',
    'TagSpecification',
    'IpPermissions',
    'Credentials',
    'User',
  ];
}
