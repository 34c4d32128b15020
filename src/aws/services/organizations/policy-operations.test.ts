import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { management, OrganizationsUnderTest } from './organizations-under-test.contract.ts';

const Type = 'SERVICE_CONTROL_POLICY';
const Content = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Deny', Action: 'cloudtrail:StopLogging', Resource: '*' }],
});
const full = 'p-FullAWSAccess';

async function newPolicy(aws: OrganizationsUnderTest, Name: string): Promise<string> {
  const input = { Name, Description: '', Type, Content };
  const { Policy } = await aws.call<{ Policy: { PolicySummary: { Id: string } } }>('CreatePolicy', input);
  return Policy.PolicySummary.Id;
}

async function levels(aws: OrganizationsUnderTest, accountId: string) {
  const found = await aws.directory.serviceControlPolicies(accountId);
  return found.map(({ targetId, policies }) => [targetId, policies.map(({ id }) => id)]);
}

describe('service-control policies', () => {
  test('bound nobody before they are enabled', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const [TargetId, PolicyId] = [await aws.newAccount(), await newPolicy(aws, 'no-stop')];
    assert.deepEqual(await levels(aws, TargetId), []);
    assert.equal(await aws.refusal('AttachPolicy', { PolicyId, TargetId }), 'PolicyTypeNotEnabledException');
    const { Roots } = await aws.call<{ Roots: { PolicyTypes: object[] }[] }>('ListRoots');
    assert.deepEqual(Roots[0]?.PolicyTypes, []);
  });

  test('bound a member from the root through its units to itself, and never the management account', async () => {
    const aws = await OrganizationsUnderTest.withPolicies();
    const [account, root, unit] = [await aws.newAccount(), await aws.rootId(), await aws.newUnit('team')];
    await aws.call('MoveAccount', { AccountId: account, SourceParentId: root, DestinationParentId: unit });
    assert.deepEqual(await levels(aws, account), [
      [root, [full]],
      [unit, [full]],
      [account, [full]],
    ]);
    const policy = await newPolicy(aws, 'no-stop');
    await aws.call('AttachPolicy', { PolicyId: policy, TargetId: unit });
    assert.deepEqual(await levels(aws, account), [
      [root, [full]],
      [unit, [full, policy]],
      [account, [full]],
    ]);
    assert.deepEqual(await levels(aws, management), []);
    assert.deepEqual(await levels(aws, '999999999999'), []);
    const [, second] = await aws.directory.serviceControlPolicies(account);
    assert.deepEqual(
      second?.policies.map(({ document }) => JSON.parse(document).Statement[0].Effect),
      ['Allow', 'Deny'],
    );
  });

  test('are turned off and on as a whole, with only the one that allows everything attached again', async () => {
    const aws = await OrganizationsUnderTest.withPolicies();
    const [account, RootId] = [await aws.newAccount(), await aws.rootId()];
    const policy = await newPolicy(aws, 'no-stop');
    await aws.call('AttachPolicy', { PolicyId: policy, TargetId: account });
    const input = { RootId, PolicyType: Type };
    assert.equal(await aws.refusal('EnablePolicyType', input), 'PolicyTypeAlreadyEnabledException');
    await aws.call('DisablePolicyType', input);
    assert.deepEqual(await levels(aws, account), []);
    assert.equal(await aws.refusal('DisablePolicyType', input), 'PolicyTypeNotEnabledException');
    assert.equal(
      await aws.refusal('AttachPolicy', { PolicyId: policy, TargetId: account }),
      'PolicyTypeNotEnabledException',
    );
    const { Root } = await aws.call<{ Root: { PolicyTypes: object[] } }>('EnablePolicyType', input);
    assert.deepEqual(Root.PolicyTypes, [{ Type, Status: 'ENABLED' }]);
    assert.deepEqual(await levels(aws, account), [
      [RootId, [full]],
      [account, [full]],
    ]);
    assert.equal(
      await aws.refusal('EnablePolicyType', { RootId: 'r-none', PolicyType: Type }),
      'RootNotFoundException',
    );
    assert.equal(
      await aws.refusal('EnablePolicyType', { RootId, PolicyType: 'TAG_POLICY' }),
      'PolicyTypeNotAvailableForOrganizationException',
    );
  });

  test('are attached once, at most five to a target and never none', async () => {
    const aws = await OrganizationsUnderTest.withPolicies();
    const TargetId = await aws.newAccount();
    const attach = (PolicyId: string) => aws.refusal('AttachPolicy', { PolicyId, TargetId });
    const detach = (PolicyId: string) => aws.refusal('DetachPolicy', { PolicyId, TargetId });
    assert.equal(
      await detach(full),
      'ConstraintViolationException MIN_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED',
    );
    const policies: string[] = [];
    for (let n = 0; n < 5; n += 1) policies.push(await newPolicy(aws, `policy${n}`));
    const [first = '', ...rest] = policies;
    assert.equal(await detach(first), 'PolicyNotAttachedException');
    assert.equal(await attach(first), 'none');
    assert.equal(await attach(first), 'DuplicatePolicyAttachmentException');
    assert.equal(await detach(full), 'none');
    for (const policy of rest) assert.equal(await attach(policy), 'none');
    assert.equal(
      await attach(full),
      'ConstraintViolationException MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED',
    );
    assert.equal(
      await aws.refusal('AttachPolicy', { PolicyId: first, TargetId: '999999999999' }),
      'TargetNotFoundException',
    );
    assert.equal(await attach('p-missing1'), 'PolicyNotFoundException');
  });

  test('are listed by target and targets by policy', async () => {
    const aws = await OrganizationsUnderTest.withPolicies();
    const [account, root, unit] = [await aws.newAccount(), await aws.rootId(), await aws.newUnit('team')];
    const PolicyId = await newPolicy(aws, 'no-stop');
    for (const TargetId of [account, root, unit]) await aws.call('AttachPolicy', { PolicyId, TargetId });
    const { Targets } = await aws.call<{ Targets: { Type: string; Name: string }[] }>(
      'ListTargetsForPolicy',
      { PolicyId },
    );
    assert.deepEqual(Targets.map((target) => `${target.Type} ${target.Name}`).sort(), [
      'ACCOUNT one',
      'ORGANIZATIONAL_UNIT team',
      'ROOT Root',
    ]);
    const input = { TargetId: account, Filter: Type };
    const { Policies } = await aws.call<{ Policies: { Id: string; AwsManaged: boolean }[] }>(
      'ListPoliciesForTarget',
      input,
    );
    assert.deepEqual(
      Policies.map(({ Id, AwsManaged }) => [Id, AwsManaged]).sort(),
      [
        [full, true],
        [PolicyId, false],
      ].sort(),
    );
    assert.deepEqual(await aws.call('ListPoliciesForTarget', { ...input, Filter: 'TAG_POLICY' }), {
      Policies: [],
    });
    assert.equal(
      await aws.refusal('ListPoliciesForTarget', { TargetId: '999999999999', Filter: Type }),
      'TargetNotFoundException',
    );
  });

  test('are kept as they were given, under names of their own, and deleted when nothing has them', async () => {
    const aws = await OrganizationsUnderTest.withPolicies();
    const TargetId = await aws.newAccount();
    const PolicyId = await newPolicy(aws, 'no-stop');
    const { Policy } = await aws.call<{ Policy: { Content: string; PolicySummary: { Arn: string } } }>(
      'DescribePolicy',
      { PolicyId },
    );
    assert.equal(Policy.Content, Content);
    assert.match(
      Policy.PolicySummary.Arn,
      new RegExp(`^arn:aws:organizations::${management}:policy/o-.{10}/service_control_policy/${PolicyId}$`),
    );
    const input = { Name: 'no-stop', Description: '', Type, Content };
    assert.equal(await aws.refusal('CreatePolicy', input), 'DuplicatePolicyException');
    await aws.call('UpdatePolicy', { PolicyId, Name: 'renamed' });
    assert.equal(await aws.refusal('CreatePolicy', input), 'none');
    await aws.call('AttachPolicy', { PolicyId, TargetId });
    assert.equal(await aws.refusal('DeletePolicy', { PolicyId }), 'PolicyInUseException');
    await aws.call('DetachPolicy', { PolicyId, TargetId });
    assert.equal(await aws.refusal('DeletePolicy', { PolicyId }), 'none');
    assert.equal(await aws.refusal('DescribePolicy', { PolicyId }), 'PolicyNotFoundException');
    const { Policies } = await aws.call<{ Policies: { Name: string }[] }>('ListPolicies', { Filter: Type });
    assert.deepEqual(Policies.map(({ Name }) => Name).sort(), ['FullAWSAccess', 'no-stop']);
    for (const name of ['UpdatePolicy', 'DeletePolicy']) {
      assert.equal(await aws.refusal(name, { PolicyId: full }), 'InvalidInputException IMMUTABLE_POLICY');
    }
  });

  test('that are too long, no policy, or of a type that is not here are refused', async () => {
    const aws = await OrganizationsUnderTest.withPolicies();
    const create = (change: object) =>
      aws.refusal('CreatePolicy', { Name: 'a', Description: '', Type, Content, ...change });
    assert.equal(
      await create({ Content: Content + ' '.repeat(5_120) }),
      'ConstraintViolationException POLICY_CONTENT_LIMIT_EXCEEDED',
    );
    for (const content of ['{', '{}', '[]', '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe"}]}']) {
      assert.equal(await create({ Content: content }), 'MalformedPolicyDocumentException', content);
    }
    assert.equal(await create({ Type: 'TAG_POLICY' }), 'PolicyTypeNotAvailableForOrganizationException');
    const billing = await OrganizationsUnderTest.withOrganization({ FeatureSet: 'CONSOLIDATED_BILLING' });
    assert.equal(
      await billing.refusal('CreatePolicy', { Name: 'a', Description: '', Type, Content }),
      'PolicyTypeNotAvailableForOrganizationException',
    );
  });
});

describe('tags', () => {
  test('are put on the root, units, accounts and policies, and taken away', async () => {
    const aws = await OrganizationsUnderTest.withPolicies();
    const ids = [
      await aws.rootId(),
      await aws.newUnit('team'),
      await aws.newAccount(),
      await newPolicy(aws, 'no-stop'),
    ];
    for (const ResourceId of ids) {
      const tags = [
        { Key: 'a', Value: '1' },
        { Key: 'b', Value: '2' },
      ];
      await aws.call('TagResource', { ResourceId, Tags: tags });
      await aws.call('TagResource', { ResourceId, Tags: [{ Key: 'a', Value: '3' }] });
      await aws.call('UntagResource', { ResourceId, TagKeys: ['b'] });
      assert.deepEqual(await aws.call('ListTagsForResource', { ResourceId }), {
        Tags: [{ Key: 'a', Value: '3' }],
      });
    }
    const tag = (Tags: object[], ResourceId = ids[0] ?? '') =>
      aws.refusal('TagResource', { ResourceId, Tags: Tags as never });
    assert.equal(await tag([{ Key: 'a', Value: '' }], '999999999999'), 'TargetNotFoundException');
    assert.equal(
      await tag([{ Key: 'aws:a', Value: '' }]),
      'InvalidInputException INVALID_SYSTEM_TAGS_PARAMETER',
    );
    const twice = { Key: 'a', Value: '' };
    assert.equal(await tag([twice, twice]), 'InvalidInputException DUPLICATE_TAG_KEY');
    const many = Array.from({ length: 50 }, (_, n) => ({ Key: `k${n}`, Value: '' }));
    assert.equal(await tag(many), 'ConstraintViolationException MAX_TAG_LIMIT_EXCEEDED');
  });
});
