import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import {
  accountId,
  allowAll,
  backends,
  boundaryArn,
  foreignRoot,
  IamUnderTest,
  pluck,
} from './iam-under-test.contract.ts';

for (const { backend, on } of backends) {
  describe(`an account on ${backend}`, () => {
    test(
      'has one alias, which no other account has',
      on(async (iam) => {
        assert.deepEqual(await iam.call('ListAccountAliases'), { AccountAliases: [], IsTruncated: false });
        await iam.call('CreateAccountAlias', { AccountAlias: 'my-team' });
        await iam.call('CreateAccountAlias', { AccountAlias: 'my-team' });
        const taken = ['409 EntityAlreadyExists', 'The account alias my-team already exists.'] as const;
        await iam.refuses('CreateAccountAlias', { AccountAlias: 'my-team' }, taken, foreignRoot);
        await iam.call('CreateAccountAlias', { AccountAlias: 'our-team' });
        await iam.call('CreateAccountAlias', { AccountAlias: 'my-team' }, foreignRoot);
        assert.deepEqual((await iam.call('ListAccountAliases')).AccountAliases, ['our-team']);
        const missing = ['404 NoSuchEntity', 'The account alias my-team cannot be found.'] as const;
        await iam.refuses('DeleteAccountAlias', { AccountAlias: 'my-team' }, missing);
        await iam.call('DeleteAccountAlias', { AccountAlias: 'our-team' });
        await iam.call('CreateAccountAlias', { AccountAlias: 'our-team' }, foreignRoot);
        assert.deepEqual((await iam.call('ListAccountAliases')).AccountAliases, []);
      }),
    );

    test(
      'keeps what else is known of it when its alias changes',
      on(async (iam) => {
        const entity = { accountId, name: 'n', email: 'e@x.org', status: 'ACTIVE', createdAtMs: 1 };
        const reference = { kind: 'account', accountId, name: accountId } as const;
        await iam.store.commit([{ ...reference, body: JSON.stringify(entity), expectedRevision: 0 }]);
        await iam.call('CreateAccountAlias', { AccountAlias: 'my-team' });
        const read = async () => JSON.parse((await iam.store.get(reference))?.body ?? '');
        assert.deepEqual(await read(), { ...entity, alias: 'my-team' });
        await iam.call('DeleteAccountAlias', { AccountAlias: 'my-team' });
        assert.deepEqual(await read(), entity);
      }),
    );

    test(
      'is summed up with its quotas',
      on(async (iam) => {
        await iam.createUser('a');
        await iam.createUser('b');
        await iam.createRole('r');
        await iam.createPolicy('p');
        await iam.call('CreateAccessKey');
        const { SummaryMap } = await iam.call('GetAccountSummary');
        const map = new Map(
          (SummaryMap as unknown as { key: string; value: number }[]).map(({ key, value }) => [key, value]),
        );
        assert.deepEqual(
          [
            'Users',
            'Groups',
            'Roles',
            'Policies',
            'AccountAccessKeysPresent',
            'UsersQuota',
            'AccessKeysPerUserQuota',
          ].map((key) => map.get(key)),
          [2, 0, 1, 1, 1, 5_000, 2],
        );
      }),
    );

    test(
      'is told whole, by kind, and in pages of all kinds together',
      on(async (iam) => {
        await iam.createUser('bob', { Tags: [{ Key: 'a', Value: 'b' }] });
        await iam.createGroup('ops');
        await iam.createRole('Admin');
        const own = await iam.createPolicy('p');
        await iam.call('AddUserToGroup', { UserName: 'bob', GroupName: 'ops' });
        await iam.call('AttachRolePolicy', { RoleName: 'Admin', PolicyArn: own });
        await iam.call('AttachRolePolicy', { RoleName: 'Admin', PolicyArn: boundaryArn });
        await iam.call('PutUserPolicy', {
          UserName: 'bob',
          PolicyName: '__proto__',
          PolicyDocument: allowAll,
        });
        const all = await iam.call('GetAccountAuthorizationDetails');
        const [user] = all.UserDetailList as unknown as Record<string, unknown>[];
        assert.deepEqual([user?.GroupList, user?.Tags], [['ops'], [{ Key: 'a', Value: 'b' }]]);
        assert.deepEqual(pluck(user?.UserPolicyList, 'PolicyName'), ['__proto__']);
        const [role] = all.RoleDetailList as unknown as Record<string, unknown>[];
        assert.deepEqual(pluck(role?.AttachedManagedPolicies, 'PolicyArn'), [own, boundaryArn]);
        assert.deepEqual(pluck(all.GroupDetailList, 'GroupName'), ['ops']);
        assert.deepEqual(pluck(all.Policies, 'PolicyName'), ['p', 'IAMReadOnlyAccess']);
        const local = await iam.call('GetAccountAuthorizationDetails', {
          Filter: ['LocalManagedPolicy', 'Group'],
        });
        assert.deepEqual(
          [
            pluck(local.Policies, 'PolicyName'),
            pluck(local.GroupDetailList, 'GroupName'),
            local.UserDetailList,
          ],
          [['p'], ['ops'], []],
        );
        const counts: number[] = [];
        for (let Marker: string | undefined, isMore = true; isMore; ) {
          const input = { MaxItems: 2, ...(Marker === undefined ? {} : { Marker }) };
          const page = await iam.call('GetAccountAuthorizationDetails', input);
          const lists = [page.UserDetailList, page.GroupDetailList, page.RoleDetailList, page.Policies];
          counts.push(lists.flatMap((list) => list as unknown as unknown[]).length);
          Marker = page.Marker as string | undefined;
          isMore = page.IsTruncated === true;
        }
        assert.deepEqual(counts, [2, 2, 1]);
        const filter = { Filter: ['Everything'] };
        await iam.refuses('GetAccountAuthorizationDetails', filter, [
          '400 ValidationError',
          /filter\.1\.member/,
        ]);
      }),
    );
  });
}

describe('an account', () => {
  for (const AccountAlias of ['ab', 'A-team', 'a--b', '-a-b', 'a_b', 'x'.repeat(64), 'ab\n', '<abc>']) {
    test(`cannot have the alias ${JSON.stringify(AccountAlias.slice(0, 20))}`, async () => {
      const iam = new IamUnderTest(new MemoryIdentityStore());
      await iam.refuses('CreateAccountAlias', { AccountAlias }, ['400 ValidationError', /accountAlias/]);
    });
  }
});
