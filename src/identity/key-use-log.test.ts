import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { silentLog } from '../base/log.ts';
import { MemoryIdentityStore } from '../store/memory/memory-identity-store.ts';
import { HOME, IdentityUnderTest, ROOT_KEY, START_MS } from './identity-under-test.contract.ts';
import { type KeyUseLog, openKeyUseLog } from './key-use-log.ts';

let identity: IdentityUnderTest;
let uses: KeyUseLog;
beforeEach(async () => {
  identity = await IdentityUnderTest.open(new MemoryIdentityStore());
  uses = openKeyUseLog({ store: identity.store, clock: identity.clock, log: silentLog });
  await identity.putUser('alice');
  await identity.putKey('AKIAALICE', 'alice');
});

const use = { kind: 'accessKeyUse', accountId: HOME, name: 'AKIAALICE' } as const;
const here = { region: 'eu-west-1', serviceName: 'cloudtrail' };

describe('the last use of a key', () => {
  it('is written once for many calls, later, and without anything having to be read again', async () => {
    const alice = await identity.principal('AKIAALICE');
    const version = identity.store.version();
    const generation = await identity.store.generation();
    for (let call = 0; call < 100; call++) uses.note(alice, here);
    assert.equal(await identity.store.get(use), undefined);
    await uses.flush();
    const written = JSON.parse((await identity.store.get(use))?.body ?? '{}');
    assert.deepEqual(written, { lastUsedMs: START_MS, ...here });
    assert.equal(await identity.store.generation(), generation + 1);
    assert.equal(identity.store.version(), version);
  });

  it('is written when its time has come, and at the end', async () => {
    const alice = await identity.principal('AKIAALICE');
    uses.note(alice, here);
    identity.timers.at(-1)?.();
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok((await identity.store.get(use)) !== undefined);
    identity.nowMs += 5_000;
    uses.note(alice, { ...here, region: 'us-east-1' });
    await uses.close();
    assert.equal(JSON.parse((await identity.store.get(use))?.body ?? '{}').region, 'us-east-1');
  });

  it('is kept of no key that is configured, was deleted meanwhile, or is temporary', async () => {
    const alice = await identity.principal('AKIAALICE');
    uses.note(alice, here);
    uses.note(await identity.principal(ROOT_KEY.accessKeyId), here);
    await identity.delete({ kind: 'accessKey', accountId: HOME, name: 'AKIAALICE' });
    await uses.flush();
    assert.equal(await identity.store.count({ kind: 'accessKeyUse', accountId: HOME }), 0);
  });

  it('of a role is kept with the role, now and then', async () => {
    await identity.putRole('Auditor');
    const { accessKeyId, sessionToken } = identity.sessions.issue({
      kind: 'role',
      accountId: HOME,
      roleName: 'Auditor',
      roleId: 'AROAAUDITOR',
      sessionName: 'ci',
      issuedAtMs: START_MS,
      expiresAtMs: START_MS + 3_600_000,
      hasMfa: false,
      tags: [],
      transitiveTagKeys: [],
      policyArns: [],
    });
    const session = await identity.principal(accessKeyId, sessionToken);
    const role = { kind: 'role', accountId: HOME, name: 'Auditor' } as const;
    const lastUsed = async () => {
      uses.note(session, here);
      await uses.flush();
      return JSON.parse((await identity.store.get(role))?.body ?? '{}').lastUsedMs;
    };
    assert.equal(await lastUsed(), START_MS);
    identity.nowMs += 60_000;
    assert.equal(await lastUsed(), START_MS);
    identity.nowMs += 900_000;
    assert.equal(await lastUsed(), START_MS + 960_000);
  });
});
