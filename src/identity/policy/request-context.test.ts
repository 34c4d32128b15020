import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Principal } from '../principal.ts';
import { requestContext } from './request-context.ts';

const NOW_MS = Date.parse('2026-11-21T09:00:00.500Z');

const user: Principal = {
  type: 'IAMUser',
  accountId: '111122223333',
  arn: 'arn:aws:iam::111122223333:user/team/alice',
  userId: 'AIDAALICE',
  accessKeyId: 'AKIAALICE',
  userIdentity: {},
  userName: 'alice',
  tags: [{ key: 'Team', value: 'blue' }],
};

const session: Principal = {
  ...user,
  type: 'AssumedRole',
  arn: 'arn:aws:sts::111122223333:assumed-role/Audit/bob',
  userId: 'AROAAUDIT:bob',
  session: {
    issuedAtMs: NOW_MS - 90_000,
    expiresAtMs: NOW_MS + 1,
    hasMfa: true,
    roleArn: 'arn:aws:iam::111122223333:role/team/Audit',
    sourceIdentity: 'bob@example.com',
    transitiveTagKeys: [],
    policies: [],
  },
};

const read = (principal: Principal | undefined, facts: object = {}) =>
  Object.fromEntries(requestContext(principal, { nowMs: NOW_MS, ...facts }));

const ALWAYS = {
  'aws:currenttime': ['2026-11-21T09:00:00.500Z'],
  'aws:epochtime': [String(Math.floor(NOW_MS / 1000))],
  'aws:viaawsservice': ['false'],
};

describe('the context of a request', () => {
  it('has of a user with long-term keys its names and tags, and nothing of a session', () => {
    assert.deepEqual(read(user), {
      ...ALWAYS,
      'aws:principalisawsservice': ['false'],
      'aws:principalarn': ['arn:aws:iam::111122223333:user/team/alice'],
      'aws:principalaccount': ['111122223333'],
      'aws:principaltype': ['User'],
      'aws:userid': ['AIDAALICE'],
      'aws:username': ['alice'],
      'aws:principaltag/team': ['blue'],
    });
  });

  it('has of a session its role as the principal, when it began and how, and no user name', () => {
    assert.deepEqual(read(session), {
      ...ALWAYS,
      'aws:principalisawsservice': ['false'],
      'aws:principalarn': ['arn:aws:iam::111122223333:role/team/Audit'],
      'aws:principalaccount': ['111122223333'],
      'aws:principaltype': ['AssumedRole'],
      'aws:userid': ['AROAAUDIT:bob'],
      'aws:principaltag/team': ['blue'],
      'aws:tokenissuetime': ['2026-11-21T08:58:30.500Z'],
      'aws:sourceidentity': ['bob@example.com'],
      'aws:multifactorauthpresent': ['true'],
      'aws:multifactorauthage': ['90'],
    });
  });

  it('has of a service its name, and of nobody known that it is anonymous', () => {
    const service: Principal = { ...user, type: 'AWSService', arn: 'cloudtrail.amazonaws.com' };
    assert.deepEqual(read(service), {
      ...ALWAYS,
      'aws:principalisawsservice': ['true'],
      'aws:principalservicename': ['cloudtrail.amazonaws.com'],
    });
    assert.deepEqual(read(undefined), {
      ...ALWAYS,
      'aws:principalisawsservice': ['false'],
      'aws:principaltype': ['Anonymous'],
      'aws:userid': ['anonymous'],
    });
  });

  it('has what is known of the request, its resource and its tags', () => {
    const context = read(undefined, {
      sourceIPAddress: '203.0.113.7',
      userAgent: 'aws-cli/2',
      isSecureTransport: false,
      region: 'eu-central-1',
      principalOrganizationId: 'o-a1b2c3d4e5',
      principalOrganizationPath: 'o-a1b2c3d4e5/r-ab12/',
      resourceAccountId: '444455556666',
      resourceOrganizationId: 'o-zzzzzzzzzz',
      resourceTags: new Map([['Owner', 'eve']]),
      requestTags: new Map([
        ['Cost', '1'],
        ['name', 'x'],
      ]),
      keys: new Map([['sts:ExternalId', ['12345']]]),
    });
    const expected: Record<string, string[]> = {
      'aws:sourceip': ['203.0.113.7'],
      'aws:useragent': ['aws-cli/2'],
      'aws:securetransport': ['false'],
      'aws:requestedregion': ['eu-central-1'],
      'aws:principalorgid': ['o-a1b2c3d4e5'],
      'aws:principalorgpaths': ['o-a1b2c3d4e5/r-ab12/'],
      'aws:resourceaccount': ['444455556666'],
      'aws:resourceorgid': ['o-zzzzzzzzzz'],
      'aws:resourcetag/owner': ['eve'],
      'aws:requesttag/cost': ['1'],
      'aws:requesttag/name': ['x'],
      'aws:tagkeys': ['Cost', 'name'],
      'sts:externalid': ['12345'],
    };
    for (const [key, values] of Object.entries(expected)) assert.deepEqual(context[key], values, key);
  });

  it('lets no key of the request say who asks, from where or how', () => {
    const keys = new Map(
      [
        'aws:PrincipalArn',
        'aws:PrincipalTag/admin',
        'AWS:username',
        'aws:MultiFactorAuthPresent',
        'aws:SourceIp',
        'aws:SecureTransport',
        'aws:TokenIssueTime',
        'aws:SourceIdentity',
        'aws:CalledVia',
        'aws:UserAgent',
        'aws:RequestedRegion',
        'aws:ResourceAccount',
        'aws:ResourceOrgID',
      ].map((key) => [key, ['forged']] as const),
    );
    assert.deepEqual(read(undefined, { keys }), read(undefined));
    assert.deepEqual(read(user, { keys }), read(user));
  });
});
