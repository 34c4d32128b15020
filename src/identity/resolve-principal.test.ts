import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { MemoryIdentityStore } from '../store/memory/memory-identity-store.ts';
import { HOME, IdentityUnderTest, OTHER, ROOT_KEY, START_MS } from './identity-under-test.contract.ts';
import { parsePolicy } from './policy/parse-policy.ts';
import { makeMasterKey } from './secrets/master-key.ts';
import type { SessionClaims } from './session/session-claims.ts';

let identity: IdentityUnderTest;
let inner: MemoryIdentityStore;
beforeEach(async () => {
  inner = new MemoryIdentityStore();
  identity = await IdentityUnderTest.open(inner);
});

const kindOf = async (accessKeyId: string, token?: string) =>
  (await identity.resolver.resolve(accessKeyId, token)).kind;

const claims = (members: Partial<SessionClaims>): SessionClaims => ({
  kind: 'user',
  accountId: HOME,
  issuedAtMs: START_MS,
  expiresAtMs: START_MS + 3_600_000,
  hasMfa: false,
  tags: [],
  transitiveTagKeys: [],
  policyArns: [],
  ...members,
});

const roleClaims = (members: Partial<SessionClaims> = {}) =>
  claims({ kind: 'role', roleName: 'Auditor', roleId: 'AROAAUDITOR', sessionName: 'ci', ...members });

const user = { kind: 'user', accountId: HOME, name: 'alice' } as const;
const key = { kind: 'accessKey', accountId: HOME, name: 'AKIAALICE' } as const;

describe('a long-term key', () => {
  it('is that of its user, as the record has it', async () => {
    await identity.putUser('alice', { path: '/team/', tags: [{ key: 'team', value: 'blue' }] });
    await identity.putKey('AKIAALICE', 'alice');
    assert.deepEqual(await identity.resolver.resolve('AKIAALICE'), {
      kind: 'known',
      credential: { secretAccessKey: 'secret-of-AKIAALICE' },
      principal: {
        type: 'IAMUser',
        accountId: HOME,
        arn: `arn:aws:iam::${HOME}:user/team/alice`,
        userId: 'AIDAALICE',
        accessKeyId: 'AKIAALICE',
        userName: 'alice',
        tags: [{ key: 'team', value: 'blue' }],
        userIdentity: {
          type: 'IAMUser',
          principalId: 'AIDAALICE',
          arn: `arn:aws:iam::${HOME}:user/team/alice`,
          accountId: HOME,
          accessKeyId: 'AKIAALICE',
          userName: 'alice',
        },
      },
    });
  });

  it('is that of the root: the configured one, and stored ones of each account', async () => {
    await identity.putAccount(OTHER, { alias: 'other' });
    await identity.putKey('AKIAOTHER', undefined, {}, OTHER);
    const { userIdentity } = await identity.principal(ROOT_KEY.accessKeyId);
    assert.deepEqual(userIdentity, {
      type: 'Root',
      principalId: HOME,
      arn: `arn:aws:iam::${HOME}:root`,
      accountId: HOME,
      accessKeyId: ROOT_KEY.accessKeyId,
    });
    const other = await identity.principal('AKIAOTHER');
    assert.equal(other.type, 'Root');
    assert.equal(other.accountId, OTHER);
    assert.equal(other.userIdentity.userName, 'other');
  });

  it('is nobody when it is not known, inactive, sent with a token, or its secret does not open', async () => {
    await identity.putUser('alice');
    await identity.putKey('AKIAALICE', 'alice');
    assert.equal(await kindOf('AKIANOBODY'), 'unknownKey');
    assert.equal(await kindOf('A'.repeat(10_000)), 'unknownKey');
    assert.equal(await kindOf('AKIAALICE', 'a token'), 'invalidToken');
    assert.equal(await kindOf('AKIAALICE', ''), 'invalidToken');
    await identity.putKey('AKIAALICE', 'alice', { status: 'Inactive' });
    assert.equal(await kindOf('AKIAALICE'), 'inactive');
    await identity.putKey('AKIAALICE', 'alice', { sealedSecret: 'sealed:v1.0000000000000000.AAAA' });
    assert.equal(await kindOf('AKIAALICE'), 'unknownKey');
  });

  it('ends with its user and its account at once', async () => {
    await identity.putUser('alice');
    await identity.putKey('AKIAALICE', 'alice');
    assert.equal(await kindOf('AKIAALICE'), 'known');
    await identity.putAccount(HOME, { status: 'SUSPENDED' });
    assert.equal(await kindOf('AKIAALICE'), 'accountClosed');
    assert.equal(await kindOf(ROOT_KEY.accessKeyId), 'accountClosed');
    await identity.putAccount(HOME);
    assert.equal(await kindOf('AKIAALICE'), 'known');
    await identity.delete(user);
    assert.equal(await kindOf('AKIAALICE'), 'gone');
    await identity.putUser('alice', { userId: 'AIDAANOTHER' });
    assert.equal((await identity.principal('AKIAALICE')).userId, 'AIDAANOTHER');
  });

  it('is nobody in an account that nobody has made', async () => {
    await identity.putUser('bob', {}, OTHER);
    await identity.putKey('AKIABOB', 'bob', {}, OTHER);
    assert.equal(await kindOf('AKIABOB'), 'accountClosed');
  });

  it('is seen to change a second after another process changed it', async () => {
    await identity.putUser('alice');
    await identity.putKey('AKIAALICE', 'alice');
    assert.equal(await kindOf('AKIAALICE'), 'known');
    const document = await inner.get(key);
    await inner.commit([{ ...key, expectedRevision: document?.revision ?? 0 }]);
    identity.nowMs += 1_000;
    await kindOf('AKIAALICE');
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(await kindOf('AKIAALICE'), 'unknownKey');
  });
});

describe('a session', () => {
  it('of a role has the role as its issuer, and the role with the tags of both as its principal', async () => {
    await identity.putRole('Auditor', {
      path: '/ci/',
      tags: [
        { key: 'Team', value: 'red' },
        { key: 'site', value: 'a' },
      ],
    });
    const issued = identity.sessions.issue(
      roleClaims({
        sourceIdentity: 'alice@example.com',
        tags: [{ key: 'team', value: 'blue' }],
        transitiveTagKeys: ['team'],
        policy: '{"inline":1}',
        policyArns: ['arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess'],
      }),
    );
    const { accessKeyId, sessionToken } = issued;
    const resolution = await identity.resolver.resolve(accessKeyId, sessionToken);
    assert.ok(resolution.kind === 'known');
    const { credential, principal } = resolution;
    assert.deepEqual(credential, {
      secretAccessKey: issued.secretAccessKey,
      sessionToken,
      expiresAtMs: START_MS + 3_600_000,
    });
    assert.equal(principal.arn, `arn:aws:sts::${HOME}:assumed-role/Auditor/ci`);
    assert.equal(principal.userId, 'AROAAUDITOR:ci');
    assert.deepEqual(principal.tags, [
      { key: 'site', value: 'a' },
      { key: 'team', value: 'blue' },
    ]);
    assert.equal(principal.session?.roleArn, `arn:aws:iam::${HOME}:role/ci/Auditor`);
    assert.equal(principal.session?.policies.length, 2);
    assert.match(principal.session?.policies[1] ?? '', /cloudtrail:LookupEvents/i);
    assert.deepEqual(principal.userIdentity, {
      type: 'AssumedRole',
      principalId: 'AROAAUDITOR:ci',
      arn: `arn:aws:sts::${HOME}:assumed-role/Auditor/ci`,
      accountId: HOME,
      accessKeyId,
      sessionContext: {
        sessionIssuer: {
          type: 'Role',
          principalId: 'AROAAUDITOR',
          arn: `arn:aws:iam::${HOME}:role/ci/Auditor`,
          accountId: HOME,
          userName: 'Auditor',
        },
        attributes: { creationDate: '2026-03-02T09:00:00Z', mfaAuthenticated: 'false' },
        sourceIdentity: 'alice@example.com',
      },
    });
  });

  it('of a user or root is that user or root, for a time', async () => {
    await identity.putUser('alice');
    await identity.putKey('AKIAALICE', 'alice');
    const ofUser = identity.sessions.issue(
      claims({ userName: 'alice', userId: 'AIDAALICE', issuingAccessKeyId: 'AKIAALICE' }),
    );
    const alice = await identity.principal(ofUser.accessKeyId, ofUser.sessionToken);
    assert.equal(alice.arn, `arn:aws:iam::${HOME}:user/alice`);
    assert.deepEqual(alice.userIdentity.sessionContext, {
      sessionIssuer: {},
      attributes: { creationDate: '2026-03-02T09:00:00Z', mfaAuthenticated: 'false' },
    });
    assert.equal(alice.userIdentity.accessKeyId, ofUser.accessKeyId);
    const ofRoot = identity.sessions.issue(
      claims({ kind: 'root', issuingAccessKeyId: ROOT_KEY.accessKeyId }),
    );
    assert.equal((await identity.principal(ofRoot.accessKeyId, ofRoot.sessionToken)).type, 'Root');
  });

  it('that is federated may what its own policies allow, and nothing without any', async () => {
    const { accessKeyId, sessionToken } = identity.sessions.issue(
      claims({ kind: 'federated', sessionName: 'bob', issuingAccessKeyId: ROOT_KEY.accessKeyId }),
    );
    const bob = await identity.principal(accessKeyId, sessionToken);
    assert.equal(bob.arn, `arn:aws:sts::${HOME}:federated-user/bob`);
    assert.equal(bob.userIdentity.sessionContext?.sessionIssuer?.type, 'Root');
    assert.equal(bob.session?.policies.length, 1);
    assert.equal(parsePolicy(bob.session?.policies[0] ?? '', 'session').statements.length, 1);
  });

  it('is over with its time, and only who holds its secret can be told so', async () => {
    await identity.putRole('Auditor');
    const issued = identity.sessions.issue(roleClaims());
    identity.nowMs += 3_600_000 - 1;
    assert.equal(await kindOf(issued.accessKeyId, issued.sessionToken), 'known');
    identity.nowMs += 1;
    const resolution = await identity.resolver.resolve(issued.accessKeyId, issued.sessionToken);
    assert.ok(resolution.kind === 'expired');
    assert.equal(resolution.credential.secretAccessKey, issued.secretAccessKey);
  });

  it('ends at once with its role, also where one of the same name is made again', async () => {
    await identity.putRole('Auditor');
    const { accessKeyId, sessionToken } = identity.sessions.issue(roleClaims());
    assert.equal(await kindOf(accessKeyId, sessionToken), 'known');
    await identity.putRole('Auditor', { roleId: 'AROAANOTHER' });
    assert.equal(await kindOf(accessKeyId, sessionToken), 'gone');
    await identity.delete({ kind: 'role', accountId: HOME, name: 'Auditor' });
    assert.equal(await kindOf(accessKeyId, sessionToken), 'gone');
  });

  it('ends at once with its user, and with the key that asked for it', async () => {
    const issued = identity.sessions.issue(
      claims({ userName: 'alice', userId: 'AIDAALICE', issuingAccessKeyId: 'AKIAALICE' }),
    );
    const resolve = () => kindOf(issued.accessKeyId, issued.sessionToken);
    await identity.putUser('alice');
    await identity.putKey('AKIAALICE', 'alice');
    assert.equal(await resolve(), 'known');
    await identity.putKey('AKIAALICE', 'alice', { status: 'Inactive' });
    assert.equal(await resolve(), 'gone');
    await identity.putKey('AKIAALICE', 'alice');
    assert.equal(await resolve(), 'known');
    await identity.putUser('alice', { userId: 'AIDAANOTHER' });
    assert.equal(await resolve(), 'gone');
    await identity.putUser('alice');
    await identity.putUser('bob');
    await identity.putKey('AKIAALICE', 'bob');
    assert.equal(await resolve(), 'gone');
    await identity.delete(key);
    assert.equal(await resolve(), 'gone');
  });

  it('of a root key that was replaced is over', async () => {
    const { accessKeyId, sessionToken } = identity.sessions.issue(
      claims({ kind: 'root', issuingAccessKeyId: 'AKIAOLDROOT' }),
    );
    assert.equal(await kindOf(accessKeyId, sessionToken), 'gone');
  });

  it('ends with its account, and with its master key', async () => {
    await identity.putRole('Auditor');
    const { accessKeyId, sessionToken } = identity.sessions.issue(roleClaims());
    assert.equal(await kindOf(accessKeyId, sessionToken), 'known');
    await identity.putAccount(HOME, { status: 'PENDING_CLOSURE' });
    assert.equal(await kindOf(accessKeyId, sessionToken), 'accountClosed');
    await identity.putAccount(HOME);
    assert.equal(await kindOf(accessKeyId, sessionToken), 'known');
    identity.masterKeys = [makeMasterKey(identity.random, 0).key];
    assert.equal(await kindOf(accessKeyId, sessionToken), 'invalidToken');
  });

  it('is nobody without its token, with that of another, or with a changed one', async () => {
    await identity.putRole('Auditor');
    const one = identity.sessions.issue(roleClaims());
    const other = identity.sessions.issue(roleClaims());
    assert.equal(await kindOf(one.accessKeyId, one.sessionToken), 'known');
    assert.equal(await kindOf(one.accessKeyId), 'unknownKey');
    assert.equal(await kindOf(one.accessKeyId, other.sessionToken), 'invalidToken');
    assert.equal(await kindOf(one.accessKeyId, `${one.sessionToken}=`), 'invalidToken');
    assert.equal(await kindOf(one.accessKeyId, one.sessionToken), 'known');
  });

  it('is bound to nothing by a managed policy that is gone: it may nothing instead', async () => {
    await identity.putRole('Auditor');
    const { accessKeyId, sessionToken } = identity.sessions.issue(
      roleClaims({ policyArns: [`arn:aws:iam::${HOME}:policy/Gone`] }),
    );
    const { session } = await identity.principal(accessKeyId, sessionToken);
    assert.deepEqual(session?.policies.length, 1);
  });
});
