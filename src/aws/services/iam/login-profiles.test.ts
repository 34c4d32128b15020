import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import {
  accountId,
  asUser,
  backends,
  contended,
  IamUnderTest,
  root,
  session,
} from './iam-under-test.contract.ts';

const bob = { UserName: 'bob' };
const Password = 'Correct-Horse-7';

for (const { backend, on } of backends) {
  describe(`login profiles on ${backend}`, () => {
    test(
      'are made, got, changed and deleted, and tell nothing of the password',
      on(async (iam) => {
        await iam.createUser('bob');
        const made = await iam.call('CreateLoginProfile', { ...bob, Password, PasswordResetRequired: true });
        const profile = { UserName: 'bob', CreateDate: '2026-11-21T07:30:00Z', PasswordResetRequired: true };
        assert.deepEqual(made, { LoginProfile: profile });
        assert.deepEqual(await iam.call('GetLoginProfile', bob), made);
        const document = await iam.store.get({ kind: 'user', accountId, name: 'bob' });
        assert.equal(document?.body.includes(Password), false);
        assert.match(document?.body ?? '', /"passwordHash":"hash:/);
        await iam.call('UpdateLoginProfile', { ...bob, PasswordResetRequired: false });
        assert.deepEqual(await iam.call('GetLoginProfile', {}, asUser('bob')), {
          LoginProfile: { ...profile, PasswordResetRequired: false },
        });
        await iam.call('DeleteLoginProfile', bob);
        const missing = ['404 NoSuchEntity', 'Login Profile for User bob cannot be found.'] as const;
        await iam.refuses('GetLoginProfile', bob, missing);
        await iam.refuses('UpdateLoginProfile', { ...bob, Password }, missing);
        await iam.refuses('DeleteLoginProfile', bob, missing);
        await iam.refuses(
          'ChangePassword',
          { OldPassword: 'a', NewPassword: Password },
          missing,
          asUser('bob'),
        );
      }),
    );

    test(
      'are one for a user that is there',
      on(async (iam) => {
        await iam.createUser('bob');
        await iam.call('CreateLoginProfile', { ...bob, Password });
        await iam.refuses('CreateLoginProfile', { ...bob, Password }, [
          '409 EntityAlreadyExists',
          'Login Profile for user bob already exists.',
        ]);
        const nobody = { UserName: 'nobody', Password };
        await iam.refuses('CreateLoginProfile', nobody, ['404 NoSuchEntity', /nobody/]);
        await iam.refuses('CreateLoginProfile', { Password }, ['400 ValidationError', /userName/], root);
        await iam.refuses('GetLoginProfile', {}, ['400 ValidationError', /userName/], session);
      }),
    );

    test(
      'let a user change the password who knows the old one',
      on(async (iam) => {
        await iam.createUser('bob');
        await iam.call('CreateLoginProfile', { ...bob, Password, PasswordResetRequired: true });
        const change = { OldPassword: Password, NewPassword: 'Another-Horse-8' };
        const wrong = ['403 AccessDenied', 'The old password was incorrect.'] as const;
        await iam.refuses('ChangePassword', { ...change, OldPassword: 'wrong' }, wrong, asUser('bob'));
        await iam.refuses(
          'ChangePassword',
          { ...change, NewPassword: 'short' },
          ['400 PasswordPolicyViolation', /8/],
          asUser('bob'),
        );
        await iam.call('ChangePassword', change, asUser('bob'));
        await iam.refuses('ChangePassword', change, wrong, asUser('bob'));
        const { LoginProfile } = await iam.call('GetLoginProfile', bob);
        assert.equal((LoginProfile as { PasswordResetRequired: boolean }).PasswordResetRequired, false);
        for (const other of [root, session]) {
          await iam.refuses('ChangePassword', change, ['400 InvalidUserType', /Only IAM Users/], other);
        }
      }),
    );
  });
}

describe('login profiles', () => {
  test('cannot be guessed: an address that is often wrong has to wait, though it be right', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    await iam.createUser('bob');
    await iam.call('CreateLoginProfile', { ...bob, Password });
    const change = { OldPassword: Password, NewPassword: 'Another-Horse-8' };
    const wrong = ['403 AccessDenied', 'The old password was incorrect.'] as const;
    const locked = ['400 ThrottlingException', /too many wrong passwords .* try again in 1 s/] as const;
    for (let guess = 0; guess < 6; guess++) {
      await iam.refuses('ChangePassword', { ...change, OldPassword: `guess-${guess}` }, wrong, asUser('bob'));
    }
    await iam.refuses('ChangePassword', change, locked, asUser('bob'));
    iam.nowMs += 1_000;
    await iam.call('ChangePassword', change, asUser('bob'));
  });

  for (const weak of [
    'Short-1',
    'alllowercase',
    'lower-and-symbols',
    'UPPERlower',
    '1234567890',
    '        ',
  ]) {
    test(`refuse the password ${JSON.stringify(weak)} without repeating it`, async () => {
      const iam = new IamUnderTest(new MemoryIdentityStore());
      await iam.createUser('bob');
      const rule = [
        '400 PasswordPolicyViolation',
        /^Password should (?!.*(Short-1|lower-and|UPPERlower|1234)).*$/,
      ] as const;
      await iam.refuses('CreateLoginProfile', { ...bob, Password: weak }, rule);
    });
  }

  test('never repeat a password that cannot be one', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    await iam.createUser('bob');
    for (const bad of [`${Password}\u0000`, `${Password}🙂`, Password.repeat(20)]) {
      await iam.refuses('CreateLoginProfile', { ...bob, Password: bad }, [
        '400 ValidationError',
        /^1 validation error detected: Value at 'password' failed(?!.*Horse).*$/,
      ]);
    }
  });

  test('that are changed by two at once keep the change that came first', async () => {
    const store = new MemoryIdentityStore();
    const quick = new IamUnderTest(store);
    await quick.createUser('bob');
    await quick.call('CreateLoginProfile', { ...bob, Password });
    const admins = { ...bob, Password: 'From-The-Admin-1' };
    const slow = new IamUnderTest(
      contended(store, async () => void (await quick.call('UpdateLoginProfile', admins))),
    );
    const change = { OldPassword: Password, NewPassword: 'Another-Horse-8' };
    await assert.rejects(slow.call('ChangePassword', change, asUser('bob')), {
      code: 'EntityTemporarilyUnmodifiable',
    });
    const again = { OldPassword: admins.Password, NewPassword: 'Another-Horse-8' };
    await quick.call('ChangePassword', again, asUser('bob'));
  });
});
