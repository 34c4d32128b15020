import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import {
  accountId,
  allowAll,
  backends,
  foreignRoot,
  IamUnderTest,
  pluck,
} from './iam-under-test.contract.ts';

const PolicyArn = `arn:aws:iam::${accountId}:policy/it`;
const kinds = [
  { noun: 'User', name: { UserName: 'it' } },
  { noun: 'Role', name: { RoleName: 'it' } },
  { noun: 'Policy', name: { PolicyArn } },
] as const;

async function withTagged(iam: IamUnderTest): Promise<void> {
  await iam.createUser('it');
  await iam.createRole('it');
  await iam.createPolicy('it');
}

for (const { backend, on } of backends) {
  describe(`tags on ${backend}`, () => {
    for (const { noun, name } of kinds) {
      test(
        `of a ${noun} are added, replaced whatever the case of the key, listed and removed`,
        on(async (iam) => {
          await withTagged(iam);
          const tags = [
            { Key: 'Team', Value: 'a' },
            { Key: '__proto__', Value: '' },
            { Key: 'ключ 1', Value: 'wért/+=-@_.:' },
          ];
          await iam.call(`Tag${noun}`, { ...name, Tags: tags });
          await iam.call(`Tag${noun}`, { ...name, Tags: [{ Key: 'TEAM', Value: 'b' }] });
          const { Tags } = await iam.call(`List${noun}Tags`, name);
          assert.deepEqual(Tags, [tags[1], { Key: 'TEAM', Value: 'b' }, tags[2]]);
          const first = await iam.call(`List${noun}Tags`, { ...name, MaxItems: 1 });
          const rest = await iam.call(`List${noun}Tags`, { ...name, Marker: first.Marker ?? '' });
          assert.deepEqual(pluck(rest.Tags, 'Key'), ['TEAM', 'ключ 1']);
          await iam.call(`Untag${noun}`, { ...name, TagKeys: ['team', '__proto__', 'never'] });
          assert.deepEqual(pluck((await iam.call(`List${noun}Tags`, name)).Tags, 'Key'), ['ключ 1']);
        }),
      );

      test(
        `of a ${noun} are fifty at most`,
        on(async (iam) => {
          await withTagged(iam);
          const many = Array.from({ length: 50 }, (_, n) => ({ Key: `k${n}`, Value: '' }));
          await iam.call(`Tag${noun}`, { ...name, Tags: many });
          await iam.call(`Tag${noun}`, { ...name, Tags: [{ Key: 'K7', Value: 'again' }] });
          await iam.refuses(`Tag${noun}`, { ...name, Tags: [{ Key: 'more', Value: '' }] }, [
            '409 LimitExceeded',
            'The number of tags has reached the maximum limit.',
          ]);
          const tooMany = [...many, { Key: 'more', Value: '' }];
          await iam.refuses(`Tag${noun}`, { ...name, Tags: tooMany }, [
            '400 ValidationError',
            /'tags'.*less than or equal to 50/,
          ]);
        }),
      );

      test(
        `of a ${noun} are refused where they cannot be tags`,
        on(async (iam) => {
          await withTagged(iam);
          const wrong: [unknown, string, RegExp][] = [
            [{ Key: 'a<b>', Value: '' }, '400 ValidationError', /'tags\.1\.member\.key'/],
            [{ Key: 'a\u0000', Value: '' }, '400 ValidationError', /key/],
            [{ Key: 'x'.repeat(129), Value: '' }, '400 ValidationError', /128/],
            [{ Key: 'a', Value: 'x'.repeat(257) }, '400 ValidationError', /256/],
            [{ Key: 'a', Value: '"' }, '400 ValidationError', /value/],
            [{ Key: 'a' }, '400 ValidationError', /Value null at 'tags\.1\.member\.value'/],
            [{ Value: 'a' }, '400 ValidationError', /Value null at 'tags\.1\.member\.key'/],
            ['a', '400 MalformedInput', /structure/],
          ];
          for (const [tag, code, message] of wrong) {
            await iam.refuses(`Tag${noun}`, { ...name, Tags: [tag as string] }, [code, message]);
          }
          await iam.refuses(`Tag${noun}`, name, ['400 ValidationError', /Value null at 'tags'/]);
          const twice = [
            { Key: 'a', Value: '1' },
            { Key: 'A', Value: '2' },
          ];
          await iam.refuses(`Tag${noun}`, { ...name, Tags: twice }, [
            '400 InvalidInput',
            'Duplicate tag keys found. Please note that Tag keys are case insensitive.',
          ]);
        }),
      );
    }
  });
}

describe('tags', () => {
  test('given with what is made are held to the same', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    const Tags = [
      { Key: 'a', Value: '1' },
      { Key: 'A', Value: '2' },
    ];
    const refusal = ['400 InvalidInput', /Duplicate tag keys/] as const;
    await iam.refuses('CreateUser', { UserName: 'a', Tags }, refusal);
    await iam.refuses('CreatePolicy', { PolicyName: 'a', PolicyDocument: allowAll, Tags }, refusal);
  });

  test('are not found on what is not there, nor by another account', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    await withTagged(iam);
    for (const { noun, name } of kinds) {
      const calls: [string, object][] = [
        [`Tag${noun}`, { Tags: [] }],
        [`Untag${noun}`, { TagKeys: [] }],
        [`List${noun}Tags`, {}],
      ];
      for (const [operation, input] of calls) {
        await iam.refuses(operation, { ...name, ...input }, ['404 NoSuchEntity', /it/], foreignRoot);
      }
    }
  });
});
