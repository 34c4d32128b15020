import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../../base/clock.ts';
import { silentLog } from '../../base/log.ts';
import { noMetrics } from '../../base/metrics.ts';
import { accessKeyForAccount, accountOfAccessKey } from '../../model/access-key-account.ts';
import type { Catalog, PrincipalRecord } from '../../store/catalog.ts';
import { createMemoryCatalog } from '../../store/memory/memory-catalog.ts';
import { type CatalogPrincipalDirectory, createPrincipalDirectory } from './create-principal-directory.ts';

const clock: Clock = {
  now: () => 10_000_000,
  monotonicMs: () => 0,
  after: () => ({ cancel() {} }),
  sleep: () => Promise.reject(new Error('nothing here sleeps')),
};

const alice: PrincipalRecord = {
  accessKeyId: 'AKIAALICE',
  accountId: '222222222222',
  userIdentityJson: JSON.stringify({
    type: 'IAMUser',
    principalId: 'AIDA1',
    arn: 'arn:aws:iam::222222222222:user/alice',
    accountId: '222222222222',
    userName: 'alice',
  }),
  source: 'learnt',
  learntAtMs: 1,
  expiresAtMs: null,
};

describe('principal directory', () => {
  let catalog: Catalog;
  let directory: CatalogPrincipalDirectory;

  const open = (on: Catalog) =>
    createPrincipalDirectory({
      catalog: on,
      accountId: '111111111111',
      rootAccessKeyId: 'AKIAROOT',
      clock,
      metrics: noMetrics,
      log: silentLog,
      cachedMax: 3,
    });

  beforeEach(() => {
    catalog = createMemoryCatalog();
    directory = open(catalog);
  });
  afterEach(() => directory.close());

  it('knows the configured root key, and lets no answer redefine it', async () => {
    await directory.learn([{ ...alice, accessKeyId: 'AKIAROOT' }]);
    assert.deepEqual(await directory.resolve('AKIAROOT'), {
      accountId: '111111111111',
      source: 'configured',
      userIdentity: {
        type: 'Root',
        principalId: '111111111111',
        arn: 'arn:aws:iam::111111111111:root',
        accountId: '111111111111',
        accessKeyId: 'AKIAROOT',
      },
    });
  });

  it('gives a learnt principal with its key in its place, after a restart too', async () => {
    await directory.learn([alice]);
    for (const each of [directory, open(catalog)]) {
      const { userIdentity, source, accountId } = await each.resolve('AKIAALICE');
      assert.deepEqual([source, accountId], ['learnt', '222222222222']);
      assert.deepEqual(Object.keys(userIdentity), [
        'type',
        'principalId',
        'arn',
        'accountId',
        'accessKeyId',
        'userName',
      ]);
      each.close();
    }
  });

  it('learns a key that was unknown when it was first seen', async () => {
    assert.equal((await directory.resolve('AKIAALICE')).source, 'none');
    await directory.learn([alice]);
    assert.equal((await directory.resolve('AKIAALICE')).source, 'learnt');
  });

  it('never overwrites a configured principal', async () => {
    await catalog.putPrincipal({ ...alice, source: 'configured' });
    await directory.learn([{ ...alice, userIdentityJson: '{"type":"Forged"}' }]);
    const { userIdentity, source } = await directory.resolve('AKIAALICE');
    assert.deepEqual([source, userIdentity.type], ['configured', 'IAMUser']);
  });

  it('keeps the end and the begin of a session, whatever it later tells of itself', async () => {
    const told = (
      attributes: object | undefined,
      expiresAtMs: number,
      arn = 'arn:aws:sts::2:assumed-role/a/b',
    ) => ({
      ...alice,
      accessKeyId: 'ASIASESSION',
      userIdentityJson: JSON.stringify({
        type: 'AssumedRole',
        principalId: 'AROA1:b',
        arn,
        sessionContext: { attributes },
      }),
      expiresAtMs,
    });
    const attributes = { creationDate: '2026-03-02T09:14:05Z', mfaAuthenticated: 'false' };
    const known = async () => {
      const { userIdentity } = await directory.resolve('ASIASESSION');
      const expiresAtMs = (await catalog.getPrincipal('ASIASESSION'))?.expiresAtMs;
      return [userIdentity.sessionContext?.attributes, expiresAtMs, userIdentity.arn?.slice(-1)];
    };
    await directory.learn([told(attributes, 11_000_000)]);
    await directory.learn([told(undefined, 99_000_000)]);
    assert.deepEqual(await known(), [attributes, 11_000_000, 'b']);
    await directory.learn([told(undefined, 99_000_000, 'arn:aws:sts::2:assumed-role/a/c')]);
    assert.deepEqual(await known(), [undefined, 99_000_000, 'c'], 'a key of somebody else is told anew');
  });

  it('tells the account of a key id where it holds one, else only the key', async () => {
    const accessKeyId = accessKeyForAccount('AKIA', '123456789012', new Uint8Array([1, 2, 3, 4, 5]));
    assert.deepEqual(await directory.resolve(accessKeyId), {
      accountId: '123456789012',
      source: 'decoded',
      userIdentity: { type: 'Unknown', accountId: '123456789012', accessKeyId },
    });
    assert.deepEqual(await directory.resolve('AKIAIOSFODNN7EXAMPLE'), {
      accountId: '111111111111',
      source: 'none',
      userIdentity: { type: 'Unknown', accessKeyId: 'AKIAIOSFODNN7EXAMPLE' },
    });
    assert.equal((await directory.resolve(undefined)).userIdentity.type, 'Unknown');
  });

  it('counts an unreadable catalog or record as not knowing', async () => {
    await catalog.putPrincipal({ ...alice, userIdentityJson: 'torn' });
    assert.equal((await directory.resolve('AKIAALICE')).source, 'none');
    const failing: Catalog = {
      ...createMemoryCatalog(),
      getPrincipal: () => Promise.reject(new Error('disk')),
      putPrincipal: () => Promise.reject(new Error('disk')),
    };
    const other = open(failing);
    assert.equal((await other.resolve('AKIAALICE')).source, 'none');
    await other.learn([alice]);
    other.close();
  });

  it('forgets temporary credentials an hour after they expired, and answers from more keys than it caches', async () => {
    const expired = { ...alice, accessKeyId: 'ASIAOLD', expiresAtMs: 10_000_000 - 3_600_000 };
    const recent = { ...alice, accessKeyId: 'ASIANEW', expiresAtMs: 9_999_999 };
    const more = ['AKIA1', 'AKIA2', 'AKIA3'].map((accessKeyId) => ({ ...alice, accessKeyId }));
    await directory.learn([expired, recent, ...more]);
    assert.equal(await directory.sweep(), 1);
    assert.equal((await directory.resolve('ASIAOLD')).source, 'none');
    for (const key of ['ASIANEW', 'AKIA1', 'AKIA2', 'AKIA3']) {
      assert.equal((await directory.resolve(key)).source, 'learnt', key);
    }
  });
});

describe('account of an access key id', () => {
  it('is the account that the id was made for, for every account and prefix', () => {
    const account = fc.bigInt({ min: 0n, max: 999_999_999_999n }).map((n) => n.toString().padStart(12, '0'));
    const random = fc.uint8Array({ minLength: 5, maxLength: 10 });
    fc.assert(
      fc.property(account, random, fc.constantFrom('AKIA', 'ASIA'), (accountId, bytes, prefix) => {
        const id = accessKeyForAccount(prefix, accountId, bytes);
        assert.match(id, /^A[KS]IA[A-Z2-7]{16}$/);
        assert.equal(accountOfAccessKey(id), accountId);
      }),
    );
  });

  it('is unknown for ids of emulators and malformed ones', () => {
    for (const id of [
      'test',
      'AKIAEXAMPLEROOT00001',
      'AKIA',
      '',
      'x'.repeat(1_000),
      'LKIAQAAAAAAALWQ2KXXX1',
    ]) {
      assert.equal(accountOfAccessKey(id), undefined, id);
    }
  });
});
