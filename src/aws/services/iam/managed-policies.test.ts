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

const kinds = [
  { noun: 'User', name: { UserName: 'it' } },
  { noun: 'Group', name: { GroupName: 'it' } },
  { noun: 'Role', name: { RoleName: 'it' } },
] as const;

async function withHolders(iam: IamUnderTest): Promise<void> {
  await iam.createUser('it');
  await iam.createGroup('it');
  await iam.createRole('it');
}

for (const { backend, on } of backends) {
  describe(`managed policies on ${backend}`, () => {
    test(
      'are made with id, ARN and a first version, and cannot be made twice whatever path or case',
      on(async (iam) => {
        const input = { PolicyName: 'Read', PolicyDocument: allowAll, Path: '/x/', Description: 'd' };
        const made = inside(
          await iam.call('CreatePolicy', { ...input, Tags: [{ Key: 'a', Value: 'b' }] }),
          'Policy',
        );
        const { PolicyId, ...rest } = made;
        assert.match(String(PolicyId), /^ANPA[A-Z2-7]{17}$/);
        const PolicyArn = `arn:aws:iam::${accountId}:policy/x/Read`;
        assert.deepEqual(rest, {
          PolicyName: 'Read',
          Arn: PolicyArn,
          Path: '/x/',
          DefaultVersionId: 'v1',
          AttachmentCount: 0,
          PermissionsBoundaryUsageCount: 0,
          IsAttachable: true,
          CreateDate: '2026-11-21T07:30:00Z',
          UpdateDate: '2026-11-21T07:30:00Z',
          Description: 'd',
          Tags: [{ Key: 'a', Value: 'b' }],
        });
        assert.deepEqual(await iam.call('GetPolicy', { PolicyArn }), { Policy: made });
        for (const again of [{ PolicyName: 'READ' }, { PolicyName: 'read', Path: '/other/' }]) {
          await iam.refuses('CreatePolicy', { ...input, ...again }, [
            '409 EntityAlreadyExists',
            `A policy called ${again.PolicyName} already exists. Duplicate names are not allowed.`,
          ]);
        }
        await iam.call('DeletePolicy', { PolicyArn });
        await iam.call('CreatePolicy', { ...input, PolicyName: 'read', Path: '/other/' });
      }),
    );

    test(
      'are attached, told by both sides, and detached',
      on(async (iam) => {
        await withHolders(iam);
        const PolicyArn = await iam.createPolicy('p', { Path: '/x/' });
        for (const { noun, name } of kinds) {
          await iam.call(`Attach${noun}Policy`, { ...name, PolicyArn });
          await iam.call(`Attach${noun}Policy`, { ...name, PolicyArn });
          await iam.call(`Attach${noun}Policy`, { ...name, PolicyArn: boundaryArn });
          const listed = await iam.call(`ListAttached${noun}Policies`, name);
          assert.deepEqual(pluck(listed.AttachedPolicies, 'PolicyName'), ['p', 'IAMReadOnlyAccess']);
          const ofPath = await iam.call(`ListAttached${noun}Policies`, { ...name, PathPrefix: '/x/' });
          assert.deepEqual(pluck(ofPath.AttachedPolicies, 'PolicyArn'), [PolicyArn]);
        }
        assert.equal(inside(await iam.call('GetPolicy', { PolicyArn }), 'Policy').AttachmentCount, 3);
        const entities = await iam.call('ListEntitiesForPolicy', { PolicyArn });
        assert.deepEqual(
          [
            pluck(entities.PolicyUsers, 'UserName'),
            pluck(entities.PolicyGroups, 'GroupName'),
            pluck(entities.PolicyRoles, 'RoleName'),
          ],
          [['it'], ['it'], ['it']],
        );
        await iam.refuses('DeletePolicy', { PolicyArn }, [
          '409 DeleteConflict',
          'Cannot delete a policy attached to entities.',
        ]);
        for (const { noun, name } of kinds) {
          await iam.call(`Detach${noun}Policy`, { ...name, PolicyArn });
          await iam.refuses(`Detach${noun}Policy`, { ...name, PolicyArn }, [
            '404 NoSuchEntity',
            `Policy ${PolicyArn} was not found.`,
          ]);
        }
        await iam.call('DeletePolicy', { PolicyArn });
        await iam.refuses('GetPolicy', { PolicyArn }, [
          '404 NoSuchEntity',
          `Policy ${PolicyArn} was not found.`,
        ]);
      }),
    );

    test(
      'are attached only where they are this account\u2019s own or AWS\u2019s, by their exact ARN',
      on(async (iam) => {
        await withHolders(iam);
        await iam.createPolicy('p', { Path: '/x/' });
        const missing = [
          `arn:aws:iam::${accountId}:policy/none`,
          `arn:aws:iam::${accountId}:policy/X/p`,
          `arn:aws:iam::${accountId}:policy/p`,
          'arn:aws:iam::444455556666:policy/x/p',
          'arn:aws:iam::aws:policy/NoSuchAccess',
        ];
        const malformed = [
          `arn:aws:iam::${accountId}:user/policy/p`,
          `arn:aws:iam:us-east-1:${accountId}:policy/p`,
          'not-an-arn-at-all-and-long',
          `arn:aws:iam::${accountId}:policy/`,
        ];
        for (const { noun, name } of kinds) {
          for (const PolicyArn of missing) {
            const sentence = `Policy ${PolicyArn} does not exist or is not attachable.`;
            await iam.refuses(`Attach${noun}Policy`, { ...name, PolicyArn }, ['404 NoSuchEntity', sentence]);
          }
          for (const PolicyArn of malformed) {
            const refusal = ['400 InvalidInput', `ARN ${PolicyArn} is not valid.`] as const;
            await iam.refuses(`Attach${noun}Policy`, { ...name, PolicyArn }, refusal);
            await iam.refuses(`Detach${noun}Policy`, { ...name, PolicyArn }, refusal);
          }
          await iam.refuses(`Attach${noun}Policy`, { ...name, PolicyArn: 'arn:short' }, [
            '400 ValidationError',
            /policyArn/,
          ]);
          const foreign = [
            '404 NoSuchEntity',
            `The ${noun.toLowerCase()} with name it cannot be found.`,
          ] as const;
          await iam.refuses(`Attach${noun}Policy`, { ...name, PolicyArn: boundaryArn }, foreign, foreignRoot);
        }
      }),
    );

    test(
      'are ten at most on a user, group or role',
      on(async (iam) => {
        await withHolders(iam);
        const arns: string[] = [];
        for (let n = 0; n <= 10; n++) arns.push(await iam.createPolicy(`p${n}`));
        for (const { noun, name } of kinds) {
          for (const PolicyArn of arns.slice(0, 10))
            await iam.call(`Attach${noun}Policy`, { ...name, PolicyArn });
          await iam.refuses(`Attach${noun}Policy`, { ...name, PolicyArn: arns[10] ?? '' }, [
            '409 LimitExceeded',
            `Cannot exceed quota for PoliciesPer${noun}: 10`,
          ]);
        }
      }),
    );

    test(
      'have five versions at most, of which one counts',
      on(async (iam) => {
        const PolicyArn = await iam.createPolicy('p');
        const document = (n: number) => allowAll.replace('"Action":"*"', `"Action":"s3:Get${n}"`);
        for (let n = 2; n <= 5; n++) {
          iam.nowMs += 1_000;
          const input = { PolicyArn, PolicyDocument: document(n), SetAsDefault: n === 3 };
          const { PolicyVersion } = await iam.call('CreatePolicyVersion', input);
          assert.deepEqual(PolicyVersion, {
            VersionId: `v${n}`,
            IsDefaultVersion: n === 3,
            CreateDate: new Date(iam.nowMs - 250).toISOString().replace('.000Z', 'Z'),
          });
        }
        await iam.refuses('CreatePolicyVersion', { PolicyArn, PolicyDocument: allowAll }, [
          '409 LimitExceeded',
          'A managed policy can have up to 5 versions. Before you create a new version, you must delete an existing version.',
        ]);
        const { PolicyVersion } = await iam.call('GetPolicyVersion', { PolicyArn, VersionId: 'v3' });
        assert.equal(
          decodeURIComponent(String((PolicyVersion as { Document: string }).Document)),
          document(3),
        );
        await iam.refuses('DeletePolicyVersion', { PolicyArn, VersionId: 'v3' }, [
          '409 DeleteConflict',
          'Cannot delete the default version of a policy.',
        ]);
        await iam.refuses('DeletePolicy', { PolicyArn }, ['409 DeleteConflict', /more than one version/]);
        await iam.call('SetDefaultPolicyVersion', { PolicyArn, VersionId: 'v5' });
        for (const VersionId of ['v1', 'v3']) await iam.call('DeletePolicyVersion', { PolicyArn, VersionId });
        await iam.call('CreatePolicyVersion', { PolicyArn, PolicyDocument: allowAll });
        const { Versions } = await iam.call('ListPolicyVersions', { PolicyArn });
        assert.deepEqual(pluck(Versions, 'VersionId'), ['v6', 'v5', 'v4', 'v2']);
        assert.deepEqual(pluck(Versions, 'IsDefaultVersion'), [false, true, false, false]);
        for (const name of ['GetPolicyVersion', 'SetDefaultPolicyVersion', 'DeletePolicyVersion']) {
          await iam.refuses(name, { PolicyArn, VersionId: 'v1' }, [
            '404 NoSuchEntity',
            `Policy ${PolicyArn} version v1 does not exist or is not attachable.`,
          ]);
          await iam.refuses(name, { PolicyArn, VersionId: '1' }, ['400 ValidationError', /versionId/]);
        }
      }),
    );

    test(
      'of AWS are there for everyone and nobody\u2019s to change',
      on(async (iam) => {
        const PolicyArn = boundaryArn;
        const policy = inside(await iam.call('GetPolicy', { PolicyArn }), 'Policy');
        const version = await iam.call('GetPolicyVersion', {
          PolicyArn,
          VersionId: policy.DefaultVersionId ?? '',
        });
        assert.match(String(inside(version, 'PolicyVersion').Document), /iam%3AGet/);
        const changes: [string, object][] = [
          ['DeletePolicy', {}],
          ['CreatePolicyVersion', { PolicyDocument: allowAll }],
          ['SetDefaultPolicyVersion', { VersionId: policy.DefaultVersionId }],
          ['DeletePolicyVersion', { VersionId: policy.DefaultVersionId }],
          ['TagPolicy', { Tags: [{ Key: 'a', Value: 'b' }] }],
        ];
        for (const [name, input] of changes) {
          await iam.refuses(name, { PolicyArn, ...input }, ['400 InvalidInput', /AWS managed policy/]);
        }
      }),
    );

    test(
      'are listed by scope, path and use, in pages',
      on(async (iam) => {
        await withHolders(iam);
        const own = [await iam.createPolicy('b', { Path: '/x/' }), await iam.createPolicy('a')];
        await iam.call('AttachUserPolicy', { UserName: 'it', PolicyArn: own[0] ?? '' });
        await iam.call('PutRolePermissionsBoundary', { RoleName: 'it', PermissionsBoundary: own[1] ?? '' });
        const list = async (input: object) =>
          pluck((await iam.call('ListPolicies', { ...input })).Policies, 'PolicyName');
        assert.deepEqual(await list({ Scope: 'Local' }), ['a', 'b']);
        assert.deepEqual(await list({ Scope: 'Local', PathPrefix: '/x/' }), ['b']);
        assert.deepEqual(await list({ OnlyAttached: true }), ['b']);
        assert.deepEqual(await list({ PolicyUsageFilter: 'PermissionsPolicy' }), ['b']);
        assert.deepEqual(await list({ PolicyUsageFilter: 'PermissionsBoundary' }), ['a']);
        assert.ok((await list({ Scope: 'AWS' })).includes('IAMReadOnlyAccess'));
        const all = await list({});
        const paged: unknown[] = [];
        for (let Marker: string | undefined, isMore = true; isMore; ) {
          const page = await iam.call('ListPolicies', {
            MaxItems: 2,
            ...(Marker === undefined ? {} : { Marker }),
          });
          paged.push(...pluck(page.Policies, 'PolicyName'));
          Marker = page.Marker as string | undefined;
          isMore = page.IsTruncated === true;
        }
        assert.deepEqual(paged, all);
        assert.deepEqual((await iam.call('ListPolicies', { Scope: 'Local' }, foreignRoot)).Policies, []);
        const filter = async (input: object) =>
          pluck(
            (await iam.call('ListEntitiesForPolicy', { PolicyArn: own[1] ?? '', ...input })).PolicyRoles,
            'RoleName',
          );
        assert.deepEqual(await filter({}), ['it']);
        assert.deepEqual(await filter({ PolicyUsageFilter: 'PermissionsPolicy' }), []);
        assert.deepEqual(await filter({ EntityFilter: 'User' }), []);
      }),
    );

    test(
      'are not found where they are not, nor by another account',
      on(async (iam) => {
        const own = await iam.createPolicy('p');
        const none = `arn:aws:iam::${accountId}:policy/none`;
        const calls: [string, object][] = [
          ['GetPolicy', {}],
          ['DeletePolicy', {}],
          ['CreatePolicyVersion', { PolicyDocument: allowAll }],
          ['GetPolicyVersion', { VersionId: 'v1' }],
          ['SetDefaultPolicyVersion', { VersionId: 'v1' }],
          ['DeletePolicyVersion', { VersionId: 'v1' }],
          ['ListPolicyVersions', {}],
          ['ListEntitiesForPolicy', {}],
          ['ListPolicyTags', {}],
          ['TagPolicy', { Tags: [] }],
          ['UntagPolicy', { TagKeys: [] }],
        ];
        for (const [name, input] of calls) {
          const refusal = (arn: string) => ['404 NoSuchEntity', `Policy ${arn} was not found.`] as const;
          await iam.refuses(name, { PolicyArn: none, ...input }, refusal(none));
          await iam.refuses(name, { PolicyArn: own, ...input }, refusal(own), foreignRoot);
        }
      }),
    );
  });
}

describe('managed policies', () => {
  test('have 6,144 characters at most, white space not counted', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    const empty = allowAll.replace('"Effect"', '"Sid":"","Effect"');
    const ofSize = (size: number) => empty.replace('"Sid":""', `"Sid":"${'a'.repeat(size - empty.length)}"`);
    await iam.createPolicy('fits', { PolicyDocument: `${ofSize(6_144)}${' '.repeat(5_000)}` });
    const refusal = ['409 LimitExceeded', 'Cannot exceed quota for PolicySize: 6144'] as const;
    await iam.refuses('CreatePolicy', { PolicyName: 'p', PolicyDocument: ofSize(6_145) }, refusal);
    const PolicyArn = `arn:aws:iam::${accountId}:policy/fits`;
    await iam.refuses('CreatePolicyVersion', { PolicyArn, PolicyDocument: ofSize(6_145) }, refusal);
  });

  test('that are no policies are refused', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    const PolicyArn = await iam.createPolicy('p');
    for (const PolicyDocument of [
      '{}',
      '[]',
      'null',
      '{"Statement":[]}',
      allowAll.replace('Allow', 'Perhaps'),
    ]) {
      const refusal = ['400 MalformedPolicyDocument', /./] as const;
      await iam.refuses('CreatePolicy', { PolicyName: 'q', PolicyDocument }, refusal);
      await iam.refuses('CreatePolicyVersion', { PolicyArn, PolicyDocument }, refusal);
    }
  });

  test('that are made by two calls at once under one name are one', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    const paths = ['/a/', '/b/', '/c/'];
    const made = await Promise.allSettled(paths.map((Path) => iam.createPolicy('same', { Path })));
    assert.equal(made.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.equal(pluck((await iam.call('ListPolicies', { Scope: 'Local' })).Policies, 'Arn').length, 1);
  });

  test('that are attached while they are deleted stay', async () => {
    const store = new MemoryIdentityStore();
    const quick = new IamUnderTest(store);
    await withHolders(quick);
    const PolicyArn = await quick.createPolicy('p');
    const attach = async () => void (await quick.call('AttachRolePolicy', { RoleName: 'it', PolicyArn }));
    const slow = new IamUnderTest(contended(store, attach));
    await assert.rejects(slow.call('DeletePolicy', { PolicyArn }), { code: 'DeleteConflict' });
  });

  test('that are deleted while they are attached are attached to nothing', async () => {
    const store = new MemoryIdentityStore();
    const quick = new IamUnderTest(store);
    await withHolders(quick);
    const PolicyArn = await quick.createPolicy('p');
    const remove = async () => void (await quick.call('DeletePolicy', { PolicyArn }));
    const slow = new IamUnderTest(contended(store, remove));
    await assert.rejects(slow.call('AttachRolePolicy', { RoleName: 'it', PolicyArn }), {
      code: 'NoSuchEntity',
    });
    assert.deepEqual((await quick.call('ListAttachedRolePolicies', { RoleName: 'it' })).AttachedPolicies, []);
  });
});
