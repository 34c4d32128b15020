import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { ApiError } from '../../model/api-error.ts';
import type { PolicyKind } from './compiled-policy.ts';
import { parsePolicy } from './parse-policy.ts';
import { PolicyCache } from './policy-cache.ts';

const KINDS: readonly PolicyKind[] = [
  'identity',
  'trust',
  'resource',
  'boundary',
  'session',
  'serviceControl',
];

function sentence(text: string, kind: PolicyKind = 'identity'): string | undefined {
  try {
    parsePolicy(text, kind);
    return undefined;
  } catch (error) {
    assert.ok(error instanceof ApiError, `${error} is no ApiError`);
    assert.equal(error.code, 'MalformedPolicyDocument');
    return error.message;
  }
}

const statement = { Effect: 'Allow', Action: 's3:GetObject', Resource: '*' };
const of = (change: object, rest: object = { Version: '2012-10-17' }) =>
  JSON.stringify({ ...rest, Statement: [{ ...statement, ...change }] });
const without = (...names: string[]) =>
  JSON.stringify({
    Statement: Object.fromEntries(Object.entries(statement).filter(([name]) => !names.includes(name))),
  });

/** A policy variable. */
const variable = (name: string) => `$\{${name}}`;

const SYNTAX = 'Syntax errors in policy.';
const NOT_JSON = 'This policy contains invalid Json';

const REFUSED: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  'what is no JSON': [
    ['', NOT_JSON],
    ['{', NOT_JSON],
    ['{} x', NOT_JSON],
    ['{"Statement": [}', NOT_JSON],
    ['{"a" 1}', NOT_JSON],
    ["{'a': 1}", NOT_JSON],
    ['{"a": 01}', NOT_JSON],
    ['{"a": tru}', NOT_JSON],
    ['{"a": "\\x"}', NOT_JSON],
    ['{"a": "\n"}', NOT_JSON],
    ['{"a": 1,}', NOT_JSON],
    ['"unfinished', NOT_JSON],
    ['['.repeat(100_000), NOT_JSON],
    ['{"a":'.repeat(100_000), NOT_JSON],
  ],
  'what is no document': [
    ['[]', SYNTAX],
    ['"x"', SYNTAX],
    ['null', SYNTAX],
    ['{}', SYNTAX],
    ['{"Statement": []}', SYNTAX],
    ['{"Statement": "x"}', SYNTAX],
    ['{"Statement": [[]]}', SYNTAX],
    ['{"Statement": null}', SYNTAX],
    [of({}, { Version: '2012-10-18' }), SYNTAX],
    [of({}, { Version: 2012 }), SYNTAX],
    [of({}, { Id: 5 }), SYNTAX],
    [of({}, { version: '2012-10-17' }), SYNTAX],
    [of({}, { Comment: 'mine' }), SYNTAX],
    [`{"__proto__": {"Version": "2012-10-17"}, "Statement": ${JSON.stringify(statement)}}`, SYNTAX],
    [`{"constructor": {}, "Statement": ${JSON.stringify(statement)}}`, SYNTAX],
    [`{"Statement": ${JSON.stringify(statement)}, "Statement": ${JSON.stringify(statement)}}`, SYNTAX],
    ['{"Statement":{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}}', SYNTAX],
    ['{"Statement":{"Effect":"Deny","\\u0045ffect":"Allow","Action":"*","Resource":"*"}}', SYNTAX],
  ],
  'a statement with something wrong': [
    ['{"Statement": {}}', SYNTAX],
    [without('Effect'), SYNTAX],
    [of({ Effect: 'allow' }), SYNTAX],
    [of({ Effect: ['Allow'] }), SYNTAX],
    [of({ Sid: 5 }), SYNTAX],
    [of({ Comment: 'x' }), SYNTAX],
    [of({ toString: 'x' }), SYNTAX],
    [of({ Condition: [] }), SYNTAX],
    [of({ Condition: null }), SYNTAX],
    [
      of({ Sid: 'not good' }),
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    ],
    [
      JSON.stringify({
        Statement: [
          { ...statement, Sid: 'a' },
          { ...statement, Sid: 'a' },
        ],
      }),
      'Statement IDs (SID) in a single policy must be unique.',
    ],
  ],
  'an action that cannot be one': [
    [without('Action'), 'Policy statement must contain actions.'],
    [of({ Action: [] }), 'Policy statement must contain actions.'],
    [of({ Action: 5 }), SYNTAX],
    [of({ Action: ['s3:*', null] }), SYNTAX],
    [of({ NotAction: 's3:*' }), SYNTAX],
    [
      of({ Action: 'GetObject' }),
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
    [of({ Action: '' }), 'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.'],
    [of({ Action: 's3:Get:Object' }), 'Actions/Condition can contain only one colon.'],
    [of({ Action: 's*:GetObject' }), 'Vendor s* is not valid'],
    [of({ Action: 's3:' }), SYNTAX],
    [of({ Action: 's3:Get Object' }), SYNTAX],
    [of({ Action: `s3:${variable('aws:username')}` }), 'Actions/Condition can contain only one colon.'],
  ],
  'a resource that cannot be one': [
    [without('Resource'), 'Policy statement must contain resources.'],
    [of({ Resource: [] }), 'Policy statement must contain resources.'],
    [of({ Resource: { a: 1 } }), SYNTAX],
    [of({ NotResource: '*' }), SYNTAX],
    [of({ Resource: 'bucket' }), 'Resource bucket must be in ARN format or "*".'],
    [of({ Resource: '' }), 'Resource  must be in ARN format or "*".'],
    [of({ Resource: 'arn:aws:s3:bucket' }), 'The policy failed legacy parsing'],
    [
      of({ Resource: 'arn:amazon:s3:::b' }),
      'Partition "amazon" is not valid for resource "arn:amazon:s3:::b".',
    ],
    [
      of({ Resource: 'arn:aws:*:::b' }),
      'Resource vendor must be fully qualified and cannot contain regexes.',
    ],
    [of({ Resource: 'arn:aws::::b' }), 'Resource vendor must be fully qualified and cannot contain regexes.'],
    [of({ Resource: `arn:aws:s3:::${variable('aws:username').slice(0, -1)}` }), SYNTAX],
    [of({ Resource: `arn:aws:s3:::${variable('')}` }), SYNTAX],
    [of({ Resource: `arn:aws:s3:::${variable("a b, 'c'")}` }), SYNTAX],
    [
      of({ Resource: `arn:aws:iam::${variable('aws:PrincipalAccount')}:role/x` }),
      'The policy failed legacy parsing',
    ],
  ],
  'a condition that cannot be one': [
    [of({ Condition: { StringSame: { 'aws:a': 'x' } } }), SYNTAX],
    [of({ Condition: { 'ForEvery:StringEquals': { 'aws:a': 'x' } } }), SYNTAX],
    [of({ Condition: { NullIfExists: { 'aws:a': 'true' } } }), SYNTAX],
    [of({ Condition: { Null: { 'aws:a': 'yes' } } }), SYNTAX],
    [of({ Condition: { constructor: { 'aws:a': 'x' } } }), SYNTAX],
    [of({ Condition: { StringEquals: 'x' } }), SYNTAX],
    [of({ Condition: { StringEquals: { 'aws:a': { x: 1 } } } }), SYNTAX],
    [of({ Condition: { StringEquals: { 'aws:a': [['x']] } } }), SYNTAX],
    [of({ Condition: { StringEquals: { 'aws:a': null } } }), SYNTAX],
    [of({ Condition: { StringEquals: { 'aws:A': 'x', 'aws:a': 'y' } } }), SYNTAX],
    [of({ Condition: { NumericEquals: { 'aws:a': 'ten' } } }), SYNTAX],
    [of({ Condition: { DateLessThan: { 'aws:a': '2026-13-45' } } }), SYNTAX],
    [of({ Condition: { Bool: { 'aws:a': 'perhaps' } } }), SYNTAX],
    [of({ Condition: { BinaryEquals: { 'aws:a': '***' } } }), SYNTAX],
    [of({ Condition: { IpAddress: { 'aws:a': '203.0.113.0/33' } } }), SYNTAX],
    [of({ Condition: { IpAddress: { 'aws:a': '203.0.113' } } }), SYNTAX],
    [of({ Condition: { IpAddress: { 'aws:a': '010.0.0.1' } } }), SYNTAX],
    [of({ Condition: { NotIpAddress: { 'aws:a': '2001:db8::/129' } } }), SYNTAX],
    [
      of({ Condition: { StringEquals: { username: 'x' } } }),
      'Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.',
    ],
  ],
};

const trust = (change: object) =>
  JSON.stringify({
    Statement: { Effect: 'Allow', Principal: { AWS: '111122223333' }, Action: 'sts:AssumeRole', ...change },
  });

const TRUST_REFUSED: readonly (readonly [string, string])[] = [
  [trust({ Principal: undefined }), 'Missing required field Principal'],
  [trust({ Principal: {} }), 'Missing required field Principal cannot be empty!'],
  [trust({ Action: undefined }), 'Missing required field Action'],
  [trust({ Resource: '*' }), 'Has prohibited field Resource'],
  [trust({ NotResource: '*' }), 'AssumeRole policy must not contain resources.'],
  [trust({ Action: '*' }), 'AssumeRole policy may only specify STS AssumeRole actions.'],
  [
    trust({ Action: ['sts:AssumeRole', 's3:*'] }),
    'AssumeRole policy may only specify STS AssumeRole actions.',
  ],
  [trust({ NotPrincipal: { AWS: '*' } }), SYNTAX],
  [trust({ Principal: undefined, NotPrincipal: { AWS: '*' } }), 'Allow with NotPrincipal is not allowed.'],
  [
    trust({ Effect: 'Deny', Principal: undefined, NotPrincipal: { AWS: '*' } }),
    'AssumeRole policy must not contain NotPrincipal field.',
  ],
  [trust({ Principal: 'x' }), 'Invalid principal in policy: "x"'],
  [trust({ Principal: { AWS: [] } }), SYNTAX],
  [trust({ Principal: { Somebody: 'x' } }), SYNTAX],
  [trust({ Principal: ['*'] }), SYNTAX],
  ...[
    ['AWS', '1111'],
    ['AWS', '111122223333:root'],
    ['AWS', 'arn:aws:iam::111122223333'],
    ['AWS', 'arn:aws:iam::111122223333:user/*'],
    ['AWS', 'arn:aws:iam::111122223333:group/x'],
    ['AWS', 'arn:aws:sts::111122223333:assumed-role/x'],
    ['AWS', 'arn:aws:sts::111122223333:assumed-role/x/*'],
    ['AWS', 'arn:aws:s3:::x'],
    ['Service', '*'],
    ['Service', 'cloudtrail'],
    ['Federated', '*'],
    ['CanonicalUser', 'x'],
  ].map(
    ([kind = '', name = '']) =>
      [trust({ Principal: { [kind]: name } }), `Invalid principal in policy: "${kind}":"${name}"`] as const,
  ),
];

describe('a policy', () => {
  for (const [what, cases] of Object.entries(REFUSED)) {
    it(`is refused in AWS's words for ${what}`, () => {
      for (const [text, message] of cases) assert.equal(sentence(text), message, text.slice(0, 200));
    });
  }

  it('of trust is refused for what only other policies may say, and for principals that cannot be', () => {
    for (const [text, message] of TRUST_REFUSED) assert.equal(sentence(text, 'trust'), message, text);
  });

  it('names principals only where it belongs to a resource or a role, and there always', () => {
    for (const kind of KINDS.filter((kind) => kind !== 'trust' && kind !== 'resource')) {
      assert.equal(sentence(of({ Principal: '*' }), kind), 'Policy document should not specify a principal.');
      assert.equal(sentence(of({}), kind), undefined);
    }
    assert.equal(sentence(of({}), 'resource'), 'Missing required field Principal');
    assert.equal(sentence(of({ Principal: '*' }), 'resource'), undefined);
    assert.equal(sentence(of({ Principal: '*', Sid: 'Any text: it is one' }), 'resource'), undefined);
  });

  it('may say all that AWS lets it say', () => {
    const accepted: readonly (readonly [string, PolicyKind])[] = [
      [of({}, { Version: '2008-10-17', Id: 'cd3ad3d9-2776-4ef1-a904-4c229d1642ee' }), 'identity'],
      [JSON.stringify({ Statement: statement }), 'identity'],
      [of({ Action: '*:*' }), 'identity'],
      [of({ Resource: 'arn:aws:organizations::*:' }), 'identity'],
      [of({ Resource: ['arn:aws-cn:s3:::b/*', 'arn:*:s3:::b', '*'] }), 'boundary'],
      [of({ Resource: `arn:aws:s3:::b/${variable("aws:PrincipalTag/team, 'none'")}/*` }), 'session'],
      [of({ Condition: {} }), 'serviceControl'],
      [of({ Condition: { StringEquals: { 'aws:a': [] } } }), 'identity'],
      [trust({ Action: ['sts:AssumeRole', 'sts:TagSession', 'sts:SetSourceIdentity'] }), 'trust'],
      [trust({ Action: 'sts:AssumeRoleWithSAML', Principal: { Federated: 'accounts.google.com' } }), 'trust'],
      [trust({ Principal: { Federated: 'arn:aws:iam::111122223333:saml-provider/x' } }), 'trust'],
      [
        trust({ Principal: { Service: ['cloudtrail.amazonaws.com', 'logs.us-east-1.amazonaws.com'] } }),
        'trust',
      ],
      [trust({ Principal: { AWS: ['*', 'arn:aws:iam::111122223333:root'] } }), 'trust'],
      [trust({ Principal: { AWS: 'arn:aws:sts::111122223333:assumed-role/a/b@c' } }), 'trust'],
      [of({ Principal: { CanonicalUser: 'a'.repeat(64) } }), 'resource'],
      [of({ Effect: 'Deny', NotPrincipal: { AWS: '111122223333' } }), 'resource'],
      ['{"Statement":{"Effect":"Allow","Principal":"*","Action":"cloudtrail:StartQuery"}}', 'resource'],
    ];
    for (const [text, kind] of accepted) assert.equal(sentence(text, kind), undefined, text);
  });

  it('lists the keys that it asks for, each once, as it spells them', () => {
    const text = of({
      Resource: `arn:aws:s3:::${variable('aws:username')}`,
      Condition: {
        StringEquals: { 'aws:PrincipalTag/Team': variable('aws:RequestTag/Team'), 'AWS:UserName': 'x' },
      },
    });
    assert.deepEqual(parsePolicy(text, 'identity').contextKeys, [
      'AWS:UserName',
      'aws:PrincipalTag/Team',
      'aws:RequestTag/Team',
    ]);
  });

  it('of a megabyte is read in seconds at most, whatever fills it', () => {
    const size = 1_000_000;
    const wide = (item: string) => Array.from({ length: size / item.length }, () => item);
    const fillings: readonly (readonly [string, PolicyKind])[] = [
      [
        JSON.stringify({ Statement: wide(JSON.stringify(statement)).map((text) => JSON.parse(text)) }),
        'identity',
      ],
      [
        JSON.stringify(
          { Statement: wide(JSON.stringify(statement)).map((text) => JSON.parse(text)) },
          null,
          1,
        ),
        'session',
      ],
      [of({ Action: wide('s3:Get*') }), 'identity'],
      [of({ Action: `s3:${'*a'.repeat(size / 2)}` }), 'identity'],
      [of({ Resource: wide('arn:aws:s3:::*') }), 'identity'],
      [of({ Resource: `arn:aws:s3:::${variable('aws:username').repeat(size / 15)}` }), 'identity'],
      [of({ Resource: ':'.repeat(size) }), 'identity'],
      [of({ Sid: 'a'.repeat(size) }), 'identity'],
      [of({ Condition: { StringLike: { 'aws:a': wide('x*y') } } }), 'identity'],
      [of({ Condition: { StringLike: { [`aws:${'a:'.repeat(size / 2)}`]: 'x' } } }), 'identity'],
      [of({ Condition: { NumericEquals: { 'aws:a': '1'.repeat(size) } } }), 'identity'],
      [of({ Condition: { BinaryEquals: { 'aws:a': `${'A'.repeat(size)}!` } } }), 'identity'],
      [of({ Condition: { IpAddress: { 'aws:a': ':1'.repeat(size / 2) } } }), 'identity'],
      [of({ Condition: { [`${'ForAllValues:'.repeat(size / 13)}Bool`]: {} } }), 'identity'],
      [of({ Principal: { Service: 'a.'.repeat(size / 2) } }), 'resource'],
      [of({ Principal: { Federated: `${'a.'.repeat(size / 2)}!` } }), 'resource'],
      [of({ Principal: { AWS: wide('111122223333') } }), 'resource'],
      [`{"Statement":"${'\\u0041'.repeat(size / 6)}"}`, 'identity'],
      [
        `{${wide('"a":1,')
          .map((_, index) => `"${index}":1`)
          .join()}}`,
        'identity',
      ],
    ];
    for (const [text, kind] of fillings) {
      const before = process.cpuUsage();
      sentence(text, kind);
      const { user, system } = process.cpuUsage(before);
      assert.ok((user + system) / 1e6 < 5, `${(user + system) / 1e6} s of CPU for ${text.slice(0, 80)}`);
    }
  });

  it('throws nothing but MalformedPolicyDocument, whatever it is', () => {
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 6 },
        fc.constantFrom('*', 's3:*', 'Allow', 'Deny', '2012-10-17', 'arn:aws:s3:::x', 5, true, null),
        fc.string(),
        fc.array(tie('value'), { maxLength: 3 }),
        fc.dictionary(
          fc.constantFrom(
            'Version',
            'Statement',
            'Effect',
            'Action',
            'NotAction',
            'Resource',
            'Principal',
            'AWS',
            'Condition',
            'StringLike',
            'IpAddress',
            'aws:a',
            '__proto__',
            'constructor',
          ),
          tie('value'),
          { maxKeys: 5 },
        ),
      ),
    })).value;
    const text = fc.oneof(
      json.map((value) => JSON.stringify(value)),
      fc.json(),
      fc.string(),
    );
    fc.assert(
      fc.property(text, fc.constantFrom(...KINDS), (given, kind) => {
        sentence(given, kind);
        sentence(given.slice(0, -1), kind);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('kept policies', () => {
  it('are compiled once for a text and a kind, and the oldest go when there are too many', () => {
    const cache = new PolicyCache({ policiesMax: 2 });
    const texts = ['a', 'b', 'c'].map((sid) => of({ Sid: sid }));
    const [first = '', second = '', third = ''] = texts;
    const compiled = cache.compile(first, 'identity');
    assert.equal(cache.compile(first, 'identity'), compiled);
    assert.notEqual(cache.compile(first, 'boundary'), compiled);
    cache.compile(second, 'identity');
    cache.compile(third, 'identity');
    assert.notEqual(cache.compile(first, 'identity'), compiled);
  });
});
