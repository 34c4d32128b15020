import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { AccessRequest } from './access-request.ts';
import { decide } from './decide.ts';
import { denialMessage } from './denial-message.ts';
import { PolicyCache } from './policy-cache.ts';
import { requestContext } from './request-context.ts';

const POLICIES = new PolicyCache();

const ALICE = {
  type: 'IAMUser',
  accountId: '111122223333',
  arn: 'arn:aws:iam::111122223333:user/alice',
  userId: 'AIDAALICE',
  accessKeyId: 'AKIAALICE',
  userIdentity: {},
  userName: 'alice',
  tags: [],
} as const;

function request(action: string): AccessRequest {
  return {
    principal: ALICE,
    action,
    resourceArn: 'arn:aws:cloudtrail:us-east-1:111122223333:trail/main',
    resourceAccountId: '111122223333',
    context: requestContext(ALICE, { nowMs: 0 }),
  };
}

const text = (...statements: object[]) => JSON.stringify({ Version: '2012-10-17', Statement: statements });

describe('a denial', () => {
  it('is told in AWS’s sentence, with the kind of policy that made it', () => {
    const asked = request('cloudtrail:StopLogging');
    const nothing = decide(asked, { identity: [] });
    assert.equal(
      denialMessage(asked, nothing),
      'User: arn:aws:iam::111122223333:user/alice is not authorized to perform: cloudtrail:StopLogging on resource: ' +
        'arn:aws:cloudtrail:us-east-1:111122223333:trail/main because no identity-based policy allows the ' +
        'cloudtrail:StopLogging action',
    );
    const policy = POLICIES.compile(
      text(
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Sid: 'NoStop', Effect: 'Deny', Action: 'cloudtrail:Stop*', Resource: '*' },
      ),
      'identity',
    );
    const denied = decide(asked, { identity: [policy] });
    assert.equal(denied.statement?.sid, 'NoStop');
    assert.match(denialMessage(asked, denied), / with an explicit deny in an identity-based policy$/);
    assert.equal(decide(request('cloudtrail:StartLogging'), { identity: [policy] }).isAllowed, true);
  });
});
