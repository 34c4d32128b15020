import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import type { Principal } from '../principal.ts';
import type { CompiledPolicy, PolicyKind } from './compiled-policy.ts';
import { decide, type PolicySet } from './decide.ts';
import { parsePolicy } from './parse-policy.ts';
import { requestContext } from './request-context.ts';

/** The same row is asked in this many spellings of its policies. */
const SPELLINGS = 7;

const OWN = '111122223333';
const OTHER = '444455556666';
const MANAGEMENT = '999988887777';

type Row = Readonly<Record<(typeof COLUMNS)[number], string>>;
const COLUMNS = [
  'who',
  'where',
  'identity',
  'resource',
  'boundary',
  'session',
  'organization',
  'answer',
  'by',
] as const;

function readRows(): Row[] {
  const text = readFileSync(new URL('./policy-matrix.md', import.meta.url), 'utf8');
  const lines = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| who'));
  return lines.map((line) => {
    const cells = line.split('|').slice(1, -1);
    assert.equal(cells.length, COLUMNS.length, line);
    return Object.fromEntries(COLUMNS.map((name, index) => [name, cells[index]?.trim()])) as Row;
  });
}

const USER_ARN = `arn:aws:iam::${OWN}:user/team/alice`;
const ROLE_ARN = `arn:aws:iam::${OWN}:role/team/Auditor`;
const SESSION_ARN = `arn:aws:sts::${OWN}:assumed-role/Auditor/alice`;
const LINKED_ROLE_ARN = `arn:aws:iam::${OWN}:role/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail`;
const FEDERATED_ARN = `arn:aws:sts::${OWN}:federated-user/alice`;
const SERVICE = 'cloudtrail.amazonaws.com';

const base = { accountId: OWN, userId: 'AIDA', accessKeyId: 'AKIA', userIdentity: {}, tags: [] };
const session = {
  issuedAtMs: 0,
  expiresAtMs: 3_600_000,
  hasMfa: false,
  transitiveTagKeys: [],
  policies: [],
};

const PRINCIPALS: Readonly<Record<string, Principal | undefined>> = {
  user: { ...base, type: 'IAMUser', arn: USER_ARN, userName: 'alice' },
  session: { ...base, type: 'AssumedRole', arn: SESSION_ARN, session: { ...session, roleArn: ROLE_ARN } },
  slr: {
    ...base,
    type: 'AssumedRole',
    arn: `arn:aws:sts::${OWN}:assumed-role/AWSServiceRoleForCloudTrail/x`,
    session: { ...session, roleArn: LINKED_ROLE_ARN },
  },
  federated: { ...base, type: 'FederatedUser', arn: FEDERATED_ARN, session },
  root: { ...base, type: 'Root', arn: `arn:aws:iam::${OWN}:root` },
  service: { ...base, type: 'AWSService', arn: SERVICE, userIdentity: { invokedBy: SERVICE } },
  anonymous: undefined,
};

interface Asked {
  readonly action: string;
  readonly resourceArn: string;
  readonly isTrust: boolean;
  readonly row: Row;
}

type Statement = Readonly<Record<string, unknown>>;

/** A policy variable. */
const variable = (name: string) => `$\{${name}}`;

const HOLDS = {
  Bool: { 'aws:SecureTransport': 'true' },
  IpAddress: { 'aws:SourceIp': ['198.51.100.0/24', '203.0.113.0/24'] },
  DateLessThan: { 'aws:CurrentTime': '2030-01-01T00:00:00Z' },
  StringNotEquals: { 'aws:RequestTag/nothing': 'x' },
  Null: { 'aws:RequestTag/nothing': 'true' },
};

const FAILS = { ...HOLDS, StringLike: { 'aws:UserAgent': 'curl/*' } };

/** A statement that is about the request, in one of its spellings. */
function about({ action, resourceArn, isTrust }: Asked, spelling: number): Statement {
  const [vendor = '', name = ''] = action.split(':');
  const wild = `${vendor.toUpperCase()}:${name.slice(0, 6).toLowerCase()}*`;
  if (isTrust) {
    const actions = [
      action,
      [action, 'sts:TagSession'],
      'STS:assumerole*',
      'sts:AssumeRole',
      ['sts:AssumeRole*'],
    ];
    const conditions = [undefined, undefined, HOLDS, undefined, HOLDS];
    const index = spelling % actions.length;
    return { Action: actions[index], ...(conditions[index] ? { Condition: conditions[index] } : {}) };
  }
  const parts = resourceArn.split(':');
  const anyRegion = [...parts.slice(0, 3), '*', parts[4], `${parts[5]?.slice(0, 4)}*`].join(':');
  const spellings: Statement[] = [
    { Action: action, Resource: resourceArn },
    { Action: '*', Resource: '*' },
    { Action: wild, Resource: anyRegion },
    { NotAction: ['s3:*', 'iam:List*'], Resource: ['arn:aws:s3:::x', resourceArn] },
    { Action: ['s3:GetObject', action.toLowerCase()], NotResource: [`${resourceArn}x`, 'arn:aws:s3:::*'] },
    { Action: `${vendor}:*`, Resource: '*', Condition: HOLDS },
    {
      Action: `${vendor}:?${name.slice(1)}`,
      Resource: `${resourceArn.slice(0, -3)}${variable(`aws:RequestTag/id, '${resourceArn.slice(-3)}'`)}`,
      Condition: { StringEquals: { 'aws:RequestedRegion': variable('aws:RequestedRegion') } },
    },
  ];
  return spellings[spelling % spellings.length] as Statement;
}

/** Statements that say nothing about the request, in one of their spellings. */
function notAbout(asked: Asked, spelling: number): Statement[] {
  const { action, resourceArn, isTrust } = asked;
  if (isTrust) {
    const other = { Effect: 'Allow', Action: 'sts:TagSession' };
    const failing = { Effect: spelling % 2 === 0 ? 'Allow' : 'Deny', Action: action, Condition: FAILS };
    return spelling % 3 === 0 ? [other] : [other, failing];
  }
  const spellings: Statement[][] = [
    [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }],
    [{ Effect: 'Allow', Action: '*', Resource: ['arn:aws:s3:::*', `${resourceArn}x`] }],
    [{ Effect: 'Allow', NotAction: [action, 'iam:*'], Resource: '*' }],
    [{ Effect: 'Allow', Action: '*', NotResource: [resourceArn] }],
    [{ Effect: 'Allow', Action: '*', Resource: '*', Condition: FAILS }],
    [
      { Effect: 'Deny', Action: '*', Resource: '*', Condition: FAILS },
      { Effect: 'Allow', Action: `${action}x`, Resource: '*' },
    ],
    [{ Effect: 'Allow', Action: '*', Resource: `${resourceArn}${variable('aws:RequestTag/nothing')}` }],
  ];
  return spellings[spelling % spellings.length] ?? [];
}

/** `allow`, `deny` or `silent` as a document of one of the kinds that name nobody. */
function document(word: string, kind: PolicyKind, asked: Asked, spelling: number): CompiledPolicy {
  const everything = { Effect: 'Allow', Action: '*', Resource: '*' };
  const statements: Record<string, Statement[]> = {
    allow: [
      ...notAbout({ ...asked, isTrust: false }, spelling + 1),
      { Effect: 'Allow', ...about({ ...asked, isTrust: false }, spelling) },
    ],
    deny: [everything, { Effect: 'Deny', ...about({ ...asked, isTrust: false }, spelling) }],
    silent: notAbout({ ...asked, isTrust: false }, spelling),
  };
  return compile(statements[word], kind);
}

function compile(statements: readonly Statement[] | undefined, kind: PolicyKind): CompiledPolicy {
  assert.ok(statements !== undefined, 'the matrix has a word that is not known');
  const [only] = statements;
  return parsePolicy(
    JSON.stringify({ Version: '2012-10-17', Statement: statements.length === 1 ? only : statements }),
    kind,
  );
}

/** Whom a word of the column `resource` names, in one of the spellings. */
function named(word: string, who: string, spelling: number): Statement | string {
  const stranger = `arn:aws:iam::${OWN}:user/mallory`;
  const sessionArn = who === 'federated' ? FEDERATED_ARN : SESSION_ARN;
  const names: Record<string, (Statement | string)[]> = {
    user: [{ AWS: USER_ARN }, { AWS: [stranger, USER_ARN] }],
    session: [{ AWS: sessionArn }, { AWS: [stranger, sessionArn], Service: 'ec2.amazonaws.com' }],
    role: [{ AWS: ROLE_ARN }, { AWS: [ROLE_ARN, stranger] }],
    account: [{ AWS: OWN }, { AWS: `arn:aws:iam::${OWN}:root` }, { AWS: ['777777777777', OWN] }],
    everyone: ['*', { AWS: '*' }, { AWS: ['*', OWN] }],
    service: [{ Service: SERVICE }, { Service: ['ec2.amazonaws.com', SERVICE] }],
    other: [
      { AWS: stranger },
      { AWS: ['777777777777', `arn:aws:sts::${OWN}:assumed-role/Auditor/mallory`] },
      { Service: 'ec2.amazonaws.com', Federated: 'accounts.google.com' },
    ],
  };
  const choices = names[word];
  assert.ok(choices !== undefined, `nobody is called ${word}`);
  return choices[spelling % choices.length] as Statement | string;
}

function resourcePolicy(asked: Asked, spelling: number): CompiledPolicy {
  const { row, isTrust } = asked;
  const kind = isTrust ? 'trust' : 'resource';
  if (row.resource === 'silent') {
    return compile(
      notAbout(asked, spelling).map((statement) => ({ ...statement, Principal: '*' })),
      kind,
    );
  }
  if (row.resource !== 'deny') {
    const allows = row.resource.split(' ').map((word, index) => ({
      Effect: 'Allow',
      Principal: named(word, row.who, spelling),
      ...about(asked, spelling + index),
    }));
    return compile(allows, kind);
  }
  const isByName = spelling % 2 === 1 && !isTrust;
  const whom = isByName ? { NotPrincipal: { AWS: `arn:aws:iam::${OWN}:user/mallory` } } : { Principal: '*' };
  const allow = { Effect: 'Allow', Principal: '*', Action: isTrust ? 'sts:AssumeRole' : '*' };
  const everything = isTrust ? allow : { ...allow, Resource: '*' };
  return compile([everything, { Effect: 'Deny', ...whom, ...about(asked, spelling) }], kind);
}

function policiesOf(asked: Asked, spelling: number): PolicySet {
  const { row } = asked;
  const spelt = (word: string, kind: PolicyKind, shift: number) =>
    document(word, kind, asked, spelling + shift);
  const levels = row.organization
    .split(' ')
    .map((word, index) => (word === '-' ? [] : [spelt(word, 'serviceControl', index + 3)]));
  return {
    identity: row.identity === '-' ? [] : [spelt(row.identity, 'identity', 0)],
    ...(row.resource === '-' ? {} : { resource: [resourcePolicy(asked, spelling + 1)] }),
    ...(row.boundary === '-' ? {} : { boundary: spelt(row.boundary, 'boundary', 2) }),
    ...(row.session === '-' ? {} : { session: [spelt(row.session, 'session', 4)] }),
    ...(row.organization === '-'
      ? {}
      : {
          serviceControl: { managementAccountId: row.who.startsWith('managed') ? OWN : MANAGEMENT, levels },
        }),
  };
}

function ask(row: Row, spelling: number): string {
  const owner = row.where.endsWith('across') ? OTHER : OWN;
  const isTrust = row.where.startsWith('assume');
  const who = row.who.replace('managed ', '');
  assert.ok(who in PRINCIPALS, `nobody is a ${who}`);
  const principal = PRINCIPALS[who];
  const asked: Asked = {
    action: isTrust ? 'sts:AssumeRole' : 'cloudtrail:GetEventDataStore',
    resourceArn: isTrust
      ? `arn:aws:iam::${owner}:role/team/Target`
      : `arn:aws:cloudtrail:us-east-1:${owner}:eventdatastore/e0a1-77`,
    isTrust,
    row,
  };
  const context = requestContext(principal, {
    nowMs: Date.parse('2026-11-21T09:00:00Z'),
    sourceIPAddress: '203.0.113.7',
    userAgent: 'aws-cli/2.31',
    isSecureTransport: true,
    region: 'us-east-1',
  });
  const { action, resourceArn } = asked;
  const decision = decide(
    { principal, action, resourceArn, resourceAccountId: owner, context },
    policiesOf(asked, spelling),
  );
  const answer = decision.isAllowed ? 'allowed' : decision.isExplicit ? 'explicit' : 'implicit';
  return `${answer} by ${decision.decidedBy}`;
}

const ROWS = readRows();

describe('the matrix of policies', () => {
  it('has at least 300 cases, and no row twice', () => {
    assert.ok(ROWS.length * SPELLINGS >= 300, `${ROWS.length} rows`);
    const questions = ROWS.map(({ answer, by, ...question }) => JSON.stringify([answer && by && question]));
    assert.equal(new Set(questions).size, ROWS.length);
  });

  for (const row of ROWS) {
    const { answer, by, ...question } = row;
    it(`${Object.values(question).join(' | ')}: ${answer} by ${by}, however it is spelt`, () => {
      for (let spelling = 0; spelling < SPELLINGS; spelling++) {
        assert.equal(ask(row, spelling), `${answer} by ${by}`, `spelling ${spelling}`);
      }
    });
  }
});
