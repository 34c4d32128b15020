import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { accountOfAccessKey } from '../../../model/access-key-account.ts';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import {
  accountId,
  asUser,
  backends,
  foreignRoot,
  IamUnderTest,
  inside,
  pluck,
  root,
  session,
} from './iam-under-test.contract.ts';

async function newKey(iam: IamUnderTest, userName: string): Promise<Record<string, string>> {
  return inside(await iam.call('CreateAccessKey', { UserName: userName }), 'AccessKey') as Record<
    string,
    string
  >;
}

for (const { backend, on } of backends) {
  describe(`access keys on ${backend}`, () => {
    test(
      'tell their secret once, and keep it sealed',
      on(async (iam) => {
        await iam.createUser('bob');
        const key = await newKey(iam, 'BOB');
        assert.match(key.AccessKeyId ?? '', /^AKIA[A-Z2-7]{16}$/);
        assert.equal(accountOfAccessKey(key.AccessKeyId ?? ''), accountId);
        assert.match(key.SecretAccessKey ?? '', /^[A-Za-z0-9+/]{40}$/);
        assert.deepEqual(
          [key.UserName, key.Status, key.CreateDate],
          ['bob', 'Active', '2026-11-21T07:30:00Z'],
        );
        const stored = await iam.store.find('accessKey', key.AccessKeyId ?? '');
        assert.equal(stored?.body.includes(key.SecretAccessKey ?? ''), false, 'no secret in clear');
        const { sealedSecret } = JSON.parse(stored?.body ?? '{}');
        const sealed = [...(key.SecretAccessKey ?? '')].reverse().join('');
        assert.equal(sealedSecret, `sealed(accessKey/${key.AccessKeyId})${sealed}`);
        const listed = await iam.call('ListAccessKeys', { UserName: 'bob' });
        const { SecretAccessKey, ...metadata } = key;
        assert.deepEqual(listed, { AccessKeyMetadata: [metadata], IsTruncated: false });
      }),
    );

    test(
      'are two at most, also when they are made at the same time',
      on(async (iam) => {
        await iam.createUser('bob');
        for (const input of [{ UserName: 'bob' }, {}]) {
          const made = await Promise.allSettled([1, 2, 3, 4].map(() => iam.call('CreateAccessKey', input)));
          assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 2);
        }
        await iam.refuses('CreateAccessKey', { UserName: 'bob' }, [
          '409 LimitExceeded',
          'Cannot exceed quota for AccessKeysPerUser: 2',
        ]);
      }),
    );

    test(
      'are the caller\u2019s where no user is named',
      on(async (iam) => {
        await iam.createUser('bob');
        const mine = inside(await iam.call('CreateAccessKey', {}, asUser('bob')), 'AccessKey');
        assert.equal(mine.UserName, 'bob');
        const roots = inside(await iam.call('CreateAccessKey', {}, root), 'AccessKey');
        assert.equal('UserName' in roots, false);
        assert.deepEqual(pluck((await iam.call('ListAccessKeys')).AccessKeyMetadata, 'AccessKeyId'), [
          roots.AccessKeyId,
        ]);
        const listed = await iam.call('ListAccessKeys', {}, asUser('bob'));
        assert.deepEqual(pluck(listed.AccessKeyMetadata, 'AccessKeyId'), [mine.AccessKeyId]);
        await iam.refuses('CreateAccessKey', {}, ['400 ValidationError', /non-User credentials/], session);
      }),
    );

    test(
      'can be turned off and on, and deleted with what is known of their use',
      on(async (iam) => {
        await iam.createUser('bob');
        const { AccessKeyId = '' } = await newKey(iam, 'bob');
        await iam.call('UpdateAccessKey', { UserName: 'bob', AccessKeyId, Status: 'Inactive' });
        const listed = await iam.call('ListAccessKeys', { UserName: 'bob' });
        assert.deepEqual(pluck(listed.AccessKeyMetadata, 'Status'), ['Inactive']);
        const use = { lastUsedMs: iam.nowMs, region: 'eu-west-1', serviceName: 'cloudtrail' };
        const reference = { kind: 'accessKeyUse', accountId, name: AccessKeyId } as const;
        await iam.store.commit([{ ...reference, body: JSON.stringify(use), expectedRevision: 0 }]);
        assert.deepEqual(await iam.call('GetAccessKeyLastUsed', { AccessKeyId }), {
          UserName: 'bob',
          AccessKeyLastUsed: {
            LastUsedDate: '2026-11-21T07:30:00Z',
            ServiceName: 'cloudtrail',
            Region: 'eu-west-1',
          },
        });
        await iam.call('DeleteAccessKey', { UserName: 'bob', AccessKeyId });
        assert.equal(await iam.store.get(reference), undefined);
        assert.equal(await iam.store.find('accessKey', AccessKeyId), undefined);
      }),
    );

    test(
      'were last used nowhere where they never were',
      on(async (iam) => {
        await iam.createUser('bob');
        const { AccessKeyId = '' } = await newKey(iam, 'bob');
        assert.deepEqual(await iam.call('GetAccessKeyLastUsed', { AccessKeyId }), {
          UserName: 'bob',
          AccessKeyLastUsed: { ServiceName: 'N/A', Region: 'N/A' },
        });
      }),
    );

    test(
      'are not found for another user, in another account, or where they are not',
      on(async (iam) => {
        await iam.createUser('bob');
        await iam.createUser('carol');
        const { AccessKeyId = '' } = await newKey(iam, 'bob');
        const missing = [
          '404 NoSuchEntity',
          `The Access Key with id ${AccessKeyId} cannot be found.`,
        ] as const;
        for (const name of ['UpdateAccessKey', 'DeleteAccessKey']) {
          const input = { AccessKeyId, ...(name === 'UpdateAccessKey' ? { Status: 'Inactive' } : {}) };
          await iam.refuses(name, { ...input, UserName: 'carol' }, missing);
          await iam.refuses(name, input, missing, root);
          await iam.refuses(name, input, missing, foreignRoot);
          await iam.refuses(name, { ...input, UserName: 'nobody' }, [
            '404 NoSuchEntity',
            /user with name nobody/,
          ]);
        }
        await iam.refuses('GetAccessKeyLastUsed', { AccessKeyId }, missing, foreignRoot);
        await iam.refuses('GetAccessKeyLastUsed', { AccessKeyId: 'AKIANOTHERENOTHERE00' }, [
          '404 NoSuchEntity',
          /AKIANOT/,
        ]);
      }),
    );
  });
}

describe('access keys', () => {
  test('have a status that IAM knows, and an id that can be one', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    await iam.createUser('bob');
    const { AccessKeyId = '' } = await newKey(iam, 'bob');
    const input = { UserName: 'bob', AccessKeyId };
    await iam.refuses('UpdateAccessKey', { ...input, Status: 'off' }, [
      '400 ValidationError',
      /enum value set: \[Active/,
    ]);
    await iam.refuses('UpdateAccessKey', { ...input, Status: 'Expired' }, [
      '400 InvalidInput',
      /Active or Inactive/,
    ]);
    for (const bad of ['short', 'x'.repeat(129), "AKIA'; drop table", 'AKIA\u0000AAAAAAAAAAAA']) {
      await iam.refuses('DeleteAccessKey', { ...input, AccessKeyId: bad }, [
        '400 ValidationError',
        /accessKeyId/,
      ]);
    }
  });
});
