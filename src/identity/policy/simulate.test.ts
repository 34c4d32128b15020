import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { loadActionTable } from '../load-action-table.ts';
import { findManagedPolicy } from './managed/managed-policies.ts';
import { parsePolicy } from './parse-policy.ts';
import { type Simulation, simulate } from './simulate.ts';

const TABLE = await loadActionTable(['s3', 'cloudtrail', 'iam']);

const policy = (text: string, number = 1) => ({
  sourcePolicyId: `PolicyInputList.${number}`,
  sourcePolicyType: 'IAM Policy',
  policy: parsePolicy(text, 'identity'),
});

const LIST_BUCKET = policy(`{
  "Version": "2012-10-17",
  "Statement": {"Effect": "Allow", "Action": "s3:ListBucket", "Resource": "arn:aws:s3:::teambucket"}
}`);

const BASE: Simulation = {
  principal: {
    type: 'IAMUser',
    accountId: '123456789012',
    arn: 'arn:aws:iam::123456789012:user/Jill',
    userIdentity: {},
  },
  actions: ['s3:ListBucket'],
  resourceArns: ['arn:aws:s3:::teambucket'],
  resourceAccountId: '123456789012',
  context: new Map(),
  identity: [LIST_BUCKET],
};

/** A policy variable. */
const variable = (name: string) => `$\{${name}}`;

describe('a simulation', () => {
  it('tells what allows an action, with its place in the document', () => {
    assert.deepEqual(simulate(BASE), [
      {
        action: 's3:ListBucket',
        resourceArn: 'arn:aws:s3:::teambucket',
        decision: 'allowed',
        matchedStatements: [
          {
            sourcePolicyId: 'PolicyInputList.1',
            sourcePolicyType: 'IAM Policy',
            start: { line: 3, column: 17 },
            end: { line: 3, column: 101 },
          },
        ],
        missingContextValues: [],
      },
    ]);
  });

  it('has the answers and the places of the examples of AWS', () => {
    // https://docs.aws.amazon.com/cli/latest/reference/iam/simulate-custom-policy.html#examples
    const dated = policy(
      '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"dynamodb:*","Resource":"*","Condition":' +
        '{"DateGreaterThan":{"aws:CurrentTime":"2018-08-16T12:00:00Z"}}}}',
    );
    const at = (time: string) =>
      simulate({
        ...BASE,
        actions: ['dynamodb:CreateBackup'],
        resourceArns: [],
        identity: [dated],
        context: new Map([['aws:currenttime', [time]]]),
      })[0];
    const later = at('2019-04-25T11:00:00Z');
    assert.equal(later?.decision, 'allowed');
    assert.equal(later?.resourceArn, '*');
    assert.deepEqual(later?.matchedStatements[0]?.start, { line: 1, column: 38 });
    assert.deepEqual(later?.matchedStatements[0]?.end, { line: 1, column: 167 });
    assert.deepEqual(later?.missingContextValues, []);
    const earlier = at('2014-04-25T11:00:00Z');
    assert.equal(earlier?.decision, 'implicitDeny');
    assert.deepEqual(earlier?.matchedStatements, []);
    // What IAM answers for AdministratorAccess: the statement starts behind the bracket of the line before it.
    const administrator = findManagedPolicy('arn:aws:iam::aws:policy/AdministratorAccess')?.document ?? '';
    const [all] = simulate({ ...BASE, identity: [policy(administrator)] });
    assert.deepEqual(all?.matchedStatements[0]?.start, { line: 3, column: 17 });
    assert.deepEqual(all?.matchedStatements[0]?.end, { line: 8, column: 6 });
  });

  it('answers every action on every resource, and what is about no resource once, for *', () => {
    const results = simulate(
      {
        ...BASE,
        actions: ['s3:ListBucket', 's3:ListAllMyBuckets'],
        resourceArns: ['arn:aws:s3:::a', 'arn:aws:s3:::b'],
      },
      TABLE,
    );
    assert.deepEqual(
      results.map(({ action, resourceArn, decision }) => [action, resourceArn, decision]),
      [
        ['s3:ListBucket', 'arn:aws:s3:::a', 'implicitDeny'],
        ['s3:ListBucket', 'arn:aws:s3:::b', 'implicitDeny'],
        ['s3:ListAllMyBuckets', '*', 'implicitDeny'],
      ],
    );
  });

  it('starts a further statement behind the comma before it', () => {
    const two = policy(
      '{"Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"}\n , ' +
        '{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}',
    );
    const [result] = simulate({ ...BASE, identity: [two] });
    assert.deepEqual(result?.matchedStatements[0]?.start, { line: 2, column: 3 });
    assert.deepEqual(result?.matchedStatements[0]?.end, { line: 2, column: 53 });
  });

  it('tells of a denial only the statements that deny', () => {
    const deny = policy('{"Statement":[{"Effect":"Deny","Action":"s3:*","Resource":"*"}]}', 2);
    const [result] = simulate({ ...BASE, identity: [LIST_BUCKET, deny] });
    assert.equal(result?.decision, 'explicitDeny');
    assert.deepEqual(
      result?.matchedStatements.map((statement) => statement.sourcePolicyId),
      ['PolicyInputList.2'],
    );
  });

  it('names the context keys that the policies ask for and it was not given, as they spell them', () => {
    const conditional = policy(
      JSON.stringify({
        Version: '2012-10-17',
        Statement: {
          Effect: 'Allow',
          Action: 's3:*',
          Resource: `arn:aws:s3:::${variable('aws:username')}`,
          Condition: {
            Bool: { 'aws:MultiFactorAuthPresent': 'true' },
            StringEquals: { 'aws:PrincipalTag/Team': variable('aws:RequestTag/Team'), 's3:prefix': '' },
          },
        },
      }),
    );
    const context = new Map([['s3:prefix', ['x']]]);
    const [result] = simulate({ ...BASE, context, identity: [conditional] });
    assert.deepEqual(result?.missingContextValues, [
      'aws:username',
      'aws:MultiFactorAuthPresent',
      'aws:PrincipalTag/Team',
      'aws:RequestTag/Team',
    ]);
  });

  it('says whether boundary and organization allow it, beside the decision', () => {
    const boundary = policy('{"Statement":{"Effect":"Allow","Action":"iam:*","Resource":"*"}}', 9);
    const [bounded] = simulate({ ...BASE, boundary });
    assert.equal(bounded?.decision, 'implicitDeny');
    assert.equal(bounded?.isAllowedByBoundary, false);
    assert.equal(bounded?.isAllowedByOrganization, undefined);
    assert.deepEqual(bounded?.matchedStatements, []);
    const serviceControl = { managementAccountId: '999999999999', levels: [[LIST_BUCKET.policy]] };
    const [controlled] = simulate({ ...BASE, serviceControl });
    assert.equal(controlled?.decision, 'allowed');
    assert.equal(controlled?.isAllowedByOrganization, true);
    const [closed] = simulate({ ...BASE, serviceControl: { ...serviceControl, levels: [[]] } });
    assert.equal(closed?.decision, 'implicitDeny');
    assert.equal(closed?.isAllowedByOrganization, false);
  });

  it('takes the policy of the resource into account', () => {
    const resource = {
      sourcePolicyId: 'ResourcePolicy',
      sourcePolicyType: 'resource',
      policy: parsePolicy(
        JSON.stringify({
          Statement: {
            Effect: 'Allow',
            Principal: { AWS: 'arn:aws:iam::123456789012:user/Jill' },
            Action: 's3:*',
            Resource: 'arn:aws:s3:::teambucket',
          },
        }),
        'resource',
      ),
    };
    const [result] = simulate({ ...BASE, identity: [], resource });
    assert.equal(result?.decision, 'allowed');
    assert.equal(result?.matchedStatements[0]?.sourcePolicyType, 'resource');
  });
});
