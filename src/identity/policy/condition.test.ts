import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from './decide.ts';
import { parsePolicy } from './parse-policy.ts';

type Context = Readonly<Record<string, string | readonly string[]>>;

/** A policy variable. */
const variable = (name: string) => `$\{${name}}`;

/** Whether a statement with this condition block applies to a request with these keys. */
function holds(block: object, context: Context, effect: 'Allow' | 'Deny' = 'Allow', version = '2012-10-17') {
  const everything = { Effect: 'Allow', Action: '*', Resource: '*' };
  const statement = { Effect: effect, Action: 's3:*', Resource: '*', Condition: block };
  const text = JSON.stringify({
    Version: version,
    Statement: effect === 'Allow' ? statement : [everything, statement],
  });
  const keys = Object.entries(context).map(([key, value]) => [key, [value].flat()] as const);
  const { isAllowed } = decide(
    {
      principal: {
        type: 'IAMUser',
        accountId: '111122223333',
        arn: 'arn:aws:iam::111122223333:user/alice',
        userIdentity: {},
      },
      action: 's3:GetObject',
      resourceArn: 'arn:aws:s3:::bucket/key',
      resourceAccountId: '111122223333',
      context: new Map(keys),
    },
    { identity: [parsePolicy(text, 'identity')] },
  );
  return isAllowed === (effect === 'Allow');
}

/** Operator, what the policy says, what the request has, and whether it holds; `undefined`: the request has no key. */
const ONE_VALUE: readonly (readonly [string, unknown, string | undefined, boolean])[] = [
  ['StringEquals', 'queue', 'queue', true],
  ['StringEquals', 'queue', 'Queue', false],
  ['StringEquals', 'que*', 'queue', false],
  ['StringEquals', 'que*', 'que*', true],
  ['StringEquals', ['a', 'b'], 'b', true],
  ['StringEquals', [], 'b', false],
  ['StringEquals', 'a', undefined, false],
  ['StringEquals', 5, '5', true],
  ['StringEquals', true, 'true', true],
  ['StringNotEquals', 'queue', 'queue', false],
  ['StringNotEquals', 'queue', 'Queue', true],
  ['StringNotEquals', ['a', 'b'], 'b', false],
  ['StringNotEquals', ['a', 'b'], 'c', true],
  ['StringNotEquals', 'a', undefined, true],
  ['StringEqualsIgnoreCase', 'Queue', 'qUEUE', true],
  ['StringEqualsIgnoreCase', 'Queue', 'queues', false],
  ['StringNotEqualsIgnoreCase', 'Queue', 'qUEUE', false],
  ['StringNotEqualsIgnoreCase', 'Queue', undefined, true],
  ['StringLike', 'home/*/x?', 'home/a/b/x1', true],
  ['StringLike', 'home/*/x?', 'home/a/b/x', false],
  ['StringLike', 'home/*', 'Home/a', false],
  ['StringLike', '', '', true],
  ['StringNotLike', 'home/*', 'home/a', false],
  ['StringNotLike', 'home/*', 'away/a', true],
  ['StringNotLike', 'home/*', undefined, true],
  ['NumericEquals', '10', '10.0', true],
  ['NumericEquals', 10, '10', true],
  ['NumericEquals', '10', 'ten', false],
  ['NumericNotEquals', '10', '10', false],
  ['NumericNotEquals', '10', '11', true],
  ['NumericNotEquals', '10', undefined, true],
  ['NumericLessThan', '10', '9.9', true],
  ['NumericLessThan', '10', '10', false],
  ['NumericLessThan', '10', '', false],
  ['NumericLessThanEquals', '10', '10', true],
  ['NumericLessThanEquals', '10', undefined, false],
  ['NumericGreaterThan', '-1', '0', true],
  ['NumericGreaterThan', '10', '10', false],
  ['NumericGreaterThanEquals', '10', '10', true],
  ['NumericGreaterThanEquals', '10', '9', false],
  ['DateEquals', '2026-11-21T00:00:00Z', '2026-11-21T01:00:00+01:00', true],
  ['DateEquals', '2026-11-21', '2026-11-21T00:00:00Z', true],
  ['DateNotEquals', '2026-11-21', '2026-11-21T00:00:00Z', false],
  ['DateNotEquals', '2026-11-21', undefined, true],
  ['DateLessThan', '2026-11-21T09:00:00Z', '2026-11-21T08:59:59Z', true],
  ['DateLessThan', '2026-11-21T09:00:00Z', '2026-11-21T09:00:00Z', false],
  ['DateLessThan', '1795251600', '2026-11-21T08:59:59Z', true],
  ['DateLessThan', '2026-11-21T09:00:00Z', '1795251599', true],
  ['DateLessThanEquals', '2026-11-21T09:00:00Z', '2026-11-21T09:00:00Z', true],
  ['DateGreaterThan', '2026-11-21T09:00:00Z', '2026-11-21T09:00:01Z', true],
  ['DateGreaterThan', '2026-11-21T09:00:00Z', undefined, false],
  ['DateGreaterThanEquals', '2026-11-21T09:00:00Z', 'yesterday', false],
  ['Bool', 'true', 'true', true],
  ['Bool', true, 'TRUE', true],
  ['Bool', 'false', 'true', false],
  ['Bool', 'false', undefined, false],
  ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
  ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ6', false],
  ['IpAddress', '203.0.113.0/24', '203.0.113.255', true],
  ['IpAddress', '203.0.113.0/24', '203.0.114.0', false],
  ['IpAddress', '203.0.113.7', '203.0.113.7', true],
  ['IpAddress', '0.0.0.0/0', '198.51.100.1', true],
  ['IpAddress', '203.0.113.0/24', '::ffff:203.0.113.9', true],
  ['IpAddress', '2001:DB8:1234:5678::/64', '2001:db8:1234:5678:9::1', true],
  ['IpAddress', '2001:DB8:1234:5678::/64', '2001:db8:1234:5679::1', false],
  ['IpAddress', '::/0', '203.0.113.9', false],
  ['IpAddress', '203.0.113.0/24', 'cloudtrail.amazonaws.com', false],
  ['IpAddress', '203.0.113.0/24', undefined, false],
  ['NotIpAddress', '203.0.113.0/24', '203.0.113.1', false],
  ['NotIpAddress', ['203.0.113.0/24', '2001:db8::/32'], '2001:db8::1', false],
  ['NotIpAddress', '203.0.113.0/24', '198.51.100.1', true],
  ['NotIpAddress', '203.0.113.0/24', undefined, true],
  ['ArnEquals', 'arn:aws:sns:*:111122223333:t*', 'arn:aws:sns:us-east-1:111122223333:topic', true],
  ['ArnLike', 'arn:aws:sns:*:111122223333:t?', 'arn:aws:sns:us-east-1:111122223333:topic', false],
  ['ArnLike', 'arn:aws:sns:*:topic', 'arn:aws:sns:us-east-1:111122223333:topic', false],
  ['ArnLike', 'arn:aws:iam::*:role/*', 'arn:aws:iam::111122223333:role/a/b:c', true],
  ['ArnLike', '*', 'arn:aws:iam::111122223333:role/a', true],
  ['ArnLike', 'arn:aws:iam::1111*:role/a', 'arn:aws:iam::111122223333:role/A', false],
  ['ArnNotEquals', 'arn:aws:iam::111122223333:role/a', 'arn:aws:iam::111122223333:role/a', false],
  ['ArnNotEquals', 'arn:aws:iam::111122223333:role/a', undefined, true],
  ['ArnNotLike', 'arn:aws:iam::111122223333:role/*', 'arn:aws:iam::111122223333:user/a', true],
  ['Null', 'true', undefined, true],
  ['Null', 'true', 'x', false],
  ['Null', 'false', 'x', true],
  ['Null', false, undefined, false],
  ['StringEqualsIfExists', 'a', undefined, true],
  ['StringEqualsIfExists', 'a', 'b', false],
  ['BoolIfExists', 'true', undefined, true],
  ['NumericLessThanIfExists', '5', undefined, true],
  ['NumericLessThanIfExists', '5', '6', false],
  ['IpAddressIfExists', '10.0.0.0/8', undefined, true],
  ['ArnLikeIfExists', 'arn:aws:iam::1:*', undefined, true],
  ['DateLessThanIfExists', '2026-01-01', undefined, true],
];

describe('a condition', () => {
  for (const [operator, said, given, expected] of ONE_VALUE) {
    const what = `${operator} ${JSON.stringify(said)} ${expected ? 'holds' : 'fails'} for ${given ?? 'no key'}`;
    it(`${what}, in permissions and denials alike, whatever the case of the key`, () => {
      for (const effect of ['Allow', 'Deny'] as const) {
        const context = given === undefined ? {} : { 'test:somekey': given };
        assert.equal(holds({ [operator]: { 'Test:SomeKey': said } }, context, effect), expected, effect);
      }
    });
  }

  it('holds when all of its keys and all of its operators do', () => {
    const block = {
      StringEquals: { 'test:a': '1', 'test:b': ['2', '3'] },
      Bool: { 'aws:securetransport': 'true' },
    };
    assert.equal(holds(block, { 'test:a': '1', 'test:b': '3', 'aws:securetransport': 'true' }), true);
    assert.equal(holds(block, { 'test:a': '1', 'test:b': '4', 'aws:securetransport': 'true' }), false);
    assert.equal(holds(block, { 'test:a': '1', 'test:b': '3', 'aws:securetransport': 'false' }), false);
    assert.equal(holds({}, {}), true);
    assert.equal(holds({ StringEquals: {} }, {}), true);
  });
});

/** Operator, what the policy says, the values of the request, and whether it holds. */
const MANY_VALUES: readonly (readonly [string, readonly string[], readonly string[], boolean])[] = [
  ['ForAllValues:StringEquals', ['a', 'b'], ['a'], true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'b'], true],
  ['ForAllValues:StringEquals', ['a', 'b'], ['a', 'c'], false],
  ['ForAllValues:StringEquals', ['a', 'b'], [], true],
  ['ForAllValues:StringLike', ['a*'], ['ab', 'ac'], true],
  ['ForAllValues:StringNotEquals', ['a'], ['b', 'c'], true],
  ['ForAllValues:StringNotEquals', ['a'], ['b', 'a'], false],
  ['ForAllValues:StringNotEquals', ['a'], [], true],
  ['ForAllValues:ArnLike', ['arn:aws:s3:::*'], ['arn:aws:s3:::a', 'arn:aws:s3:::b'], true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c', 'b'], true],
  ['ForAnyValue:StringEquals', ['a', 'b'], ['c'], false],
  ['ForAnyValue:StringEquals', ['a', 'b'], [], false],
  ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
  ['ForAnyValue:StringNotEquals', ['a'], ['a'], false],
  ['ForAnyValue:StringNotEquals', ['a'], [], false],
  ['ForAnyValue:StringEqualsIfExists', ['a'], [], true],
  ['ForAnyValue:NumericGreaterThan', ['5'], ['1', '6'], true],
  ['StringEquals', ['a'], ['b', 'a'], true],
  ['StringNotEquals', ['a'], ['b', 'a'], false],
  ['StringNotEquals', ['a'], ['b', 'c'], true],
];

describe('a condition on a key of several values', () => {
  for (const [operator, said, given, expected] of MANY_VALUES) {
    it(`${operator} [${said}] ${expected ? 'holds' : 'fails'} for [${given}]`, () => {
      assert.equal(holds({ [operator]: { 'aws:TagKeys': said } }, { 'aws:tagkeys': given }), expected);
    });
  }
});

describe('a policy variable', () => {
  it('stands for its value, and for nothing but that', () => {
    const block = { StringLike: { 'test:a': `home/${variable('aws:UserName')}/*` } };
    assert.equal(holds(block, { 'test:a': 'home/bob/x', 'aws:username': 'bob' }), true);
    assert.equal(holds(block, { 'test:a': 'home/eve/x', 'aws:username': 'bob' }), false);
    assert.equal(holds(block, { 'test:a': 'home/eve/x', 'aws:username': '*' }), false);
    assert.equal(holds(block, { 'test:a': 'home/*/x', 'aws:username': '*' }), true);
    const nested = { StringEquals: { 'test:a': variable('aws:username') } };
    assert.equal(holds(nested, { 'test:a': 'x', 'aws:username': variable('test:b'), 'test:b': 'x' }), false);
  });

  it('is its fallback where the request does not have it', () => {
    const block = { StringEquals: { 'test:a': variable("aws:PrincipalTag/team, 'company-wide'") } };
    assert.equal(holds(block, { 'test:a': 'company-wide' }), true);
    assert.equal(holds(block, { 'test:a': 'company-wide', 'aws:principaltag/team': 'blue' }), false);
    assert.equal(holds(block, { 'test:a': 'blue', 'aws:principaltag/team': 'blue' }), true);
  });

  it('without a value or with several lets no permission apply, and keeps no denial from it', () => {
    for (const context of [{ 'test:a': 'x' }, { 'test:a': 'x', 'test:b': ['x', 'y'] }]) {
      const equal = { StringEquals: { 'test:a': variable('test:b') } };
      const different = { StringNotEquals: { 'test:a': variable('test:b') } };
      assert.equal(holds(equal, context, 'Allow'), false);
      assert.equal(holds(equal, context, 'Deny'), false);
      assert.equal(holds(different, context, 'Allow'), false);
      assert.equal(holds(different, context, 'Deny'), true);
    }
  });

  it('of several values is none, whatever its fallback', () => {
    const block = { StringEquals: { 'test:a': variable("test:b, 'x'") } };
    assert.equal(holds(block, { 'test:a': 'x', 'test:b': ['x', 'y'] }), false);
    assert.equal(holds(block, { 'test:a': 'x', 'test:b': [] }), true);
  });

  it('says *, ? and $ themselves', () => {
    const block = { StringLike: { 'test:a': `a${variable('*')}b${variable('?')}c${variable('$')}` } };
    assert.equal(holds(block, { 'test:a': 'a*b?c$' }), true);
    assert.equal(holds(block, { 'test:a': 'axbycz' }), false);
  });

  it('is plain text in documents of the older version', () => {
    const block = { StringEquals: { 'test:a': variable('aws:username') } };
    const context = { 'test:a': variable('aws:username'), 'aws:username': 'bob' };
    assert.equal(holds(block, context, 'Allow', '2008-10-17'), true);
    assert.equal(holds(block, { ...context, 'test:a': 'bob' }, 'Allow', '2008-10-17'), false);
  });

  it('is compared whatever its case where the operator says so', () => {
    const block = { StringEqualsIgnoreCase: { 'test:a': variable('aws:username') } };
    assert.equal(holds(block, { 'test:a': 'BOB', 'aws:username': 'bOb' }), true);
    assert.equal(holds(block, { 'test:a': 'BOB', 'aws:username': 'bOba' }), false);
  });
});
