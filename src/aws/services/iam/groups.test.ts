import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import {
  accountId,
  allowAll,
  backends,
  boundaryArn,
  contended,
  foreignRoot,
  IamUnderTest,
  inside,
  pluck,
} from './iam-under-test.contract.ts';

const ops = { GroupName: 'ops' };

for (const { backend, on } of backends) {
  describe(`groups on ${backend}`, () => {
    test(
      'are made with id and ARN, and cannot be made twice',
      on(async (iam) => {
        const made = inside(await iam.call('CreateGroup', { GroupName: 'Ops', Path: '/x/' }), 'Group');
        assert.match(String(made.GroupId), /^AGPA[A-Z2-7]{17}$/);
        assert.equal(made.Arn, `arn:aws:iam::${accountId}:group/x/Ops`);
        assert.deepEqual(await iam.call('GetGroup', ops), { Group: made, Users: [], IsTruncated: false });
        await iam.refuses('CreateGroup', ops, [
          '409 EntityAlreadyExists',
          'Group with name ops already exists.',
        ]);
      }),
    );

    test(
      'have members that come and go, told by group and by user in pages',
      on(async (iam) => {
        await iam.createGroup('ops');
        for (const UserName of ['c', 'a', 'b']) {
          await iam.createUser(UserName);
          await iam.call('AddUserToGroup', { GroupName: 'OPS', UserName });
          await iam.call('AddUserToGroup', { ...ops, UserName });
        }
        const first = await iam.call('GetGroup', { ...ops, MaxItems: 2 });
        assert.deepEqual(pluck(first.Users, 'UserName'), ['a', 'b']);
        const rest = await iam.call('GetGroup', { ...ops, Marker: first.Marker ?? '' });
        assert.deepEqual([pluck(rest.Users, 'UserName'), rest.IsTruncated], [['c'], false]);
        await iam.call('RemoveUserFromGroup', { ...ops, UserName: 'A' });
        assert.deepEqual((await iam.call('ListGroupsForUser', { UserName: 'a' })).Groups, []);
        assert.deepEqual(
          pluck((await iam.call('ListGroupsForUser', { UserName: 'b' })).Groups, 'GroupName'),
          ['ops'],
        );
        await iam.refuses('RemoveUserFromGroup', { ...ops, UserName: 'a' }, [
          '404 NoSuchEntity',
          /not in group ops/,
        ]);
      }),
    );

    test(
      'are ten at most for a user',
      on(async (iam) => {
        await iam.createUser('bob');
        for (let n = 0; n <= 10; n++) await iam.createGroup(`g${n}`);
        for (let n = 0; n < 10; n++)
          await iam.call('AddUserToGroup', { UserName: 'bob', GroupName: `g${n}` });
        await iam.refuses('AddUserToGroup', { UserName: 'bob', GroupName: 'g10' }, [
          '409 LimitExceeded',
          'Cannot exceed quota for GroupsPerUser: 10',
        ]);
      }),
    );

    test(
      'take their members along when they get another name',
      on(async (iam) => {
        await iam.createGroup('ops');
        await iam.createGroup('dev');
        await iam.createUser('bob');
        await iam.call('AddUserToGroup', { ...ops, UserName: 'bob' });
        await iam.refuses('UpdateGroup', { ...ops, NewGroupName: 'DEV' }, ['409 EntityAlreadyExists', /DEV/]);
        await iam.call('UpdateGroup', { ...ops, NewGroupName: 'Operators', NewPath: '/y/' });
        const { Groups } = await iam.call('ListGroupsForUser', { UserName: 'bob' });
        assert.deepEqual(pluck(Groups, 'Arn'), [`arn:aws:iam::${accountId}:group/y/Operators`]);
        await iam.refuses('GetGroup', ops, ['404 NoSuchEntity', 'The group with name ops cannot be found.']);
        assert.deepEqual(pluck((await iam.call('ListGroups', { PathPrefix: '/y/' })).Groups, 'GroupName'), [
          'Operators',
        ]);
      }),
    );

    test(
      'can be deleted only when nothing hangs on them',
      on(async (iam) => {
        await iam.createGroup('ops');
        await iam.createUser('bob');
        const steps: [string, object, string, object, string][] = [
          [
            'AddUserToGroup',
            { UserName: 'bob' },
            'RemoveUserFromGroup',
            { UserName: 'bob' },
            'remove users from group',
          ],
          [
            'AttachGroupPolicy',
            { PolicyArn: boundaryArn },
            'DetachGroupPolicy',
            { PolicyArn: boundaryArn },
            'detach all policies',
          ],
          [
            'PutGroupPolicy',
            { PolicyName: 'p', PolicyDocument: allowAll },
            'DeleteGroupPolicy',
            { PolicyName: 'p' },
            'delete policies',
          ],
        ];
        for (const [make, input, unmake, undo, must] of steps) {
          await iam.call(make, { ...ops, ...input });
          await iam.refuses('DeleteGroup', ops, [
            '409 DeleteConflict',
            `Cannot delete entity, must ${must} first.`,
          ]);
          await iam.call(unmake, { ...ops, ...undo });
        }
        await iam.call('DeleteGroup', ops);
        assert.deepEqual((await iam.call('ListGroups')).Groups, []);
      }),
    );

    test(
      'are not found where they are not, nor in another account',
      on(async (iam) => {
        await iam.createGroup('ops');
        await iam.createUser('bob');
        for (const name of [
          'GetGroup',
          'UpdateGroup',
          'DeleteGroup',
          'AddUserToGroup',
          'RemoveUserFromGroup',
        ]) {
          const missing = ['404 NoSuchEntity', 'The group with name none cannot be found.'] as const;
          await iam.refuses(name, { GroupName: 'none', UserName: 'bob' }, missing);
          await iam.refuses(name, { ...ops, UserName: 'bob' }, ['404 NoSuchEntity', /ops/], foreignRoot);
        }
        await iam.refuses('AddUserToGroup', { ...ops, UserName: 'none' }, [
          '404 NoSuchEntity',
          /user with name none/,
        ]);
        await iam.refuses('ListGroupsForUser', { UserName: 'none' }, [
          '404 NoSuchEntity',
          /user with name none/,
        ]);
      }),
    );
  });
}

describe('groups', () => {
  test('that get a member while they are deleted are not deleted', async () => {
    const store = new MemoryIdentityStore();
    const quick = new IamUnderTest(store);
    await quick.createGroup('ops');
    await quick.createUser('bob');
    const add = async () => void (await quick.call('AddUserToGroup', { ...ops, UserName: 'bob' }));
    await assert.rejects(new IamUnderTest(contended(store, add)).call('DeleteGroup', ops), {
      code: 'DeleteConflict',
    });
  });

  test('that are deleted while a user is added leave no trace in the user', async () => {
    const store = new MemoryIdentityStore();
    const quick = new IamUnderTest(store);
    await quick.createGroup('ops');
    await quick.createUser('bob');
    const remove = async () => void (await quick.call('DeleteGroup', ops));
    const slow = new IamUnderTest(contended(store, remove));
    await assert.rejects(slow.call('AddUserToGroup', { ...ops, UserName: 'bob' }), { code: 'NoSuchEntity' });
    await quick.call('DeleteUser', { UserName: 'bob' });
  });

  test('are what a membership is about', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    await iam.createGroup('ops');
    const [target] = await iam.targets('AddUserToGroup', { ...ops, UserName: 'bob' });
    assert.equal(target?.resourceArn, `arn:aws:iam::${accountId}:group/ops`);
  });
});
