import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import { accountId, IamUnderTest } from './iam-under-test.contract.ts';

describe('credentials that there are not', () => {
  for (const [name, member] of [
    ['ListMFADevices', 'MFADevices'],
    ['ListSSHPublicKeys', 'SSHPublicKeys'],
    ['ListSigningCertificates', 'Certificates'],
    ['ListServiceSpecificCredentials', 'ServiceSpecificCredentials'],
  ] as const) {
    test(`are an empty list of ${name} for a user who is there`, async () => {
      const iam = new IamUnderTest(new MemoryIdentityStore());
      await iam.createUser('bob');
      assert.deepEqual(await iam.call(name, { UserName: 'bob' }), { [member]: [], IsTruncated: false });
      await iam.refuses(name, { UserName: 'none' }, [
        '404 NoSuchEntity',
        'The user with name none cannot be found.',
      ]);
    });
  }

  test('are an empty list of virtual devices for the account', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    assert.deepEqual(await iam.call('ListVirtualMFADevices'), { VirtualMFADevices: [], IsTruncated: false });
  });

  test('are no password policy either', async () => {
    const iam = new IamUnderTest(new MemoryIdentityStore());
    const message = `The Password Policy with domain name ${accountId} cannot be found.`;
    await iam.refuses('GetAccountPasswordPolicy', {}, ['404 NoSuchEntity', message]);
  });
});
