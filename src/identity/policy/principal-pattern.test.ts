import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { RequestPrincipal } from './access-request.ts';
import { parsePolicyJson } from './policy-json.ts';
import { compilePrincipals, reachOf } from './principal-pattern.ts';

const accountId = '111122223333';
const userId = 'AIDAJQABLZS4A3QDU576Q';
const roleId = 'AROAJQABLZS4A3QDU576Q';

const user: RequestPrincipal = {
  type: 'IAMUser',
  accountId,
  arn: `arn:aws:iam::${accountId}:user/bob`,
  userIdentity: { type: 'IAMUser', principalId: userId },
};
const session: RequestPrincipal = {
  type: 'AssumedRole',
  accountId,
  arn: `arn:aws:sts::${accountId}:assumed-role/Admin/me`,
  userIdentity: { type: 'AssumedRole', principalId: `${roleId}:me` },
  session: {
    issuedAtMs: 0,
    expiresAtMs: 1,
    hasMfa: false,
    roleArn: `arn:aws:iam::${accountId}:role/Admin`,
    transitiveTagKeys: [],
    policies: [],
  },
};

function reach(name: string, principal: RequestPrincipal) {
  return reachOf(compilePrincipals(parsePolicyJson(JSON.stringify({ AWS: name }))), principal, new Map());
}

describe('a policy that names a unique id', () => {
  test('reaches who has it, whatever the name', () => {
    assert.equal(reach(userId, user), 'direct');
    assert.equal(reach(roleId, session), 'role');
  });

  test('does not reach who got the name of one that is gone', () => {
    const gone = 'AIDAGONEGONEGONEGONE1';
    assert.equal(reach(gone, user), undefined);
    assert.equal(reach(gone.replace('AIDA', 'AROA'), session), undefined);
    assert.equal(reach(userId, session), undefined);
    assert.equal(reach(roleId, user), undefined);
  });

  for (const name of [
    'AIDA',
    'AKIAJQABLZS4A3QDU576Q',
    'aidajqablzs4a3qdu576q',
    'AIDAJQABLZS4A3QDU57*',
    `${roleId}:me`,
  ]) {
    test(`is refused where that cannot be one: ${name}`, () => {
      assert.throws(() => reach(name, user), { code: 'MalformedPolicyDocument' });
    });
  }
});
