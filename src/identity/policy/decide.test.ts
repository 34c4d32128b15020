import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Principal } from '../principal.ts';
import type { AccessRequest } from './access-request.ts';
import type { PolicyKind } from './compiled-policy.ts';
import { decide, type PolicySet } from './decide.ts';
import { denialMessage } from './denial-message.ts';
import { PolicyCache } from './policy-cache.ts';
import { requestContext } from './request-context.ts';

const POLICIES = new PolicyCache();

const ALICE: Principal = {
  type: 'IAMUser',
  accountId: '111122223333',
  arn: 'arn:aws:iam::111122223333:user/alice',
  userId: 'AIDAALICE',
  accessKeyId: 'AKIAALICE',
  userIdentity: {},
  userName: 'alice',
  tags: [],
};

const TRAIL = 'arn:aws:cloudtrail:us-east-1:111122223333:trail/main';

function ask(action: string, change: Partial<AccessRequest> = {}): AccessRequest {
  const context = requestContext(ALICE, { nowMs: 0 });
  return {
    principal: ALICE,
    action,
    resourceArn: TRAIL,
    resourceAccountId: '111122223333',
    context,
    ...change,
  };
}

function compile(kind: PolicyKind, ...statements: object[]) {
  return POLICIES.compile(JSON.stringify({ Version: '2012-10-17', Statement: statements }), kind);
}

/** A policy variable. */
const variable = (name: string) => `$\{${name}}`;

const ALL = { Effect: 'Allow', Action: '*', Resource: '*' };
const NO_STOP = { Sid: 'NoStop', Effect: 'Deny', Action: 'cloudtrail:Stop*', Resource: '*' };
const STOP = 'cloudtrail:StopLogging';
const NAMED = `User: ${ALICE.arn} is not authorized to perform: ${STOP} on resource: ${TRAIL}`;

describe('a denial', () => {
  const toldAs = (policies: PolicySet, change: Partial<AccessRequest> = {}) => {
    const asked = ask(STOP, change);
    const decision = decide(asked, policies);
    assert.equal(decision.isAllowed, false);
    return denialMessage(asked, decision);
  };
  const [all] = [compile('identity', ALL)];
  const levels = (...statements: object[]) => ({
    managementAccountId: '999988887777',
    levels: [[compile('serviceControl', ...statements)]],
  });
  const everybody = { Principal: '*' };

  it('is told in AWS’s sentence, with the kind of policy that did not allow it', () => {
    const tail = `allows the ${STOP} action`;
    const other = { ...ALL, Action: 's3:*' };
    const across = { resourceAccountId: '444455556666' };
    const cases: readonly (readonly [string, PolicySet, Partial<AccessRequest>])[] = [
      ['no identity-based policy', { identity: [] }, {}],
      ['no resource-based policy', { identity: [all] }, across],
      ['no permissions boundary', { identity: [all], boundary: compile('boundary', other) }, {}],
      ['no session policy', { identity: [all], session: [compile('session', other)] }, {}],
      ['no service control policy', { identity: [all], serviceControl: levels(other) }, {}],
    ];
    for (const [who, policies, change] of cases) {
      assert.equal(toldAs(policies, change), `${NAMED} because ${who} ${tail}`);
    }
  });

  it('is told in AWS’s sentence, with the kind of policy that forbade it, and the decision has the statement', () => {
    const identity = [compile('identity', ALL, NO_STOP)];
    const cases: readonly (readonly [string, PolicySet])[] = [
      ['an identity-based policy', { identity }],
      [
        'a resource-based policy',
        { identity: [all], resource: [compile('resource', { ...NO_STOP, ...everybody })] },
      ],
      ['a permissions boundary', { identity: [all], boundary: compile('boundary', ALL, NO_STOP) }],
      ['a session policy', { identity: [all], session: [compile('session', ALL, NO_STOP)] }],
      ['a service control policy', { identity: [all], serviceControl: levels(ALL, NO_STOP) }],
    ];
    for (const [who, policies] of cases) {
      assert.equal(toldAs(policies), `${NAMED} with an explicit deny in ${who}`);
      assert.equal(decide(ask(STOP), policies).statement?.sid, 'NoStop');
      assert.equal(decide(ask('cloudtrail:StartLogging'), policies).isAllowed, true);
    }
  });

  it('of a role’s trust policy and of an anonymous request is told as such', () => {
    const trust = compile('trust', {
      Effect: 'Allow',
      Principal: { AWS: '444455556666' },
      Action: 'sts:AssumeRole',
    });
    const resourceArn = 'arn:aws:iam::111122223333:role/Admin';
    const asked = ask('sts:AssumeRole', { resourceArn });
    const { arn } = ALICE;
    assert.equal(
      denialMessage(asked, decide(asked, { identity: [all], resource: [trust] })),
      `User: ${arn} is not authorized to perform: sts:AssumeRole on resource: ${resourceArn} because no role trust policy allows the sts:AssumeRole action`,
    );
    const nobody = { ...asked, principal: undefined };
    assert.match(
      denialMessage(nobody, decide(nobody, { identity: [] })),
      /^User: anonymous is not authorized/,
    );
  });
});

describe('a denial of all but some', () => {
  const session: Principal = {
    ...ALICE,
    type: 'AssumedRole',
    arn: 'arn:aws:sts::111122223333:assumed-role/Audit/bob',
    session: {
      issuedAtMs: 0,
      expiresAtMs: 1,
      hasMfa: false,
      roleArn: 'arn:aws:iam::111122223333:role/Audit',
      transitiveTagKeys: [],
      policies: [],
    },
  };
  const account = 'arn:aws:iam::111122223333:root';
  const isAllowed = (principal: Principal, ...listed: string[]) =>
    decide(ask(STOP, { principal }), {
      identity: [compile('identity', ALL)],
      resource: [
        compile('resource', { Effect: 'Deny', NotPrincipal: { AWS: listed }, Action: '*', Resource: '*' }),
      ],
    }).isAllowed;

  it('leaves out only those of whom account, role and session are all listed', () => {
    const { arn } = session;
    const roleArn = session.session?.roleArn ?? '';
    assert.equal(isAllowed(ALICE, account, ALICE.arn), true);
    assert.equal(isAllowed(ALICE, ALICE.arn), false);
    assert.equal(isAllowed(ALICE, account), false);
    assert.equal(isAllowed(session, account, roleArn, arn), true);
    assert.equal(isAllowed(session, account, roleArn), false);
    assert.equal(isAllowed(session, account, arn), false);
    assert.equal(isAllowed({ ...ALICE, type: 'Root', arn: account }, account), true);
    assert.equal(isAllowed(ALICE, '*'), true);
  });
});

describe('a statement on all resources but some', () => {
  it('leaves nothing out of a denial, and lets nothing into a permission, by a variable without a value', () => {
    const others = { NotResource: `arn:aws:s3:::${variable('aws:PrincipalTag/team')}/*` };
    const asked = ask('s3:GetObject', { resourceArn: 'arn:aws:s3:::blue/x' });
    const allow = compile('identity', { Effect: 'Allow', Action: '*', ...others });
    const deny = compile('identity', { Effect: 'Deny', Action: '*', ...others });
    const all = compile('identity', ALL);
    assert.equal(decide(asked, { identity: [allow] }).isAllowed, false);
    assert.equal(decide(asked, { identity: [all, deny] }).isAllowed, false);
    const context = new Map([['aws:principaltag/team', ['blue']]]);
    assert.equal(decide({ ...asked, context }, { identity: [allow] }).isAllowed, false);
    assert.equal(decide({ ...asked, context }, { identity: [all, deny] }).isAllowed, true);
  });
});

describe('examples of AWS’s documentation', () => {
  const inBucket = (action: string, key: string, change: Partial<AccessRequest> = {}) =>
    ask(action, { resourceArn: `arn:aws:s3:::${key}`, ...change });

  it('home folders: a user reaches what bears its name, and nothing else', () => {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_s3_home-directory-console.html
    const identity = [
      compile(
        'identity',
        {
          Effect: 'Allow',
          Action: 's3:ListBucket',
          Resource: 'arn:aws:s3:::bucket-name',
          Condition: { StringLike: { 's3:prefix': ['', 'home/', `home/${variable('aws:username')}/*`] } },
        },
        {
          Effect: 'Allow',
          Action: 's3:*',
          Resource: [
            `arn:aws:s3:::bucket-name/home/${variable('aws:username')}`,
            `arn:aws:s3:::bucket-name/home/${variable('aws:username')}/*`,
          ],
        },
      ),
    ];
    const prefix = (value: string) =>
      requestContext(ALICE, { nowMs: 0, keys: new Map([['s3:prefix', [value]]]) });
    const may = (request: AccessRequest) => decide(request, { identity }).isAllowed;
    assert.equal(may(inBucket('s3:GetObject', 'bucket-name/home/alice/a/b')), true);
    assert.equal(may(inBucket('s3:GetObject', 'bucket-name/home/alicent/a')), false);
    assert.equal(may(inBucket('s3:GetObject', 'bucket-name/home/bob/a')), false);
    assert.equal(may(inBucket('s3:ListBucket', 'bucket-name', { context: prefix('home/alice/x') })), true);
    assert.equal(may(inBucket('s3:ListBucket', 'bucket-name', { context: prefix('home/bob/x') })), false);
  });

  it('multi-factor authentication: all but its own is denied without it, also to long-term keys, which have no such key', () => {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_examples_aws_my-sec-creds-self-manage.html
    const identity = [
      compile('identity', ALL, {
        Sid: 'DenyAllExceptListedIfNoMFA',
        Effect: 'Deny',
        NotAction: ['iam:CreateVirtualMFADevice', 'iam:GetUser', 'sts:GetSessionToken'],
        Resource: '*',
        Condition: { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } },
      }),
    ];
    const temporary = (hasMfa: boolean): Principal => ({
      ...ALICE,
      session: { issuedAtMs: 0, expiresAtMs: 1, hasMfa, transitiveTagKeys: [], policies: [] },
    });
    const may = (principal: Principal, action: string) =>
      decide(ask(action, { principal, context: requestContext(principal, { nowMs: 0 }) }), { identity })
        .isAllowed;
    assert.equal(may(ALICE, STOP), false);
    assert.equal(may(temporary(false), STOP), false);
    assert.equal(may(temporary(true), STOP), true);
    assert.equal(may(ALICE, 'iam:GetUser'), true);
  });

  it('the confused deputy: a service is let in only on behalf of the account’s own trail', () => {
    // https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
    const resource = [
      compile('resource', {
        Sid: 'AWSCloudTrailWrite20150319',
        Effect: 'Allow',
        Principal: { Service: 'cloudtrail.amazonaws.com' },
        Action: 's3:PutObject',
        Resource: 'arn:aws:s3:::logs/AWSLogs/111122223333/*',
        Condition: {
          StringEquals: { 's3:x-amz-acl': 'bucket-owner-full-control', 'aws:SourceArn': TRAIL },
        },
      }),
    ];
    const principal: Principal = { ...ALICE, type: 'AWSService', arn: 'cloudtrail.amazonaws.com' };
    const may = (sourceArn: string) => {
      const keys = new Map([
        ['s3:x-amz-acl', ['bucket-owner-full-control']],
        ['aws:SourceArn', [sourceArn]],
      ]);
      const context = requestContext(principal, { nowMs: 0, keys });
      const asked = inBucket('s3:PutObject', 'logs/AWSLogs/111122223333/x.gz', { principal, context });
      return decide(asked, { identity: [], resource }).isAllowed;
    };
    assert.equal(may(TRAIL), true);
    assert.equal(may(TRAIL.replace('111122223333', '444455556666')), false);
  });

  it('external ids: a role is assumed across accounts only with the one agreed upon', () => {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_common-scenarios_third-party.html
    const trust = compile('trust', {
      Effect: 'Allow',
      Action: 'sts:AssumeRole',
      Principal: { AWS: '111122223333' },
      Condition: { StringEquals: { 'sts:ExternalId': '12345' } },
    });
    const may = (...given: string[]) =>
      decide(
        ask('sts:AssumeRole', {
          resourceArn: 'arn:aws:iam::444455556666:role/ExampleRole',
          resourceAccountId: '444455556666',
          context: requestContext(ALICE, { nowMs: 0, keys: new Map([['sts:ExternalId', given]]) }),
        }),
        { identity: [compile('identity', ALL)], resource: [trust] },
      ).isAllowed;
    assert.equal(may('12345'), true);
    assert.equal(may('54321'), false);
    assert.equal(may(), false);
  });

  it('a denied service-control policy on leaving the organization binds, whatever is allowed', () => {
    // https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_examples_general.html
    const full = compile('serviceControl', ALL);
    const leave = compile('serviceControl', {
      Effect: 'Deny',
      Action: 'organizations:LeaveOrganization',
      Resource: '*',
    });
    const serviceControl = { managementAccountId: '999988887777', levels: [[full, leave], [full]] };
    const root: Principal = { ...ALICE, type: 'Root', arn: 'arn:aws:iam::111122223333:root' };
    for (const principal of [ALICE, root]) {
      const policies = { identity: [compile('identity', ALL)], serviceControl };
      assert.equal(decide(ask('organizations:LeaveOrganization', { principal }), policies).isExplicit, true);
      assert.equal(
        decide(ask('organizations:DescribeOrganization', { principal }), policies).isAllowed,
        true,
      );
    }
  });

  it('matching tags: a principal reaches what bears the tag that it bears itself', () => {
    // https://docs.aws.amazon.com/IAM/latest/UserGuide/tutorial_attribute-based-access-control.html
    const identity = [
      compile('identity', {
        Effect: 'Allow',
        Action: 'secretsmanager:*',
        Resource: '*',
        Condition: {
          StringEquals: { 'aws:ResourceTag/access-project': variable('aws:PrincipalTag/access-project') },
          'ForAllValues:StringEquals': { 'aws:TagKeys': ['access-project', 'name'] },
        },
      }),
    ];
    const may = (project: string | undefined, tag: string, ...requested: string[]) => {
      const tags = project === undefined ? [] : [{ key: 'access-project', value: project }];
      const principal: Principal = { ...ALICE, tags };
      const context = requestContext(principal, {
        nowMs: 0,
        resourceTags: new Map([['access-project', tag]]),
        requestTags: new Map(requested.map((key) => [key, 'x'])),
      });
      return decide(ask('secretsmanager:TagResource', { principal, context }), { identity }).isAllowed;
    };
    assert.equal(may('peg', 'peg'), true);
    assert.equal(may('peg', 'uni'), false);
    assert.equal(may(undefined, 'peg'), false);
    assert.equal(may('peg', 'peg', 'name'), true);
    assert.equal(may('peg', 'peg', 'name', 'cost'), false);
  });
});
