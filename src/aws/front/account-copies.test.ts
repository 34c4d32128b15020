import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { EventDraft } from '../../model/cloudtrail-event.ts';
import { accountCopies } from './account-copies.ts';

const assumed: EventDraft = {
  userIdentity: {
    type: 'IAMUser',
    principalId: 'AIDAEXAMPLEALICE0001',
    arn: 'arn:aws:iam::111122223333:user/alice',
    accountId: '111122223333',
    accessKeyId: 'AKIAEXAMPLEALICE0001',
    userName: 'alice',
  },
  eventTime: '2026-03-02T10:02:30Z',
  eventSource: 'sts.amazonaws.com',
  eventName: 'AssumeRole',
  awsRegion: 'eu-west-1',
  sourceIPAddress: '203.0.113.24',
  requestParameters: { roleArn: 'arn:aws:iam::444455556666:role/Auditor' },
  responseElements: {},
  readOnly: true,
  resources: [
    { accountId: '444455556666', type: 'AWS::IAM::Role', ARN: 'arn:aws:iam::444455556666:role/Auditor' },
  ],
  eventType: 'AwsApiCall',
  managementEvent: true,
  recipientAccountId: '111122223333',
  eventCategory: 'Management',
};

describe('copies of a record for accounts', () => {
  it('give the owner of an assumed role one that names the caller by account and id alone', () => {
    const copies = accountCopies(assumed, () => 'shared');
    assert.deepEqual(
      copies.map(({ recipientAccountId, sharedEventID }) => [recipientAccountId, sharedEventID]),
      [
        ['111122223333', 'shared'],
        ['444455556666', 'shared'],
      ],
    );
    assert.deepEqual(copies[0]?.userIdentity, assumed.userIdentity);
    assert.deepEqual(copies[1]?.userIdentity, {
      type: 'AWSAccount',
      principalId: 'AIDAEXAMPLEALICE0001',
      accountId: '111122223333',
    });
  });

  it('are none within an account, and none of what was denied', () => {
    const within = { ...assumed, recipientAccountId: '444455556666' };
    assert.deepEqual(
      accountCopies(within, () => 'shared'),
      [within],
    );
    const denied = { ...assumed, errorCode: 'AccessDenied' };
    assert.deepEqual(
      accountCopies(denied, () => 'shared'),
      [denied],
    );
  });
});
