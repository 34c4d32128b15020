import type { IdentityAttackClass } from './identity-attack.ts';
import { type CallDraft, formOf, jsonCall, ownCall, queryCall } from './identity-call.ts';
import { allow, policyOf } from './identity-world.ts';

const ENTITIES = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><x>&b;</x>';
const XML = [
  ENTITIES,
  '<x/>',
  ']]>',
  '<![CDATA[x]]>',
  '</UserName><UserName>target',
  '&lt;&#x0;&#60;',
  '<?xml version="1.0"?>',
  '"><script>alert(1)</script>',
  '\u0000\u0001\uFFFE',
  '\u202Etegrat',
  "' OR 1=1 --",
  '`id`',
  '$(id)',
  '%s%n',
  '../../../../etc/passwd',
];

/** Policies that are none, or that two readers could read differently. */
function strangePolicies(depth: number): readonly string[] {
  const nest = (open: string, close: string) => open.repeat(depth) + close.repeat(depth);
  return [
    nest('[', ']'),
    nest('{"Statement":', '}'),
    nest('{"a":[', ']}'),
    '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Effect":"Allow","Action":"*","Resource":"*"}]}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*","__proto__":{"Effect":"Allow"}}]}',
    '{"__proto__":{"Statement":[]},"Version":"2012-10-17"}',
    '{"Version":"2012-10-17","Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}',
    '{"Version":"2012-10-17","statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}',
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"StringNotAnOperator":{"a":"b"}}}}',
    '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"not an address"}}}}',
    '\uFEFF{"Version":"2012-10-17","Statement":[]}',
    '{"Version":"2012-10-17","Statement":[]}//',
    "{'Version':'2012-10-17'}",
    'null',
    '0',
    '""',
    '[]',
  ];
}

/** Bodies that say one thing twice, or that are as deep as they are long. */
const DOUBLE_BODIES = [
  '{"AllAccounts":false,"AllAccounts":true,"AllRegions":true}',
  '{"__proto__":{"AllAccounts":true,"AllRegions":true}}',
  '{"constructor":{"prototype":{"AllAccounts":true}}}',
  '{"allaccounts":true,"ALLACCOUNTS":true}',
  '{"AllAccounts":"true"}',
  '{"AllAccounts":1}',
  '{"AllAccounts":[true]}',
  '{"Accounts":{"0":"*","length":1}}',
  '{"Accounts":[["111111111111"]]}',
  '{"Accounts":["111111111111\\u0000"]}',
  '{"Accounts":["*","111111111111"]}',
  '{"Text":"canary","AllRegions":true}',
  '{"LookupAttributes":[{"AttributeKey":"AccountId","AttributeValue":"111111111111"}],"AllRegions":true}',
  `{"LookupAttributes":[{"AttributeKey":"Username","AttributeValue":"' OR recipient_account_id != '"}]}`,
];

/** Input that is written to be misread. */
export const inputAttacks: readonly IdentityAttackClass[] = [
  {
    name: 'XML and markup in values',
    async run({ dice, attempt, cast, user }) {
      const text = dice.pick(XML);
      const drafts = [
        queryCall('iam', 'CreateUser', { UserName: text }),
        queryCall('iam', 'CreateGroup', { GroupName: text }),
        queryCall('iam', 'GetUser', { UserName: text }),
        queryCall('iam', 'CreateUser', { UserName: 'x', Path: text }),
        queryCall('iam', 'PutUserPolicy', { UserName: 'target', PolicyName: text, PolicyDocument: text }),
        queryCall('sts', 'AssumeRole', { RoleArn: text, RoleSessionName: text }),
        { ...queryCall('iam', 'GetUser'), body: text },
        { ...queryCall('iam', 'GetUser'), body: `Action=${encodeURIComponent(text)}&Version=2010-05-08` },
      ];
      const answer = await attempt(
        'refused',
        dice.pick([user('nobody'), cast.victimAdmin]),
        dice.pick<CallDraft>(drafts),
      );
      // What comes back of it is text, and not markup of the answer.
      if (/<script|<!ENTITY|<x\/>|<!\[CDATA/.test(answer.text))
        throw new Error(`markup came back: ${answer.text}`);
    },
  },
  {
    name: 'policies that are none, or are none of AWS',
    async run({ dice, attempt, cast }) {
      const PolicyDocument = dice.pick(strangePolicies(dice.pick([10, 500, 2_000])));
      const drafts = [
        queryCall('iam', 'PutUserPolicy', { UserName: 'target', PolicyName: 'own', PolicyDocument }),
        queryCall('iam', 'CreatePolicy', { PolicyName: 'strange', PolicyDocument }),
        queryCall('iam', 'CreateRole', { RoleName: 'Strange', AssumeRolePolicyDocument: PolicyDocument }),
        queryCall('iam', 'UpdateAssumeRolePolicy', { RoleName: 'Powerful', PolicyDocument }),
        queryCall('sts', 'AssumeRole', {
          RoleArn: `arn:aws:iam::${cast.victimId}:role/Powerful`,
          RoleSessionName: 'x',
          Policy: PolicyDocument,
        }),
        queryCall('iam', 'SimulateCustomPolicy', {
          'PolicyInputList.member.1': PolicyDocument,
          'ActionNames.member.1': 'iam:GetUser',
        }),
      ];
      await attempt('refused', cast.victimAdmin, dice.pick(drafts));
    },
  },
  {
    name: 'JSON that says a thing twice, or another thing',
    async run({ dice, attempt, cast, user }) {
      const body = dice.pick([
        ...DOUBLE_BODIES,
        '['.repeat(100_000),
        `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
      ]);
      const operation = dice.pick(['SearchEvents', 'CountEvents']);
      const drafts = [
        ownCall(operation, body),
        jsonCall('cloudtrail', 'LookupEvents', body),
        jsonCall('organizations', 'ListAccounts', body),
      ];
      await attempt('harmless', dice.pick([cast.eve, user('notaction')]), dice.pick(drafts));
    },
  },
  {
    name: 'parameters that come twice, in the body and the URL',
    async run({ dice, attempt, user }) {
      const own = ['UserName', 'getter'] as const;
      const other = ['UserName', dice.pick(['target', 'TARGET', 'arn:aws:iam::*:user/target'])] as const;
      const action = ['Action', 'GetUser'] as const;
      const wanted = [
        'Action',
        dice.pick(['ListUsers', 'GetAccountAuthorizationDetails', 'GetUserPolicy']),
      ] as const;
      const base = queryCall('iam', 'GetUser');
      const drafts: CallDraft[] = [
        { ...base, body: formOf([action, own, other]) },
        { ...base, body: formOf([action, other, own]) },
        { ...base, body: formOf([action, wanted, own]) },
        { ...base, body: formOf([wanted, action, own]) },
        { ...base, body: formOf([action, own]), target: `/?${formOf([wanted])}` },
        { ...base, body: formOf([action, own]), target: `/?${formOf([other])}` },
        { ...base, body: formOf([['Operation', 'ListUsers'], action, own]) },
        { ...base, body: formOf([['action', 'ListUsers'], ['ACTION', 'ListUsers'], action, own]) },
        { ...base, body: formOf([action, ['UserName.member.1', 'target'], own]) },
        { ...base, body: formOf([action, own, ['UserName.', 'target'], ['.UserName', 'target']]) },
        { ...base, method: 'GET', target: `/?${formOf([action, other])}`, body: '' },
      ];
      await attempt('blind', user('getter'), dice.pick(drafts));
    },
  },
  {
    name: 'paths that lead elsewhere',
    async run({ dice, attempt, cast, user }) {
      const target = dice.pick([
        '/opentrail/v1/SearchEvents/',
        '//opentrail/v1/SearchEvents',
        '/opentrail//v1/SearchEvents',
        '/x/../opentrail/v1/SearchEvents',
        '/opentrail/v1/../v1/SearchEvents',
        '/%6fpentrail/v1/SearchEvents',
        '/OpenTrail/v1/SearchEvents',
        '/opentrail/v1/searchevents',
        '/opentrail/v1/__proto__',
        '/opentrail/v1/constructor',
        '/opentrail/v1/SearchEvents%00',
        '/opentrail/v1/',
        '/healthz/../opentrail/v1/SearchEvents',
      ]);
      const body = '{"AllAccounts":true,"AllRegions":true}';
      await attempt('refused', dice.pick([cast.eve, user('nobody'), user('reader')]), {
        ...ownCall('SearchEvents', body),
        target,
      });
    },
  },
  {
    name: 'too long, too large and too many',
    async run({ dice, attempt, cast }) {
      const many = (prefix: string, count: number, value: (n: number) => string) =>
        Object.fromEntries(Array.from({ length: count }, (_, n) => [`${prefix}.${n + 1}`, value(n)]));
      const tags = Object.assign(
        {},
        ...Array.from({ length: 51 }, (_, n) => ({
          [`Tags.member.${n + 1}.Key`]: `k${n}`,
          [`Tags.member.${n + 1}.Value`]: 'v',
        })),
      );
      const large = policyOf(
        ...Array.from({ length: 400 }, (_, n) => ({
          Sid: `s${n}`,
          Effect: 'Allow',
          Action: 'iam:GetUser',
          Resource: '*',
        })),
      );
      const role = `arn:aws:iam::${cast.victimId}:role/Powerful`;
      const drafts = [
        queryCall('iam', 'CreateUser', { UserName: 'x'.repeat(65) }),
        queryCall('iam', 'CreateUser', { UserName: 'x', Path: `/${'p'.repeat(512)}/` }),
        queryCall('iam', 'CreateGroup', { GroupName: 'x'.repeat(129) }),
        queryCall('iam', 'CreateAccessKey', { UserName: 'full' }),
        queryCall('iam', 'TagUser', { UserName: 'full', ...tags }),
        queryCall('iam', 'PutUserPolicy', { UserName: 'full', PolicyName: 'large', PolicyDocument: large }),
        queryCall('iam', 'CreatePolicy', { PolicyName: 'large', PolicyDocument: large }),
        queryCall('iam', 'CreatePolicy', { PolicyName: 'x'.repeat(129), PolicyDocument: allow('*') }),
        queryCall('iam', 'PutUserPolicy', {
          UserName: 'full',
          PolicyName: 'p',
          PolicyDocument: `${' '.repeat(200_000)}${allow('*')}`,
        }),
        queryCall('sts', 'AssumeRole', { RoleArn: role, RoleSessionName: 'x'.repeat(65) }),
        queryCall('sts', 'AssumeRole', { RoleArn: role, RoleSessionName: 'x', Policy: large }),
        queryCall('sts', 'AssumeRole', { RoleArn: role, RoleSessionName: 'x', ...tags }),
        queryCall('iam', 'SimulateCustomPolicy', {
          'PolicyInputList.member.1': allow('*'),
          ...many('ActionNames.member', 5_000, (n) => `iam:A${n}`),
        }),
        queryCall(
          'iam',
          'CreateUser',
          many('Tags.member', 30_000, () => 'x'),
        ),
      ];
      await attempt('refused', cast.victimAdmin, dice.pick(drafts));
    },
  },
];
