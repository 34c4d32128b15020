import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { HOME, OTHER, policyOf, ROOT_KEY } from '../../../identity/identity-under-test.contract.ts';
import type { Principal } from '../../../identity/principal.ts';
import { accessKeyForAccount } from '../../../model/access-key-account.ts';
import { StsUnderTest, stsFailure } from './sts-under-test.contract.ts';

let sts: StsUnderTest;
let alice: Principal;
let root: Principal;
beforeEach(async () => {
  sts = await StsUnderTest.open();
  await sts.identity.putUser('alice');
  await sts.identity.putKey('AKIAALICE', 'alice');
  alice = await sts.identity.principal('AKIAALICE');
  root = await sts.identity.principal(ROOT_KEY.accessKeyId);
});

describe('GetCallerIdentity', () => {
  it('tells everybody who it is, also where a policy denies it', async () => {
    const inlinePolicies = { a: policyOf({ Effect: 'Deny', Action: '*', Resource: '*' }) };
    await sts.identity.putUser('alice', { inlinePolicies });
    assert.deepEqual(await sts.call(alice, 'GetCallerIdentity'), {
      UserId: 'AIDAALICE',
      Account: HOME,
      Arn: `arn:aws:iam::${HOME}:user/alice`,
    });
    assert.deepEqual(await sts.call(root, 'GetCallerIdentity'), {
      UserId: HOME,
      Account: HOME,
      Arn: `arn:aws:iam::${HOME}:root`,
    });
  });
});

describe('GetSessionToken', () => {
  it('gives a user its own session, for twelve hours or as long as is asked for', async () => {
    const answer = await sts.call(alice, 'GetSessionToken');
    assert.equal(answer.Credentials.Expiration, '2026-03-02T21:00:00Z');
    const session = await sts.principalOf(answer);
    assert.equal(session.arn, alice.arn);
    const long = await sts.call(alice, 'GetSessionToken', { DurationSeconds: '129600' });
    assert.equal(long.Credentials.Expiration, '2026-03-03T21:00:00Z');
    await assert.rejects(
      sts.call(alice, 'GetSessionToken', { DurationSeconds: '129601' }),
      stsFailure('ValidationError', /129600/),
    );
  });

  it('gives the root an hour at most', async () => {
    const answer = await sts.call(root, 'GetSessionToken', { DurationSeconds: '129600' });
    assert.equal(answer.Credentials.Expiration, '2026-03-02T10:00:00Z');
    assert.equal((await sts.principalOf(answer)).type, 'Root');
  });

  it('is not for sessions, and not with MFA, which is not there', async () => {
    const session = await sts.principalOf(await sts.call(alice, 'GetSessionToken'));
    await assert.rejects(
      sts.call(session, 'GetSessionToken'),
      stsFailure('AccessDenied', 'Cannot call GetSessionToken with session credentials'),
    );
    await assert.rejects(
      sts.call(alice, 'GetSessionToken', { SerialNumber: 'GAHT12345678', TokenCode: '123456' }),
      stsFailure('AccessDenied', /^MultiFactorAuthentication failed/),
    );
  });
});

describe('GetFederationToken', () => {
  const allowAll = policyOf({ Effect: 'Allow', Action: '*', Resource: '*' });

  it("gives credentials to somebody of the caller's choice", async () => {
    await sts.identity.putUser('alice', { inlinePolicies: { a: allowAll } });
    const answer = await sts.call(alice, 'GetFederationToken', { Name: 'bob', Policy: allowAll });
    assert.deepEqual(answer.FederatedUser, {
      FederatedUserId: `${HOME}:bob`,
      Arn: `arn:aws:sts::${HOME}:federated-user/bob`,
    });
    const bob = await sts.principalOf(answer);
    assert.equal(bob.type, 'FederatedUser');
    assert.equal(bob.userIdentity.sessionContext?.sessionIssuer?.userName, 'alice');
    await sts.identity.delete({ kind: 'accessKey', accountId: HOME, name: 'AKIAALICE' });
    const { AccessKeyId, SessionToken } = answer.Credentials;
    assert.equal((await sts.identity.resolver.resolve(AccessKeyId, SessionToken)).kind, 'gone');
  });

  it('needs permission, and is not for sessions', async () => {
    await assert.rejects(
      sts.call(alice, 'GetFederationToken', { Name: 'bob' }),
      stsFailure(
        'AccessDenied',
        /sts:GetFederationToken on resource: .*:federated-user\/bob because no identity/,
      ),
    );
    const session = await sts.principalOf(await sts.call(root, 'GetSessionToken'));
    await assert.rejects(
      sts.call(session, 'GetFederationToken', { Name: 'bob' }),
      stsFailure('AccessDenied', 'Cannot call GetFederationToken with session credentials'),
    );
  });
});

describe('GetAccessKeyInfo', () => {
  it('tells the account of a key: one that is known, and one whose id tells it', async () => {
    await sts.identity.putUser('carol', {}, OTHER);
    await sts.identity.putKey('AKIACAROLSKEYOLD', 'carol', {}, OTHER);
    const info = (AccessKeyId: string) => sts.call(root, 'GetAccessKeyInfo', { AccessKeyId });
    assert.equal((await info('AKIACAROLSKEYOLD')).Account, OTHER);
    const foreign = accessKeyForAccount('AKIA', '777788889999', Buffer.from('abcde'));
    assert.equal((await info(foreign)).Account, '777788889999');
    await assert.rejects(info('AKIAIOSFODNN7EXAMPLE'), stsFailure('ValidationError', /Invalid access key/));
    await assert.rejects(info('short'), stsFailure('ValidationError', /greater than or equal to 16/));
  });

  it('needs permission', async () => {
    await assert.rejects(
      sts.call(alice, 'GetAccessKeyInfo', { AccessKeyId: 'AKIAIOSFODNN7EXAMPLE' }),
      stsFailure('AccessDenied', /sts:GetAccessKeyInfo/),
    );
  });
});
