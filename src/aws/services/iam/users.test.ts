import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import {
  accountId,
  allowAll,
  asUser,
  backends,
  boundaryArn,
  contended,
  foreignRoot,
  IamUnderTest,
  inside,
  pluck,
  root,
  session,
} from './iam-under-test.contract.ts';

for (const { backend, on } of backends) {
  describe(`users on ${backend}`, () => {
    test(
      'are made with id, ARN, path, boundary and tags, and got as they were made',
      on(async (iam) => {
        const { User: made } = await iam.call('CreateUser', {
          UserName: 'alice',
          Path: '/team/',
          PermissionsBoundary: boundaryArn,
          Tags: [{ Key: 'Team', Value: 'röt' }],
        });
        const { UserId, ...rest } = made as Record<string, unknown>;
        assert.match(String(UserId), /^AIDA[A-Z2-7]{17}$/);
        assert.deepEqual(rest, {
          Path: '/team/',
          UserName: 'alice',
          Arn: `arn:aws:iam::${accountId}:user/team/alice`,
          CreateDate: '2026-11-21T07:30:00Z',
          PermissionsBoundary: { PermissionsBoundaryType: 'Policy', PermissionsBoundaryArn: boundaryArn },
          Tags: [{ Key: 'Team', Value: 'röt' }],
        });
        assert.deepEqual(await iam.call('GetUser', { UserName: 'ALICE' }), { User: made });
        assert.deepEqual(await iam.call('GetUser', {}, asUser('alice')), { User: made });
      }),
    );

    test(
      'cannot be made twice, whatever the case of the name',
      on(async (iam) => {
        await iam.createUser('Bob');
        await iam.refuses('CreateUser', { UserName: 'bOB' }, [
          '409 EntityAlreadyExists',
          'User with name bOB already exists.',
        ]);
      }),
    );

    test(
      'are the account itself where the root asks for itself, and nobody where a role does',
      on(async (iam) => {
        const { User } = await iam.call('GetUser', {});
        assert.deepEqual(User, { UserId: accountId, Arn: root.arn });
        await iam.refuses(
          'GetUser',
          {},
          ['400 ValidationError', 'Must specify userName when calling with non-User credentials'],
          session,
        );
      }),
    );

    test(
      'are not found where they are not, nor in another account',
      on(async (iam) => {
        await iam.createUser('bob');
        for (const [name, input] of [
          ['GetUser', {}],
          ['UpdateUser', { NewPath: '/x/' }],
          ['DeleteUser', {}],
        ] as const) {
          const missing = ['404 NoSuchEntity', 'The user with name nobody cannot be found.'] as const;
          await iam.refuses(name, { UserName: 'nobody', ...input }, missing);
          const hidden = ['404 NoSuchEntity', 'The user with name bob cannot be found.'] as const;
          await iam.refuses(name, { UserName: 'bob', ...input }, hidden, foreignRoot);
        }
        assert.deepEqual((await iam.call('ListUsers', {}, foreignRoot)).Users, []);
      }),
    );

    test(
      'take their keys, groups and policies along when they get another name',
      on(async (iam) => {
        await iam.createUser('bob');
        await iam.createGroup('ops');
        await iam.call('AddUserToGroup', { UserName: 'bob', GroupName: 'ops' });
        await iam.call('PutUserPolicy', { UserName: 'bob', PolicyName: 'p', PolicyDocument: allowAll });
        const { AccessKey } = await iam.call('CreateAccessKey', { UserName: 'bob' });
        const before = inside(await iam.call('GetUser', { UserName: 'bob' }), 'User');
        await iam.call('UpdateUser', { UserName: 'bob', NewUserName: 'Robert', NewPath: '/x/' });
        const after = inside(await iam.call('GetUser', { UserName: 'robert' }), 'User');
        assert.equal(after.Arn, `arn:aws:iam::${accountId}:user/x/Robert`);
        assert.equal(after.UserId, before.UserId);
        await iam.refuses('GetUser', { UserName: 'bob' }, ['404 NoSuchEntity', /bob/]);
        const keys = await iam.call('ListAccessKeys', { UserName: 'Robert' });
        assert.deepEqual(pluck(keys.AccessKeyMetadata, 'AccessKeyId'), [
          (AccessKey as { AccessKeyId: string }).AccessKeyId,
        ]);
        assert.deepEqual(pluck(keys.AccessKeyMetadata, 'UserName'), ['Robert']);
        const groups = await iam.call('ListGroupsForUser', { UserName: 'Robert' });
        assert.deepEqual(pluck(groups.Groups, 'GroupName'), ['ops']);
        await iam.call('UpdateUser', { UserName: 'robert', NewUserName: 'ROBERT' });
        assert.equal(inside(await iam.call('GetUser', { UserName: 'robert' }), 'User').UserName, 'ROBERT');
      }),
    );

    test(
      'cannot take the name of another one',
      on(async (iam) => {
        await iam.createUser('bob');
        await iam.createUser('carol');
        await iam.refuses('UpdateUser', { UserName: 'bob', NewUserName: 'Carol' }, [
          '409 EntityAlreadyExists',
          'User with name Carol already exists.',
        ]);
      }),
    );

    test(
      'can be deleted only when nothing hangs on them',
      on(async (iam) => {
        await iam.createUser('bob');
        await iam.createGroup('ops');
        const steps: [string, object, string, object, string][] = [
          [
            'CreateLoginProfile',
            { Password: 'Secret-123' },
            'DeleteLoginProfile',
            {},
            'delete login profile',
          ],
          [
            'AddUserToGroup',
            { GroupName: 'ops' },
            'RemoveUserFromGroup',
            { GroupName: 'ops' },
            'remove users from group',
          ],
          [
            'AttachUserPolicy',
            { PolicyArn: boundaryArn },
            'DetachUserPolicy',
            { PolicyArn: boundaryArn },
            'detach all policies',
          ],
          [
            'PutUserPolicy',
            { PolicyName: 'p', PolicyDocument: allowAll },
            'DeleteUserPolicy',
            { PolicyName: 'p' },
            'delete policies',
          ],
        ];
        for (const [make, input, unmake, undo, must] of steps) {
          await iam.call(make, { UserName: 'bob', ...input });
          const sentence = `Cannot delete entity, must ${must} first.`;
          await iam.refuses('DeleteUser', { UserName: 'bob' }, ['409 DeleteConflict', sentence]);
          await iam.call(unmake, { UserName: 'bob', ...undo });
        }
        const { AccessKey } = await iam.call('CreateAccessKey', { UserName: 'bob' });
        await iam.refuses('DeleteUser', { UserName: 'bob' }, [
          '409 DeleteConflict',
          'Cannot delete entity, must delete access keys first.',
        ]);
        const { AccessKeyId } = AccessKey as { AccessKeyId: string };
        await iam.call('DeleteAccessKey', { UserName: 'bob', AccessKeyId });
        assert.deepEqual(await iam.call('DeleteUser', { UserName: 'bob' }), {});
        await iam.refuses('GetUser', { UserName: 'bob' }, ['404 NoSuchEntity', /bob/]);
      }),
    );

    test(
      'are listed by path in pages without a gap, also when the last one of a page is deleted',
      on(async (iam) => {
        const names = ['a', 'B', 'c', 'd', 'E', 'f', 'g'];
        for (const name of names) await iam.createUser(name, { Path: name < 'a' ? '/upper/' : '/' });
        assert.deepEqual(pluck((await iam.call('ListUsers')).Users, 'UserName'), names);
        const upper = await iam.call('ListUsers', { PathPrefix: '/upper' });
        assert.deepEqual(pluck(upper.Users, 'UserName'), ['B', 'E']);
        assert.equal(upper.IsTruncated, false);
        const first = await iam.call('ListUsers', { MaxItems: 3 });
        assert.deepEqual(pluck(first.Users, 'UserName'), ['a', 'B', 'c']);
        assert.equal(first.IsTruncated, true);
        await iam.call('DeleteUser', { UserName: 'c' });
        const rest = await iam.call('ListUsers', { Marker: first.Marker ?? '' });
        assert.deepEqual(pluck(rest.Users, 'UserName'), ['d', 'E', 'f', 'g']);
        assert.equal('Marker' in rest, false);
        for (const Marker of ['nonsense', 'e30', 'WzFd']) {
          await iam.refuses('ListUsers', { Marker }, ['400 ValidationError', 'Invalid Marker.']);
        }
      }),
    );
  });
}

describe('users', () => {
  const refusedNames = ['', 'a b', 'x'.repeat(65), '<a>', 'a\u0000b', 'ü', 'a/b', '🙂', 'a\nb', '../x'];
  for (const UserName of refusedNames) {
    test(`cannot be called ${JSON.stringify(UserName.slice(0, 20))}`, async () => {
      const iam = new IamUnderTest(new MemoryIdentityStore());
      await iam.refuses('CreateUser', { UserName }, ['400 ValidationError', /userName/]);
    });
  }

  test('may be called as objects of the language are', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    for (const UserName of ['__proto__', 'constructor', 'toString', '+=,.@_-']) {
      await iam.refuses('GetUser', { UserName }, ['404 NoSuchEntity', /cannot be found/]);
      await iam.createUser(UserName);
      assert.equal(inside(await iam.call('GetUser', { UserName }), 'User').UserName, UserName);
    }
  });

  test('are refused with everything that is wrong at once, in the words of IAM', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    await iam.refuses('CreateUser', {}, [
      '400 ValidationError',
      "1 validation error detected: Value null at 'userName' failed to satisfy constraint: Member must not be null",
    ]);
    await iam.refuses('CreateUser', { UserName: 'x'.repeat(65), PermissionsBoundary: 'short' }, [
      '400 ValidationError',
      `2 validation errors detected: Value '${'x'.repeat(65)}' at 'userName' failed to satisfy constraint: Member ` +
        "must have length less than or equal to 64; Value 'short' at 'permissionsBoundary' failed to satisfy " +
        'constraint: Member must have length greater than or equal to 20',
    ]);
    await iam.refuses('CreateUser', { UserName: 'a', Path: 'team' }, [
      '400 ValidationError',
      /value for path is invalid/,
    ]);
    await iam.refuses('CreateUser', { UserName: ['a'] }, ['400 MalformedInput', /userName/]);
    await iam.refuses('ListUsers', { MaxItems: 0 }, ['400 ValidationError', /greater than or equal to 1/]);
    await iam.refuses('ListUsers', { MaxItems: 'many' }, ['400 MalformedInput', /maxItems/]);
  });

  test('are refused with a boundary that is no policy, or is not there', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    const foreign = `arn:aws:iam::444455556666:policy/p`;
    await iam.refuses('CreateUser', { UserName: 'a', PermissionsBoundary: foreign }, [
      '404 NoSuchEntity',
      `Scope ARN: ${foreign} does not exist or is not attachable.`,
    ]);
    const noPolicy = 'arn:aws:s3:::a-bucket-of-mine';
    await iam.refuses('CreateUser', { UserName: 'a', PermissionsBoundary: noPolicy }, [
      '400 InvalidInput',
      `ARN ${noPolicy} is not valid.`,
    ]);
  });

  test('cannot exceed 5,000 in an account', async () => {
    const store = new MemoryIdentityStore();
    const body = '{"path":"/"}';
    const changes = Array.from({ length: 5_000 }, (_, n) => ({
      kind: 'user' as const,
      accountId,
      name: `u${n}`,
      body,
      expectedRevision: 0,
    }));
    await store.commit(changes);
    await new IamUnderTest(store).refuses('CreateUser', { UserName: 'one-more' }, [
      '409 LimitExceeded',
      'Cannot exceed quota for UsersPerAccount: 5000',
    ]);
  });

  test('of a rare path are found among many others, in pages without a gap', async () => {
    const store = new MemoryIdentityStore();
    const isRare = (n: number) => n % 97 === 5;
    const changes = Array.from({ length: 900 }, (_, n) => {
      const user = { userName: `u${n}`, path: isRare(n) ? '/rare/' : '/', createdAtMs: 0 };
      const reference = { kind: 'user' as const, accountId, name: user.userName };
      return { ...reference, body: JSON.stringify(user), expectedRevision: 0 };
    });
    await store.commit(changes);
    const iam = new IamUnderTest(store);
    const found: unknown[] = [];
    for (let Marker: string | undefined, isMore = true; isMore; ) {
      const input = { PathPrefix: '/rare/', MaxItems: 3, ...(Marker === undefined ? {} : { Marker }) };
      const page = await iam.call('ListUsers', input);
      found.push(...pluck(page.Users, 'UserName'));
      Marker = page.Marker as string | undefined;
      isMore = page.IsTruncated === true;
    }
    const rare = changes.map(({ name }) => name).filter((_, n) => isRare(n));
    assert.deepEqual(found, rare.sort());
  });

  test('that are changed by two calls at once have both changes', async () => {
    const store = new MemoryIdentityStore();
    const iam = new IamUnderTest(store);
    await iam.createUser('bob');
    const change = (n: number) =>
      iam.call('TagUser', { UserName: 'bob', Tags: [{ Key: `k${n}`, Value: `${n}` }] });
    await Promise.all([1, 2, 3, 4].map(change));
    const { Tags } = await iam.call('ListUserTags', { UserName: 'bob' });
    assert.deepEqual(pluck(Tags, 'Key'), ['k1', 'k2', 'k3', 'k4']);
  });

  test('that are always changed by others meanwhile answer ConcurrentModification', async () => {
    const store = new MemoryIdentityStore();
    await new IamUnderTest(store).createUser('bob');
    const losing = new Proxy(store, {
      get: (target, member) =>
        member === 'commit' ? async () => false : Reflect.get(target, member).bind(target),
    });
    await new IamUnderTest(losing).refuses('UpdateUser', { UserName: 'bob', NewPath: '/x/' }, [
      '409 ConcurrentModification',
      /multiple requests to change this object/,
    ]);
  });

  test('that get a key while they are deleted are not deleted', async () => {
    const store = new MemoryIdentityStore();
    const quick = new IamUnderTest(store);
    await quick.createUser('bob');
    const slow = new IamUnderTest(
      contended(store, async () => void (await quick.call('CreateAccessKey', { UserName: 'bob' }))),
    );
    await assert.rejects(slow.call('DeleteUser', { UserName: 'bob' }), { code: 'DeleteConflict' });
    assert.equal(await store.count({ kind: 'user', accountId }), 1);
  });

  test('are what their calls are about, with tags and boundary for the conditions of policies', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    await iam.createUser('bob', {
      Path: '/ops/',
      Tags: [{ Key: 'Team', Value: 'a' }],
      PermissionsBoundary: boundaryArn,
    });
    const arn = `arn:aws:iam::${accountId}:user/ops/bob`;
    const [tagged] = await iam.targets('TagUser', { UserName: 'BOB', Tags: [{ Key: 'Cost', Value: '1' }] });
    assert.equal(tagged?.resourceArn, arn);
    assert.deepEqual([...(tagged?.resourceTags ?? [])], [['Team', 'a']]);
    assert.deepEqual(Object.fromEntries(tagged?.context ?? []), {
      'aws:requesttag/cost': ['1'],
      'aws:tagkeys': ['Cost'],
    });
    const [created] = await iam.targets('CreateUser', {
      UserName: 'new',
      Path: '/x/',
      PermissionsBoundary: boundaryArn,
    });
    assert.equal(created?.resourceArn, `arn:aws:iam::${accountId}:user/x/new`);
    assert.deepEqual(created?.context?.get('iam:permissionsboundary'), [boundaryArn]);
    const [put] = await iam.targets('PutUserPolicy', {
      UserName: 'bob',
      PolicyName: 'p',
      PolicyDocument: allowAll,
    });
    assert.deepEqual(put?.context?.get('iam:permissionsboundary'), [boundaryArn]);
    const [attached] = await iam.targets('AttachUserPolicy', { UserName: 'bob', PolicyArn: boundaryArn });
    assert.deepEqual(attached?.context?.get('iam:policyarn'), [boundaryArn]);
    const renamed = await iam.targets('UpdateUser', { UserName: 'bob', NewUserName: 'rob' });
    assert.deepEqual(
      renamed.map(({ resourceArn }) => resourceArn),
      [arn, `arn:aws:iam::${accountId}:user/ops/rob`],
    );
    const [own] = await iam.targets('CreateAccessKey', {}, asUser('bob'));
    assert.equal(own?.resourceArn, arn);
    const [listed] = await iam.targets('ListUsers', { PathPrefix: '/ops/' });
    assert.equal(listed?.resourceArn, `arn:aws:iam::${accountId}:user/ops/`);
    const [missing] = await iam.targets('GetUser', { UserName: 'nobody' });
    assert.equal(missing?.resourceArn, `arn:aws:iam::${accountId}:user/nobody`);
  });
});
