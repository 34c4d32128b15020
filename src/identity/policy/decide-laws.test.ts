import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { AccessRequest, RequestPrincipal } from './access-request.ts';
import type { CompiledPolicy, PolicyKind } from './compiled-policy.ts';
import { type Decision, decide, type PolicySet } from './decide.ts';
import { parsePolicy } from './parse-policy.ts';

const OWN = '111122223333';
const OTHER = '444455556666';
const MANAGEMENT = '999988887777';
const USER_ARN = `arn:aws:iam::${OWN}:user/alice`;
const ROLE_ARN = `arn:aws:iam::${OWN}:role/Auditor`;
const SESSION_ARN = `arn:aws:sts::${OWN}:assumed-role/Auditor/alice`;

const user: RequestPrincipal = { type: 'IAMUser', accountId: OWN, arn: USER_ARN, userIdentity: {} };
const PRINCIPALS: readonly (RequestPrincipal | undefined)[] = [
  user,
  {
    ...user,
    type: 'AssumedRole',
    arn: SESSION_ARN,
    session: {
      issuedAtMs: 0,
      expiresAtMs: 1,
      hasMfa: false,
      roleArn: ROLE_ARN,
      transitiveTagKeys: [],
      policies: [],
    },
  },
  { ...user, type: 'FederatedUser', arn: `arn:aws:sts::${OWN}:federated-user/alice` },
  { ...user, type: 'Root', arn: `arn:aws:iam::${OWN}:root` },
  { ...user, type: 'AWSService', arn: 'cloudtrail.amazonaws.com' },
  undefined,
];

type Statement = Readonly<Record<string, unknown>>;

const statement = (effects: readonly string[] = ['Allow', 'Deny']): fc.Arbitrary<Statement> =>
  fc.record(
    {
      Effect: fc.constantFrom(...effects),
      Action: fc.constantFrom('*', 's3:*', 's3:Get*', 's3:GetObject', 's3:PutObject', 'iam:GetUser'),
      Resource: fc.constantFrom('*', 'arn:aws:s3:::b/*', 'arn:aws:s3:::b/k', 'arn:aws:s3:::c'),
      Condition: fc.constantFrom(
        {},
        { StringEquals: { 'test:a': 'x' } },
        { StringNotEquals: { 'test:a': 'x' } },
        { Null: { 'test:b': 'true' } },
      ),
    },
    { noNullPrototype: true },
  );

const principalNames = fc.constantFrom(
  '*',
  { AWS: OWN },
  { AWS: USER_ARN },
  { AWS: ROLE_ARN },
  { AWS: SESSION_ARN },
  { AWS: OTHER },
  { Service: 'cloudtrail.amazonaws.com' },
);

function policy(kind: PolicyKind, effects?: readonly string[]): fc.Arbitrary<CompiledPolicy> {
  const one =
    kind === 'resource'
      ? fc.tuple(statement(effects), principalNames).map(([rest, Principal]) => ({ ...rest, Principal }))
      : statement(effects);
  return fc
    .array(one, { minLength: 1, maxLength: 3 })
    .map((Statement) => parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement }), kind));
}

const list = (kind: PolicyKind) => fc.array(policy(kind), { maxLength: 2 });

const policySet: fc.Arbitrary<PolicySet> = fc.record(
  {
    identity: list('identity'),
    resource: list('resource'),
    isResourcePolicyRequired: fc.boolean(),
    boundary: policy('boundary'),
    session: list('session'),
    serviceControl: fc.record({
      managementAccountId: fc.constantFrom(MANAGEMENT, OWN),
      levels: fc.array(fc.array(policy('serviceControl'), { maxLength: 2 }), { maxLength: 2 }),
    }),
  },
  { requiredKeys: ['identity'], noNullPrototype: true },
);

const request: fc.Arbitrary<AccessRequest> = fc.record({
  principal: fc.constantFrom(...PRINCIPALS),
  action: fc.constantFrom('s3:GetObject', 's3:PutObject', 'S3:getobject'),
  resourceArn: fc.constantFrom('arn:aws:s3:::b/k', 'arn:aws:s3:::b/l', 'arn:aws:s3:::c', '*'),
  resourceAccountId: fc.constantFrom(OWN, OTHER),
  context: fc.constantFrom(new Map(), new Map([['test:a', ['x']]]), new Map([['test:b', ['y']]])),
});

const RUNS = { numRuns: 5_000 };

const DENY_ALL = { Effect: 'Deny', Action: '*', Resource: '*' };
const compile = (kind: PolicyKind, Statement: Statement) =>
  parsePolicy(JSON.stringify({ Version: '2012-10-17', Statement }), kind);

describe('whatever the policies are', () => {
  it('a denial that applies wins over everything that allows', () => {
    const additions: readonly ((policies: PolicySet) => PolicySet)[] = [
      (policies) => ({ ...policies, identity: [...policies.identity, compile('identity', DENY_ALL)] }),
      (policies) => ({
        ...policies,
        resource: [...(policies.resource ?? []), compile('resource', { ...DENY_ALL, Principal: '*' })],
      }),
      (policies) => ({ ...policies, boundary: compile('boundary', DENY_ALL) }),
      (policies) => ({ ...policies, session: [...(policies.session ?? []), compile('session', DENY_ALL)] }),
    ];
    fc.assert(
      fc.property(request, policySet, fc.constantFrom(...additions), (asked, policies, add) => {
        const { isAllowed, isExplicit, statement: denied } = decide(asked, add(policies));
        assert.equal(isAllowed, false);
        assert.equal(isExplicit, true);
        assert.equal(denied?.effect, 'Deny');
      }),
      RUNS,
    );
  });

  it('one more permission in a policy takes no other away', () => {
    fc.assert(
      fc.property(
        request,
        policySet,
        policy('identity', ['Allow']),
        policy('resource', ['Allow']),
        (asked, policies, identity, resource) => {
          if (!decide(asked, policies).isAllowed) return;
          const withIdentity = { ...policies, identity: [...policies.identity, identity] };
          const withResource = { ...policies, resource: [...(policies.resource ?? []), resource] };
          assert.equal(decide(asked, withIdentity).isAllowed, true);
          assert.equal(decide(asked, withResource).isAllowed, true);
        },
      ),
      RUNS,
    );
  });

  it('a boundary, a session policy or one of the organization gives nothing that there was not', () => {
    const serviceControl = fc
      .array(fc.array(policy('serviceControl'), { maxLength: 2 }), { minLength: 1, maxLength: 3 })
      .map((levels) => ({ managementAccountId: MANAGEMENT, levels }));
    fc.assert(
      fc.property(
        request,
        policySet,
        policy('boundary'),
        policy('session'),
        serviceControl,
        (asked, policies, boundary, session, organization) => {
          const { boundary: _boundary, session: _session, serviceControl: _organization, ...free } = policies;
          // A federated user has nothing without a session policy, so that its first one is what gives.
          if (asked.principal?.type === 'FederatedUser' || decide(asked, free).isAllowed) return;
          assert.equal(decide(asked, { ...free, boundary }).isAllowed, false);
          assert.equal(decide(asked, { ...free, session: [session] }).isAllowed, false);
          assert.equal(decide(asked, { ...free, serviceControl: organization }).isAllowed, false);
        },
      ),
      RUNS,
    );
  });

  it('nothing is allowed without a statement that allows it, but to the root of the account', () => {
    const isGranted = ({ isAllowed, statement: granted, decidedBy }: Decision) =>
      !isAllowed || decidedBy === 'root' || granted?.effect === 'Allow';
    fc.assert(
      fc.property(request, policySet, (asked, policies) => {
        const decision = decide(asked, policies);
        assert.ok(isGranted(decision));
        if (decision.decidedBy !== 'root') return;
        assert.equal(asked.principal?.type, 'Root');
        assert.equal(asked.resourceAccountId, asked.principal.accountId);
      }),
      RUNS,
    );
  });

  it('nobody of another account is allowed anything that the resource does not allow', () => {
    fc.assert(
      fc.property(request, policySet, (asked, policies) => {
        const { resource: _resource, ...rest } = policies;
        assert.equal(decide({ ...asked, resourceAccountId: OTHER }, rest).isAllowed, false);
      }),
      RUNS,
    );
  });

  it('a decision says a kind of policy that there is, and a denial by a statement says which', () => {
    fc.assert(
      fc.property(request, policySet, (asked, policies) => {
        const { decidedBy, isExplicit, statement: found } = decide(asked, policies);
        if (isExplicit) assert.equal(found?.effect, 'Deny');
        if (decidedBy === 'boundary') assert.ok(policies.boundary !== undefined);
        if (decidedBy === 'serviceControl') assert.ok(policies.serviceControl !== undefined);
      }),
      RUNS,
    );
  });
});
