import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { management, OrganizationsUnderTest } from './organizations-under-test.contract.ts';

describe('organizational units', () => {
  test('form a tree under the root, in which each has its own name under its parent', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const root = await aws.rootId();
    const team = await aws.newUnit('team');
    const inner = await aws.newUnit('inner', team);
    const { OrganizationalUnit: unit } = await aws.call<{ OrganizationalUnit: Record<string, string> }>(
      'DescribeOrganizationalUnit',
      { OrganizationalUnitId: inner },
    );
    assert.equal(unit.Name, 'inner');
    assert.match(unit.Path ?? '', new RegExp(`^o-[a-z0-9]{10}/${root}/${team}/${inner}/$`));
    assert.match(unit.Arn ?? '', new RegExp(`^arn:aws:organizations::${management}:ou/o-.{10}/${inner}$`));
    assert.equal(
      await aws.refusal('CreateOrganizationalUnit', { ParentId: team, Name: 'inner' }),
      'DuplicateOrganizationalUnitException',
    );
    await aws.newUnit('inner', root);
    const other = await aws.newUnit('other');
    assert.equal(
      await aws.refusal('UpdateOrganizationalUnit', { OrganizationalUnitId: other, Name: 'team' }),
      'DuplicateOrganizationalUnitException',
    );
    await aws.call('UpdateOrganizationalUnit', { OrganizationalUnitId: other, Name: 'third' });
    const { OrganizationalUnits: units } = await aws.call<{ OrganizationalUnits: { Name: string }[] }>(
      'ListOrganizationalUnitsForParent',
      { ParentId: root },
    );
    assert.deepEqual(units.map(({ Name }) => Name).sort(), ['inner', 'team', 'third']);
  });

  test('are found by their parents and children', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const [root, team] = [await aws.rootId(), await aws.newUnit('team')];
    const children = (ChildType: string) => aws.call('ListChildren', { ParentId: root, ChildType });
    assert.deepEqual(await children('ORGANIZATIONAL_UNIT'), {
      Children: [{ Id: team, Type: 'ORGANIZATIONAL_UNIT' }],
    });
    assert.deepEqual(await children('ACCOUNT'), { Children: [{ Id: management, Type: 'ACCOUNT' }] });
    assert.deepEqual(await aws.call('ListParents', { ChildId: team }), {
      Parents: [{ Id: root, Type: 'ROOT' }],
    });
    const missing = `ou-${root.slice(2)}-missing12`;
    assert.equal(await aws.refusal('ListParents', { ChildId: missing }), 'ChildNotFoundException');
    for (const name of ['ListAccountsForParent', 'ListOrganizationalUnitsForParent']) {
      assert.equal(await aws.refusal(name, { ParentId: missing }), 'ParentNotFoundException');
    }
    assert.equal(
      await aws.refusal('ListChildren', { ParentId: missing, ChildType: 'ACCOUNT' }),
      'ParentNotFoundException',
    );
    assert.equal(
      await aws.refusal('CreateOrganizationalUnit', { ParentId: missing, Name: 'a' }),
      'ParentNotFoundException',
    );
  });

  test('nest at most five deep', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    let parentId = await aws.rootId();
    for (let depth = 1; depth <= 5; depth += 1) parentId = await aws.newUnit('unit', parentId);
    assert.equal(
      await aws.refusal('CreateOrganizationalUnit', { ParentId: parentId, Name: 'a' }),
      'ConstraintViolationException OU_DEPTH_LIMIT_EXCEEDED',
    );
  });

  test('are deleted only when nothing is in them', async () => {
    const aws = await OrganizationsUnderTest.withOrganization();
    const team = await aws.newUnit('team');
    const inner = await aws.newUnit('inner', team);
    const account = await aws.newAccount();
    await aws.call('MoveAccount', {
      AccountId: account,
      SourceParentId: await aws.rootId(),
      DestinationParentId: inner,
    });
    const remove = (id: string) => aws.refusal('DeleteOrganizationalUnit', { OrganizationalUnitId: id });
    assert.equal(await remove(team), 'OrganizationalUnitNotEmptyException');
    assert.equal(await remove(inner), 'OrganizationalUnitNotEmptyException');
    await aws.call('RemoveAccountFromOrganization', { AccountId: account });
    assert.equal(await remove(inner), 'none');
    assert.equal(await remove(team), 'none');
    assert.equal(await remove(team), 'OrganizationalUnitNotFoundException');
  });
});
