import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { IdentityStore } from '../../store/identity-store.ts';
import { MemoryIdentityStore } from '../../store/memory/memory-identity-store.ts';
import { openSqliteIdentityStore } from '../../store/sqlite/sqlite-identity-store.ts';
import { changeOrganization } from './change-organization.ts';
import { deregisterDelegate, registerDelegate } from './delegation.ts';
import { createOrganizationDirectory } from './organization-directory.ts';
import type { OrganizationEntity, OrganizationMemberEntity } from './organization-entities.ts';
import type { OrganizationState } from './organization-state.ts';

const management = '111111111111';
const service = 'cloudtrail.amazonaws.com';
const part = { tags: [], attachedPolicies: [] } as const;

function member(accountId: string): OrganizationMemberEntity {
  return { accountId, parentId: 'r-root', joinedMethod: 'CREATED', joinedAtMs: 0, ...part };
}

async function makeOrganization(store: IdentityStore): Promise<void> {
  const entity: OrganizationEntity = {
    organizationId: 'o-example001',
    managementAccountId: management,
    featureSet: 'ALL',
    createdAtMs: 0,
    root: { id: 'r-root', ...part },
    isServiceControlEnabled: false,
    serviceAccess: { [service]: 0 },
  };
  const document = { accountId: management, expectedRevision: 0 };
  await store.commit([
    { ...document, kind: 'organization', name: entity.organizationId, body: JSON.stringify(entity) },
    { ...document, kind: 'organizationMember', name: management, body: JSON.stringify(member(management)) },
  ]);
}

function change(
  store: IdentityStore,
  decide: (state: OrganizationState) => Parameters<IdentityStore['commit']>[0],
): Promise<void> {
  return changeOrganization({
    store,
    managementAccountId: management,
    decide: (state) => ({ result: undefined, changes: decide(state) }),
    gone: () => new Error('gone'),
    conflict: () => new Error('conflict'),
  });
}

const joinAs = (store: IdentityStore, id: string) =>
  change(store, (state) => [state.put('organizationMember', id, member(id))]);
const leave = (store: IdentityStore, id: string) =>
  change(store, (state) => [state.remove('organizationMember', id)]);

test('joining, leaving and delegation are seen by the next question, also of another directory', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'opentrail-organization-'));
  const store = await openSqliteIdentityStore(join(folder, 'catalog.sqlite'));
  const other = await openSqliteIdentityStore(join(folder, 'catalog.sqlite'));
  try {
    const directories = [createOrganizationDirectory(store), createOrganizationDirectory(other)];
    const account = '222222222222';
    const visible = () => Promise.all(directories.map((one) => one.accountsVisibleTo(management, service)));
    const own = () => Promise.all(directories.map((one) => one.accountsVisibleTo(account, service)));
    assert.deepEqual(await visible(), [[management], [management]]);
    await makeOrganization(store);
    await joinAs(store, account);
    const both = [management, account];
    assert.deepEqual(await visible(), [both, both]);
    assert.deepEqual(await own(), [[account], [account]]);
    const facts = { accountId: account, servicePrincipal: service };
    await change(store, (state) => registerDelegate(state, { ...facts, nowMs: 0 }).changes);
    assert.deepEqual(await own(), [both, both]);
    assert.equal(await directories[1]?.isDelegatedAdministrator(account, service), true);
    assert.equal(await directories[1]?.isDelegatedAdministrator(account, 'config.amazonaws.com'), false);
    await change(store, (state) => deregisterDelegate(state, facts)?.changes ?? []);
    assert.deepEqual(await own(), [[account], [account]]);
    await leave(store, account);
    assert.deepEqual(await visible(), [[management], [management]]);
    assert.equal(await directories[1]?.organizationOf(account), undefined);
    assert.deepEqual(await directories[1]?.membersOf('o-example001'), [management]);
    assert.equal(await directories[1]?.isManagementAccount(management), true);
  } finally {
    await store.close();
    await other.close();
    await rm(folder, { recursive: true });
  }
});

test('a commit that is not about the organization costs a few reads, and none costs none', async () => {
  const store = new CountingStore();
  await makeOrganization(store);
  for (let n = 0; n < 50; n += 1) await joinAs(store, String(200_000_000_000 + n));
  const directory = createOrganizationDirectory(store);
  await directory.organizationOf('200000000007');
  store.reads = 0;
  await directory.organizationOf('200000000007');
  assert.equal(store.reads, 0);
  await store.commit([{ kind: 'user', accountId: management, name: 'u', body: '{}', expectedRevision: 0 }]);
  await directory.organizationOf('200000000007');
  assert.equal(store.reads, 1);
  await directory.organizationOf('999999999999');
  store.reads = 0;
  await directory.organizationOf('999999999999');
  assert.equal(store.reads, 0);
});

test('of many changes at once none is lost', async () => {
  const store = new MemoryIdentityStore();
  await makeOrganization(store);
  const ids = Array.from({ length: 8 }, (_, n) => String(200_000_000_000 + n));
  await Promise.all(ids.map((id) => joinAs(store, id)));
  const directory = createOrganizationDirectory(store);
  assert.deepEqual(await directory.membersOf('o-example001'), [management, ...ids]);
});

test('a change of an organization that is gone, or that others change again and again, says so', async () => {
  const store = new MemoryIdentityStore();
  await assert.rejects(
    change(store, () => []),
    /gone/,
  );
  await makeOrganization(store);
  const rival = async (state: OrganizationState) => {
    await joinAs(store, String(300_000_000_000 + state.members.size));
    return { result: undefined, changes: [] };
  };
  const never = changeOrganization({
    store,
    managementAccountId: management,
    decide: rival,
    gone: () => new Error('gone'),
    conflict: () => new Error('conflict'),
  });
  await assert.rejects(never, /conflict/);
});

class CountingStore extends MemoryIdentityStore {
  reads = 0;

  override get(...query: Parameters<IdentityStore['get']>) {
    this.reads += 1;
    return super.get(...query);
  }

  override find(...query: Parameters<IdentityStore['find']>) {
    this.reads += 1;
    return super.find(...query);
  }

  override list(...query: Parameters<IdentityStore['list']>) {
    this.reads += 1;
    return super.list(...query);
  }
}
