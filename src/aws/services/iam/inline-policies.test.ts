import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import { allowAll, backends, foreignRoot, IamUnderTest } from './iam-under-test.contract.ts';

const kinds = [
  { noun: 'User', name: { UserName: 'it' }, size: 2_048 },
  { noun: 'Group', name: { GroupName: 'it' }, size: 5_120 },
  { noun: 'Role', name: { RoleName: 'it' }, size: 10_240 },
] as const;

async function withHolders(iam: IamUnderTest): Promise<void> {
  await iam.createUser('it');
  await iam.createGroup('it');
  await iam.createRole('it');
}

/** A policy of that many characters beside white space. */
function ofSize(size: number): string {
  const empty = allowAll.replace('"Effect"', '"Sid":"","Effect"');
  return empty.replace('"Sid":""', `"Sid":"${'a'.repeat(size - empty.length)}"`);
}

for (const { backend, on } of backends) {
  describe(`inline policies on ${backend}`, () => {
    for (const { noun, name, size } of kinds) {
      test(
        `of a ${noun} are put, got, listed and deleted`,
        on(async (iam) => {
          await withHolders(iam);
          const other = allowAll.replace('Allow', 'Deny');
          for (const PolicyName of ['b', 'a', 'B', '__proto__', 'constructor']) {
            await iam.call(`Put${noun}Policy`, { ...name, PolicyName, PolicyDocument: allowAll });
          }
          await iam.call(`Put${noun}Policy`, { ...name, PolicyName: '__proto__', PolicyDocument: other });
          const got = await iam.call(`Get${noun}Policy`, { ...name, PolicyName: '__proto__' });
          assert.deepEqual(got, {
            ...name,
            PolicyName: '__proto__',
            PolicyDocument: encodeURIComponent(other).replaceAll('*', '%2A'),
          });
          const first = await iam.call(`List${noun}Policies`, { ...name, MaxItems: 2 });
          const rest = await iam.call(`List${noun}Policies`, { ...name, Marker: first.Marker ?? '' });
          assert.deepEqual(
            [first.PolicyNames, rest.PolicyNames],
            [
              ['B', '__proto__'],
              ['a', 'b', 'constructor'],
            ],
          );
          await iam.call(`Delete${noun}Policy`, { ...name, PolicyName: '__proto__' });
          const missing = [
            '404 NoSuchEntity',
            `The ${noun.toLowerCase()} policy with name __proto__ cannot be found.`,
          ] as const;
          await iam.refuses(`Get${noun}Policy`, { ...name, PolicyName: '__proto__' }, missing);
          await iam.refuses(`Delete${noun}Policy`, { ...name, PolicyName: '__proto__' }, missing);
        }),
      );

      test(
        `of a ${noun} have ${size} characters together at most, white space not counted`,
        on(async (iam) => {
          await withHolders(iam);
          const put = `Put${noun}Policy`;
          const half = size / 2;
          await iam.call(put, {
            ...name,
            PolicyName: 'a',
            PolicyDocument: ofSize(half).replace('{', `{${' '.repeat(9_999)}`),
          });
          await iam.call(put, { ...name, PolicyName: 'b', PolicyDocument: ofSize(half) });
          const exceeded = `Maximum policy size of ${size} bytes exceeded for ${noun.toLowerCase()} it`;
          await iam.refuses(put, { ...name, PolicyName: 'b', PolicyDocument: ofSize(half + 1) }, [
            '409 LimitExceeded',
            exceeded,
          ]);
          await iam.refuses(put, { ...name, PolicyName: 'c', PolicyDocument: allowAll }, [
            '409 LimitExceeded',
            exceeded,
          ]);
        }),
      );

      test(
        `of a ${noun} are not found where there is none of that name, nor in another account`,
        on(async (iam) => {
          await withHolders(iam);
          const policy = { PolicyName: 'p', PolicyDocument: allowAll };
          await iam.call(`Put${noun}Policy`, { ...name, ...policy });
          const [member] = Object.keys(name);
          for (const operation of [
            `Put${noun}Policy`,
            `Get${noun}Policy`,
            `Delete${noun}Policy`,
            `List${noun}Policies`,
          ]) {
            const missing = [
              '404 NoSuchEntity',
              `The ${noun.toLowerCase()} with name none cannot be found.`,
            ] as const;
            await iam.refuses(operation, { [String(member)]: 'none', ...policy }, missing);
            await iam.refuses(
              operation,
              { ...name, ...policy },
              ['404 NoSuchEntity', /with name it/],
              foreignRoot,
            );
          }
        }),
      );
    }
  });
}

describe('inline policies', () => {
  const refused: [string, string, string, RegExp][] = [
    ['no JSON', 'nonsense', '400 MalformedPolicyDocument', /./],
    [
      'with a principal',
      allowAll.replace('"Effect"', '"Principal":"*","Effect"'),
      '400 MalformedPolicyDocument',
      /./,
    ],
    [
      'with the same member twice',
      allowAll.replace('"Effect"', '"Effect":"Deny","Effect"'),
      '400 MalformedPolicyDocument',
      /./,
    ],
    ['with NUL', `${allowAll}\u0000`, '400 ValidationError', /policyDocument is invalid/],
    [
      'beyond Latin-1',
      allowAll.replace('"*"', '"s3:Get🙂"'),
      '400 ValidationError',
      /policyDocument is invalid/,
    ],
    [
      'too long to be read',
      ' '.repeat(131_073),
      '400 ValidationError',
      /^1 validation error detected: Value at 'policyDocument'.*131072$/,
    ],
    ['deeply nested', `${'['.repeat(60_000)}`, '400 MalformedPolicyDocument', /./],
  ];
  for (const [what, PolicyDocument, code, message] of refused) {
    test(`are refused where they are ${what}`, async () => {
      const iam = new IamUnderTest(new MemoryIdentityStore());
      await withHolders(iam);
      for (const { noun, name } of kinds) {
        await iam.refuses(`Put${noun}Policy`, { ...name, PolicyName: 'p', PolicyDocument }, [code, message]);
      }
    });
  }

  test('come back character for character, whatever IAM lets them hold', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    await withHolders(iam);
    const PolicyDocument = `\t${allowAll.replace('"*"}', '"arn:aws:s3:::b/<a>&amp;]]>\'%2f ÿé+"}')}\r\n`;
    await iam.call('PutUserPolicy', { UserName: 'it', PolicyName: 'p', PolicyDocument });
    const got = await iam.call('GetUserPolicy', { UserName: 'it', PolicyName: 'p' });
    assert.equal(decodeURIComponent(String(got.PolicyDocument)), PolicyDocument);
    assert.match(String(got.PolicyDocument), /^[A-Za-z0-9%._~-]+$/);
  });

  test('have names that IAM allows', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    await withHolders(iam);
    for (const PolicyName of ['a b', 'a/b', 'x'.repeat(129), '', '<p>', 'p\u0000']) {
      await iam.refuses('PutUserPolicy', { UserName: 'it', PolicyName, PolicyDocument: allowAll }, [
        '400 ValidationError',
        /policyName/,
      ]);
    }
  });
});
