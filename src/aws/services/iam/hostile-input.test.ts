import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../../../model/api-error.ts';
import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import {
  accountId,
  allowAll,
  asUser,
  boundaryArn,
  foreignRoot,
  IamUnderTest,
  root,
  session,
  trustRoot,
} from './iam-under-test.contract.ts';

/** Every member of the inputs, with values that some operation would take. */
const MEMBERS: Readonly<Record<string, readonly Json[]>> = {
  UserName: ['it', 'other'],
  GroupName: ['it', 'other'],
  RoleName: ['it', 'other'],
  PolicyName: ['it', 'other', '__proto__'],
  PolicyArn: [`arn:aws:iam::${accountId}:policy/it`, boundaryArn],
  PolicyDocument: [allowAll, trustRoot],
  AssumeRolePolicyDocument: [trustRoot],
  Path: ['/', '/x/'],
  PathPrefix: ['/'],
  Tags: [[{ Key: 'a', Value: 'b' }], [{ Key: '__proto__', Value: '' }]],
  TagKeys: [['a'], ['__proto__']],
  Marker: ['WyJhIl0'],
  MaxItems: ['1', 100],
  AccessKeyId: ['AKIAIOSFODNN7EXAMPLE'],
  Status: ['Active', 'Inactive'],
  Password: ['Correct-Horse-7'],
  OldPassword: ['Correct-Horse-7'],
  NewPassword: ['Another-Horse-8'],
  PasswordResetRequired: ['true', false],
  NewUserName: ['it', 'other'],
  NewGroupName: ['it', 'other'],
  NewPath: ['/', '/y/'],
  VersionId: ['v1', 'v2'],
  SetAsDefault: ['true', 'false'],
  Description: ['d', ''],
  Filter: [['User', 'Role']],
  MaxSessionDuration: ['3600', 43_200],
  PermissionsBoundary: [boundaryArn],
  AccountAlias: ['my-team', 'our-team'],
  Scope: ['All', 'Local'],
  OnlyAttached: ['true'],
  PolicySourceArn: ['user', 'role', 'group'].map((kind) => `arn:aws:iam::${accountId}:${kind}/it`),
  ActionNames: [['s3:GetObject', 'iam:GetUser']],
  ResourceArns: [['arn:aws:s3:::b/k']],
  PolicyInputList: [[allowAll]],
  CallerArn: [`arn:aws:iam::${accountId}:user/it`],
  ResourcePolicy: ['{}'],
  ResourceOwner: [accountId],
  ContextEntries: [[{ ContextKeyName: 'aws:SourceIp', ContextKeyValues: ['192.0.2.1'] }]],
  EntityFilter: ['User'],
};

const WORDS = [
  'it',
  'IT',
  'admin',
  '',
  ' ',
  '__proto__',
  'constructor',
  'hasOwnProperty',
  'a\u0000b',
  '<![CDATA[x]]>',
  '&lt;',
  '%00',
  '../..',
  "'; drop table identities; --",
  '🙂',
  '\ud800',
  '\u202e',
  'x'.repeat(65),
  'x'.repeat(3_000),
  '-1',
  '0',
  '1',
  'true',
  'NaN',
  '1e3',
  'v1',
  'v999999999999',
  '/',
  '/x/',
  '//',
  allowAll,
  trustRoot,
  '{',
  '[]',
  'null',
  boundaryArn,
  `arn:aws:iam::${accountId}:policy/it`,
  `arn:aws:iam::${accountId}:user/it`,
  'arn:aws:iam::444455556666:policy/it',
  'arn:aws:iam::aws:policy/__proto__',
  'arn::::::',
  'WyJhIl0',
  'W10',
  'Active',
  'AKIAIOSFODNN7EXAMPLE',
  'AWS',
  'Local',
  'User',
  's3:GetObject',
  '*',
] as const;

const word = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...WORDS) },
  fc.string({ unit: 'binary', maxLength: 40 }),
);
const leaf = fc.oneof({ weight: 8, arbitrary: word }, fc.constant(null), fc.boolean(), fc.integer());
const value: fc.Arbitrary<Json> = fc.oneof(
  { weight: 6, arbitrary: leaf },
  fc.array(leaf, { maxLength: 4 }),
  fc.array(
    fc.dictionary(fc.constantFrom('Key', 'Value', 'ContextKeyName', 'ContextKeyValues', '__proto__'), leaf),
    { maxLength: 3 },
  ),
  fc.dictionary(fc.constantFrom('a', 'Key', '__proto__'), leaf),
);
const members = Object.entries(MEMBERS).map(([name, good]) => [
  name,
  fc.oneof({ weight: 9, arbitrary: fc.constantFrom(...good) }, { weight: 1, arbitrary: value }),
]);
const input: fc.Arbitrary<JsonObject> = fc
  .tuple(
    fc.record(Object.fromEntries(members) as Record<string, fc.Arbitrary<Json>>, { requiredKeys: [] }),
    fc.dictionary(fc.constantFrom('__proto__', 'constructor'), value, { maxKeys: 1 }),
  )
  .map(([known, strange]) => ({ ...known, ...strange }) as JsonObject);

describe('whatever is sent to IAM', () => {
  test('it is answered, or refused as the caller\u2019s mistake, and other accounts stay as they are', async () => {
    const store = new MemoryIdentityStore();
    const iam = new IamUnderTest(store);
    await iam.createUser('it');
    await iam.createGroup('it');
    await iam.createRole('it');
    await iam.createPolicy('it');
    const others = JSON.stringify(await everythingOf(iam));
    const names = [...iam.service.operations.keys()];
    const callers = [asUser('it'), session, foreignRoot];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        input,
        fc.constantFrom(...callers),
        async (name, given, as) => {
          // The account of the caller is the foreign one, whoever calls.
          const caller = { ...as, accountId: foreignRoot.accountId };
          await iam.call(name, given, caller).catch((error: unknown) => {
            assert.ok(error instanceof ApiError, `${name}: ${String(error)}`);
            assert.ok((error.status ?? 400) < 500);
          });
        },
      ),
      { numRuns: 5_000 },
    );
    assert.equal(JSON.stringify(await everythingOf(iam)), others);
    assert.deepEqual(Object.keys(Object.prototype), []);
  });

  test('it leaves the caller\u2019s own account in a state that can be told', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    const names = [...iam.service.operations.keys()];
    const answered = new Set<string>();
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), input, async (name, given) => {
        const refused = (error: unknown) =>
          assert.ok(error instanceof ApiError && (error.status ?? 400) < 500, `${name}: ${String(error)}`);
        await iam.call(name, given, root).then(() => void answered.add(name), refused);
      }),
      { numRuns: 10_000 },
    );
    assert.ok(answered.size > 70, `${answered.size} of ${names.length} operations were ever answered`);
    await everythingOf(iam);
  });
});

async function everythingOf(iam: IamUnderTest): Promise<JsonObject[]> {
  return [
    await iam.call('GetAccountAuthorizationDetails', { MaxItems: 1_000 }),
    await iam.call('GetAccountSummary'),
    await iam.call('ListAccountAliases'),
    await iam.call('ListUsers', { MaxItems: 1_000 }),
    await iam.call('ListAccessKeys'),
  ];
}
