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
  inside,
  pluck,
  root,
  trustRoot,
} from './iam-under-test.contract.ts';

const admin = { RoleName: 'Admin' };
const trustLambda =
  '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}]}';

for (const { backend, on } of backends) {
  describe(`roles on ${backend}`, () => {
    test(
      'are made with everything that was said, and what IAM says where nothing was',
      on(async (iam) => {
        const input = {
          AssumeRolePolicyDocument: trustRoot,
          Description: "a 'role'*",
          MaxSessionDuration: 7_200,
        };
        const tagged = { Path: '/x/', PermissionsBoundary: boundaryArn, Tags: [{ Key: 'a', Value: '' }] };
        const made = inside(await iam.call('CreateRole', { ...admin, ...input, ...tagged }), 'Role');
        assert.match(String(made.RoleId), /^AROA[A-Z2-7]{17}$/);
        assert.equal(made.Arn, `arn:aws:iam::${accountId}:role/x/Admin`);
        assert.equal(decodeURIComponent(String(made.AssumeRolePolicyDocument)), trustRoot);
        assert.match(String(made.AssumeRolePolicyDocument), /^[A-Za-z0-9%._~-]+$/);
        assert.deepEqual([made.Description, made.MaxSessionDuration], ["a 'role'*", 7_200]);
        assert.deepEqual([made.Tags, made.RoleLastUsed], [tagged.Tags, {}]);
        assert.deepEqual(await iam.call('GetRole', { RoleName: 'admin' }), { Role: made });
        await iam.createRole('Plain');
        assert.equal(
          inside(await iam.call('GetRole', { RoleName: 'Plain' }), 'Role').MaxSessionDuration,
          3_600,
        );
        await iam.refuses('CreateRole', { RoleName: 'ADMIN', AssumeRolePolicyDocument: trustRoot }, [
          '409 EntityAlreadyExists',
          'Role with name ADMIN already exists.',
        ]);
      }),
    );

    test(
      'can be described, bounded in time and trusted anew',
      on(async (iam) => {
        await iam.createRole('Admin');
        await iam.call('UpdateRole', { ...admin, Description: 'one', MaxSessionDuration: 43_200 });
        await iam.call('UpdateAssumeRolePolicy', { ...admin, PolicyDocument: trustLambda });
        const role = inside(
          await iam.call('UpdateRoleDescription', { ...admin, Description: 'two' }),
          'Role',
        );
        assert.deepEqual([role.Description, role.MaxSessionDuration], ['two', 43_200]);
        assert.equal(decodeURIComponent(String(role.AssumeRolePolicyDocument)), trustLambda);
        await iam.call('UpdateRole', admin);
        const after = inside(await iam.call('GetRole', admin), 'Role');
        assert.deepEqual([after.Description, after.MaxSessionDuration], ['two', 3_600]);
      }),
    );

    test(
      'can be deleted only without policies, and are gone then',
      on(async (iam) => {
        await iam.createRole('Admin');
        await iam.call('AttachRolePolicy', { ...admin, PolicyArn: boundaryArn });
        await iam.refuses('DeleteRole', admin, [
          '409 DeleteConflict',
          'Cannot delete entity, must detach all policies first.',
        ]);
        await iam.call('DetachRolePolicy', { ...admin, PolicyArn: boundaryArn });
        await iam.call('PutRolePolicy', { ...admin, PolicyName: 'p', PolicyDocument: allowAll });
        await iam.refuses('DeleteRole', admin, [
          '409 DeleteConflict',
          'Cannot delete entity, must delete policies first.',
        ]);
        await iam.call('DeleteRolePolicy', { ...admin, PolicyName: 'p' });
        assert.deepEqual(await iam.call('ListInstanceProfilesForRole', admin), {
          InstanceProfiles: [],
          IsTruncated: false,
        });
        await iam.call('DeleteRole', admin);
        await iam.refuses('GetRole', admin, [
          '404 NoSuchEntity',
          'The role with name Admin cannot be found.',
        ]);
      }),
    );

    test(
      'are listed by path without what only GetRole tells',
      on(async (iam) => {
        await iam.createRole('b', {
          Path: '/x/',
          Tags: [{ Key: 'k', Value: 'v' }],
          PermissionsBoundary: boundaryArn,
        });
        await iam.createRole('a');
        const { Roles } = await iam.call('ListRoles');
        assert.deepEqual(pluck(Roles, 'RoleName'), ['a', 'b']);
        assert.deepEqual(pluck(Roles, 'Tags'), [undefined, undefined]);
        assert.deepEqual(pluck(Roles, 'PermissionsBoundary'), [undefined, undefined]);
        assert.deepEqual(pluck((await iam.call('ListRoles', { PathPrefix: '/x/' })).Roles, 'RoleName'), [
          'b',
        ]);
      }),
    );

    test(
      'are not found where they are not, nor in another account',
      on(async (iam) => {
        await iam.createRole('Admin');
        const calls: [string, object][] = [
          ['GetRole', {}],
          ['UpdateRole', {}],
          ['UpdateRoleDescription', { Description: '' }],
          ['UpdateAssumeRolePolicy', { PolicyDocument: trustRoot }],
          ['DeleteRole', {}],
          ['ListInstanceProfilesForRole', {}],
          ['PutRolePermissionsBoundary', { PermissionsBoundary: boundaryArn }],
          ['DeleteRolePermissionsBoundary', {}],
        ];
        for (const [name, input] of calls) {
          const missing = ['404 NoSuchEntity', 'The role with name none cannot be found.'] as const;
          await iam.refuses(name, { RoleName: 'none', ...input }, missing);
          await iam.refuses(name, { ...admin, ...input }, ['404 NoSuchEntity', /Admin/], foreignRoot);
        }
      }),
    );

    test(
      'and users can be given a boundary, another one, and none',
      on(async (iam) => {
        await iam.createRole('Admin');
        await iam.createUser('bob');
        const own = await iam.createPolicy('bound');
        for (const [noun, name] of [
          ['Role', admin],
          ['User', { UserName: 'bob' }],
        ] as const) {
          for (const arn of [boundaryArn, own]) {
            await iam.call(`Put${noun}PermissionsBoundary`, { ...name, PermissionsBoundary: arn });
            const { PermissionsBoundary } = inside(await iam.call(`Get${noun}`, name), noun);
            assert.deepEqual(PermissionsBoundary, {
              PermissionsBoundaryType: 'Policy',
              PermissionsBoundaryArn: arn,
            });
          }
          const deletion = ['409 DeleteConflict', 'Cannot delete a policy attached to entities.'] as const;
          await iam.refuses('DeletePolicy', { PolicyArn: own }, deletion);
          await iam.call(`Delete${noun}PermissionsBoundary`, name);
          assert.equal(inside(await iam.call(`Get${noun}`, name), noun).PermissionsBoundary, undefined);
          const missing = `arn:aws:iam::${accountId}:policy/none`;
          await iam.refuses(`Put${noun}PermissionsBoundary`, { ...name, PermissionsBoundary: missing }, [
            '404 NoSuchEntity',
            `Scope ARN: ${missing} does not exist or is not attachable.`,
          ]);
        }
        await iam.call('DeletePolicy', { PolicyArn: own });
      }),
    );
  });
}

describe('roles', () => {
  const notTrust = [
    ['no JSON', '{', /./],
    ['a policy that names nobody', allowAll, /./],
    ['a list', '[]', /./],
    ['with __proto__', '{"Version":"2012-10-17","Statement":[],"__proto__":{}}', /./],
  ] as const;
  for (const [what, document, message] of notTrust) {
    test(`trust nothing that is ${what}`, async () => {
      const iam = new IamUnderTest(new MemoryIdentityStore());
      const refusal = ['400 MalformedPolicyDocument', message] as const;
      await iam.refuses('CreateRole', { ...admin, AssumeRolePolicyDocument: document }, refusal);
      await iam.createRole('Admin');
      await iam.refuses('UpdateAssumeRolePolicy', { ...admin, PolicyDocument: document }, refusal);
    });
  }

  test('trust users and roles of their own account only where those are, by their exact ARN', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    await iam.createUser('bob', { Path: '/x/' });
    const trusting = (...arns: string[]) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { AWS: arns }, Action: 'sts:AssumeRole' }],
      });
    const bob = `arn:aws:iam::${accountId}:user/x/bob`;
    const elsewhere = 'arn:aws:iam::444455556666:role/any';
    await iam.createRole('Admin', { AssumeRolePolicyDocument: trusting(bob, elsewhere) });
    for (const arn of [`arn:aws:iam::${accountId}:user/bob`, `arn:aws:iam::${accountId}:role/none`]) {
      const refusal = ['400 MalformedPolicyDocument', `Invalid principal in policy: "AWS":"${arn}"`] as const;
      const PolicyDocument = trusting(bob, arn);
      await iam.refuses('UpdateAssumeRolePolicy', { ...admin, PolicyDocument }, refusal);
      await iam.refuses('CreateRole', { RoleName: 'new', AssumeRolePolicyDocument: PolicyDocument }, refusal);
    }
  });

  test('go on trusting who was renamed, and never who gets the name of one that is gone', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    const trusting = (...arns: string[]) =>
      JSON.stringify({
        Version: '2012-10-17',
        Statement: { Effect: 'Allow', Principal: { AWS: arns }, Action: 'sts:AssumeRole' },
      });
    await iam.createUser('bob');
    await iam.createRole('Helper');
    const user = (name: string) => `arn:aws:iam::${accountId}:user/${name}`;
    const helper = `arn:aws:iam::${accountId}:role/Helper`;
    const foreign = { RoleName: 'Foreign', AssumeRolePolicyDocument: trusting(user('bob')) };
    await iam.call('CreateRole', foreign, foreignRoot);
    await iam.createRole('Admin', { AssumeRolePolicyDocument: trusting(user('bob'), helper, accountId) });
    const trusted = async (RoleName: string, as = root) => {
      const role = inside(await iam.call('GetRole', { RoleName }, as), 'Role');
      return JSON.parse(decodeURIComponent(String(role.AssumeRolePolicyDocument))).Statement[0].Principal.AWS;
    };
    await iam.call('UpdateUser', { UserName: 'bob', NewUserName: 'rob', NewPath: '/x/' });
    assert.deepEqual(await trusted('Admin'), [user('x/rob'), helper, accountId]);
    const { UserId } = inside(await iam.call('GetUser', { UserName: 'rob' }), 'User');
    const { RoleId } = inside(await iam.call('GetRole', { RoleName: 'Helper' }), 'Role');
    await iam.call('DeleteUser', { UserName: 'rob' });
    await iam.call('DeleteRole', { RoleName: 'Helper' });
    await iam.createUser('rob', { Path: '/x/' });
    await iam.createRole('Helper');
    assert.deepEqual(await trusted('Admin'), [UserId, RoleId, accountId]);
    assert.deepEqual(await trusted('Foreign', foreignRoot), [UserId]);
    const PolicyDocument = trusting(String(UserId), String(RoleId));
    await iam.call('UpdateAssumeRolePolicy', { ...admin, PolicyDocument });
  });

  test('trust documents of 2,048 characters at most, white space not counted', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    const padded = (size: number) => {
      const empty = trustRoot.replace('"Effect"', '"Sid":"","Effect"');
      return empty.replace('"Sid":""', `"Sid":"${'a'.repeat(size - empty.length)}"`);
    };
    await iam.createRole('Fits', {
      AssumeRolePolicyDocument: padded(2_048).replace('{', `{${' '.repeat(500)}`),
    });
    await iam.refuses('CreateRole', { ...admin, AssumeRolePolicyDocument: padded(2_049) }, [
      '409 LimitExceeded',
      'Cannot exceed quota for ACLSizePerRole: 2048',
    ]);
  });

  test('have a description, a duration, a path and a name within bounds', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    const input = { ...admin, AssumeRolePolicyDocument: trustRoot };
    const wrong: [object, RegExp][] = [
      [{ MaxSessionDuration: 3_599 }, /maxSessionDuration.*greater than or equal to 3600/],
      [{ MaxSessionDuration: 43_201 }, /maxSessionDuration.*less than or equal to 43200/],
      [{ Description: 'x'.repeat(1_001) }, /description.*1000/],
      [{ Description: 'a\u0000b' }, /description/],
      [{ RoleName: 'x'.repeat(65) }, /roleName.*64/],
      [{ Path: '/a b/' }, /path/],
      [{ Path: '//' }, /path/],
      [{ Path: '/aws-service-role/x/' }, /reserved/],
    ];
    for (const [members, message] of wrong) {
      await iam.refuses('CreateRole', { ...input, ...members }, ['400 ValidationError', message]);
    }
  });
});
