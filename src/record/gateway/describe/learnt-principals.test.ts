import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { JsonObject, UserIdentity } from '../../../model/cloudtrail-event.ts';
import { describe } from './describe.ts';
import { alice, context, decoded } from './given-call.ts';

test('a key tells its user, and the user the id and path that CreateUser answered', () => {
  const shared = context();
  const user = {
    Path: '/team/',
    UserName: 'bob',
    UserId: 'AIDABOB',
    Arn: 'arn:aws:iam::111122223333:user/team/bob',
  };
  const created = decoded({
    service: 'iam',
    operation: 'CreateUser',
    input: { UserName: 'bob' },
    output: { User: user },
  });
  assert.deepEqual(describe(created, alice, shared).learnt, []);
  const output = { AccessKey: { UserName: 'bob', AccessKeyId: 'AKIABOB', SecretAccessKey: 'never' } };
  const { learnt } = describe(
    decoded({ service: 'iam', operation: 'CreateAccessKey', output }),
    alice,
    shared,
  );
  assert.equal(learnt.length, 1);
  assert.deepEqual(JSON.parse(learnt[0]?.userIdentityJson ?? ''), {
    type: 'IAMUser',
    principalId: 'AIDABOB',
    arn: 'arn:aws:iam::111122223333:user/team/bob',
    accountId: '111122223333',
    userName: 'bob',
  });
  assert.equal(learnt[0]?.expiresAtMs, null);
  assert.doesNotMatch(JSON.stringify(learnt), /never/);
});

test('a key that the root of another account makes belongs to the user as the upstream says', () => {
  const shared = context();
  const arn = 'arn:aws:iam::123456789012:user/carol';
  const root = { type: 'Root', principalId: '000000000000', accountId: '000000000000' };
  const call = (operation: string, output: JsonObject) =>
    describe(decoded({ service: 'iam', operation, output }), root, shared).learnt[0];
  call('CreateUser', { User: { UserName: 'carol', UserId: 'AIDACAROL', Arn: arn } });
  const learnt = call('CreateAccessKey', { AccessKey: { UserName: 'carol', AccessKeyId: 'AKIACAROL' } });
  assert.equal(learnt?.accountId, '123456789012');
  const { principalId, arn: learntArn } = JSON.parse(learnt?.userIdentityJson ?? '{}') as UserIdentity;
  assert.deepEqual([principalId, learntArn], ['AIDACAROL', arn]);
});

test('sessions keep whom they were made for, and nothing is learnt from a failure', () => {
  const credentials = {
    AccessKeyId: 'ASIASESSION',
    SecretAccessKey: 'never',
    SessionToken: 'never',
    Expiration: '2026-03-02T21:14:05Z',
  };
  const session = describe(
    decoded({
      service: 'sts',
      operation: 'GetSessionToken',
      input: { SerialNumber: 'mfa' },
      output: { Credentials: credentials },
    }),
    alice,
    context(),
  ).learnt[0];
  const { accessKeyId: _, ...aliceWithoutKey } = alice;
  assert.deepEqual(JSON.parse(session?.userIdentityJson ?? ''), {
    ...aliceWithoutKey,
    sessionContext: {
      sessionIssuer: {},
      attributes: { creationDate: '2026-03-02T09:14:05Z', mfaAuthenticated: 'true' },
    },
  });
  assert.equal(session?.expiresAtMs, Date.UTC(2026, 2, 2, 21, 14, 5));
  const federated = describe(
    decoded({
      service: 'sts',
      operation: 'GetFederationToken',
      output: {
        Credentials: credentials,
        FederatedUser: {
          FederatedUserId: '111122223333:eve',
          Arn: 'arn:aws:sts::111122223333:federated-user/eve',
        },
      },
    }),
    alice,
    context(),
  ).learnt[0];
  const identity = JSON.parse(federated?.userIdentityJson ?? '') as UserIdentity;
  assert.equal(identity.type, 'FederatedUser');
  assert.deepEqual(identity.sessionContext?.sessionIssuer, {
    type: 'IAMUser',
    principalId: 'AIDAEXAMPLEALICE0001',
    arn: 'arn:aws:iam::111122223333:user/alice',
    accountId: '111122223333',
    userName: 'alice',
  });
  const caller = (Arn: string, UserId: string) =>
    describe(
      decoded({
        service: 'sts',
        operation: 'GetCallerIdentity',
        output: { Arn, UserId, Account: '111122223333' },
      }),
      { type: 'Unknown' },
      context(),
    ).learnt[0];
  assert.equal(
    JSON.parse(caller('arn:aws:iam::111122223333:root', '111122223333')?.userIdentityJson ?? '').type,
    'Root',
  );
  const role = JSON.parse(
    caller('arn:aws:sts::111122223333:assumed-role/Web/web-1', 'AROAWEB:web-1')?.userIdentityJson ?? '',
  ) as UserIdentity;
  assert.equal(role.sessionContext?.sessionIssuer?.userName, 'Web');
  assert.equal(caller('not an arn', 'x'), undefined);
  assert.doesNotMatch(JSON.stringify([session, federated]), /never/);
  const error = { code: 'AccessDenied', message: undefined, fault: 'client' } as const;
  assert.deepEqual(
    describe(
      decoded({ service: 'sts', operation: 'GetSessionToken', output: { Credentials: credentials }, error }),
      alice,
      context(),
    ).learnt,
    [],
  );
});

test('callers of AssumeRoleWithWebIdentity are who the answer says', () => {
  const output = {
    Provider: 'accounts.example.com',
    Audience: 'app-77',
    SubjectFromWebIdentityToken: 'user-901',
  };
  const { draft } = describe(
    decoded({
      service: 'sts',
      operation: 'AssumeRoleWithWebIdentity',
      output,
      recognition: { accessKeyId: undefined },
    }),
    { type: 'Unknown' },
    context(),
  );
  assert.deepEqual(draft.userIdentity, {
    type: 'WebIdentityUser',
    principalId: 'accounts.example.com:app-77:user-901',
    userName: 'user-901',
    identityProvider: 'accounts.example.com',
  });
});
