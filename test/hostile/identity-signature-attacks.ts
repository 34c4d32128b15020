import type { Dice } from './attack.ts';
import type { IdentityAttackClass, IdentityAttackContext, Sender } from './identity-attack.ts';
import { type CallDraft, type Credential, jsonCall, ownCall, queryCall } from './identity-call.ts';
import { sessionOf } from './identity-cast.ts';
import { ROOT } from './identity-world.ts';

/** A call that would show or change something if its sender were believed. */
function temptingCall(dice: Dice): CallDraft {
  const userName = { UserName: 'target' };
  return dice.pick<CallDraft>([
    queryCall('iam', 'GetUser', userName),
    queryCall('iam', 'ListUsers'),
    queryCall('iam', 'GetAccountAuthorizationDetails'),
    queryCall('iam', 'CreateAccessKey', userName),
    queryCall('iam', 'DeleteUser', userName),
    queryCall('sts', 'GetCallerIdentity'),
    queryCall('sts', 'GetSessionToken'),
    jsonCall('cloudtrail', 'LookupEvents'),
    jsonCall('organizations', 'ListAccounts'),
    jsonCall('organizations', 'DeleteOrganization'),
    ownCall('SearchEvents', { AllAccounts: true, AllRegions: true }),
    ownCall('PutHold', { Name: 'x', StartTime: 0, EndTime: 1 }),
  ]);
}

type Headers = readonly (readonly [string, string])[];

/** Of keys that are good, those that could do most. */
function goodKey({ dice, cast }: IdentityAttackContext): Sender {
  return dice.pick<Sender>([
    cast.chief,
    cast.victimAdmin,
    cast.eve,
    { accountId: cast.chief.accountId, key: ROOT },
  ]);
}

function withToken({ accountId, key }: Sender, sessionToken: string | undefined): Sender {
  const { accessKeyId, secretAccessKey } = key;
  const changed: Credential = {
    accessKeyId,
    secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  };
  return { accountId, key: changed };
}

function flipped(dice: Dice, text: string): string {
  const at = dice.integer(0, text.length - 1);
  const other = dice.pick([...'ABCDEFGHabcdefgh0123456789+/'].filter((letter) => letter !== text[at]));
  return text.slice(0, at) + other + text.slice(at + 1);
}

/** Forged, stale and twisted proofs of who calls. */
export const signatureAttacks: readonly IdentityAttackClass[] = [
  {
    name: 'unsigned',
    async run({ dice, attempt }) {
      await attempt('refused', undefined, temptingCall(dice));
    },
  },
  {
    name: 'other authentication schemes',
    async run({ dice, attempt }) {
      const draft = temptingCall(dice);
      const { accessKeyId } = ROOT;
      const value = dice.pick([
        `Basic ${Buffer.from(`${accessKeyId}:x`).toString('base64')}`,
        `Bearer ${accessKeyId}`,
        `AWS ${accessKeyId}:c2lnbmF0dXJl`,
        `AWS3-HTTPS AWSAccessKeyId=${accessKeyId},Algorithm=HmacSHA256,Signature=x`,
        `aws4-hmac-sha256 Credential=${accessKeyId}/20260101/us-east-1/iam/aws4_request, SignedHeaders=host, Signature=00`,
        'AWS4-HMAC-SHA256',
        `AWS4-ECDSA-P256-SHA256 Credential=${accessKeyId}/20260101/iam/aws4_request, SignedHeaders=host, Signature=00`,
      ]);
      await attempt('refused', undefined, {
        ...draft,
        headers: [...(draft.headers ?? []), ['Authorization', value]],
      });
    },
  },
  {
    name: 'wrong secrets',
    async run(context) {
      const { dice, attempt, cast } = context;
      const { key } = goodKey(context);
      const secret = dice.pick([
        '',
        ' ',
        'undefined',
        'null',
        flipped(dice, key.secretAccessKey),
        `${key.secretAccessKey} `,
        cast.eve.key.secretAccessKey.toLowerCase(),
      ]);
      const forged = { accountId: '', key: { ...key, secretAccessKey: secret } };
      await attempt('refused', forged, temptingCall(dice));
    },
  },
  {
    name: 'unknown keys',
    async run({ dice, attempt, cast }) {
      const ids = [
        ...[
          'AKIAIOSFODNN7EXAMPLE',
          '__proto__',
          'constructor',
          '../root',
          '%2e%2e',
          '*',
          'ASIAAAAAAAAAAAAAAAAA',
          'x'.repeat(200),
        ],
        ...[
          ROOT.accessKeyId.toLowerCase(),
          `${ROOT.accessKeyId}%00`,
          cast.victimId,
          `${cast.eve.key.accessKeyId}/x`,
        ],
      ];
      const key = {
        accessKeyId: dice.pick(ids),
        secretAccessKey: dice.pick([ROOT.secretAccessKey, '', 'x']),
      };
      await attempt('refused', { accountId: '', key }, temptingCall(dice));
    },
  },
  {
    name: 'replay beyond the skew',
    async run(context) {
      const { dice, attempt } = context;
      const offMs =
        dice.pick([301, 310, 900, 3_600, 86_400, 604_800, 31_536_000]) * 1_000 * dice.pick([1, -1]);
      await attempt('refused', goodKey(context), { ...temptingCall(dice), atMs: Date.now() + offMs });
    },
  },
  {
    name: 'a captured call with another body, target or header',
    async run(context) {
      const { dice, attempt } = context;
      const sender = goodKey(context);
      const innocent = queryCall('sts', 'GetCallerIdentity');
      const wanted = queryCall('iam', 'GetAccountAuthorizationDetails').body ?? '';
      const change = dice.integer(0, 3);
      if (change === 0) await attempt('refused', sender, { ...innocent, sentBody: wanted });
      else if (change === 1) {
        const swap = (headers: Headers): Headers =>
          headers.map(([name, value]) => [
            name,
            name === 'Authorization' ? value.replace('/sts/', '/iam/') : value,
          ]);
        await attempt('refused', sender, { ...innocent, sentBody: wanted, tamper: swap });
      } else if (change === 2) {
        const swap = (headers: Headers): Headers =>
          headers.map(([name, value]) => [
            name,
            name === 'X-Amz-Target' ? value.replace('DescribeOrganization', 'ListAccounts') : value,
          ]);
        await attempt('refused', sender, {
          ...jsonCall('organizations', 'DescribeOrganization'),
          tamper: swap,
        });
      } else {
        const drop = (headers: Headers): Headers =>
          headers.map(([name, value]) => [
            name,
            name === 'Authorization' ? value.replace(';x-amz-target', '') : value,
          ]);
        await attempt('refused', sender, { ...jsonCall('organizations', 'ListAccounts'), tamper: drop });
      }
    },
  },
  {
    name: 'headers that come twice',
    async run(context) {
      const { dice, attempt } = context;
      const name = dice.pick(['Authorization', 'X-Amz-Date', 'X-Amz-Target', 'X-Amz-Security-Token']);
      const isFirst = dice.integer(0, 1) === 0;
      const doubled = (headers: Headers): Headers => {
        const own = headers.find(([given]) => given === name)?.[1] ?? 'x';
        const copy = [
          dice.pick([name, name.toLowerCase(), name.toUpperCase()]),
          dice.pick([own, `${own} `, 'x']),
        ] as const;
        const all = headers.some(([given]) => given === name) ? headers : [...headers, [name, own] as const];
        return isFirst ? [copy, ...all] : [...all, copy];
      };
      const sender = { ...goodKey(context), accountId: '' };
      await attempt('refused', sender, { ...temptingCall(dice), tamper: doubled });
    },
  },
  {
    name: 'blanks in the Authorization header',
    async run(context) {
      const { dice, attempt } = context;
      const blank = dice.pick([' ', '\t', '  ']);
      const part = dice.pick(['Credential', 'SignedHeaders', 'Signature']);
      const isBefore = dice.integer(0, 1) === 0;
      const spaced = (headers: Headers): Headers =>
        headers.map(([name, value]) => [
          name,
          name === 'Authorization'
            ? value.replace(`${part}=`, isBefore ? `${part}${blank}=` : `${part}=${blank}`)
            : value,
        ]);
      const sender = { ...goodKey(context), accountId: '' };
      await attempt('refused', sender, { ...temptingCall(dice), tamper: spaced });
    },
  },
  {
    name: 'scopes of other services, in other cases',
    async run(context) {
      const { dice, attempt, cast } = context;
      const service = dice.pick([
        'IAM',
        'Iam',
        'iAm',
        'STS',
        'Organizations',
        'CLOUDTRAIL',
        'OpenTrail',
        's3',
        'ec2',
        'iam%20',
        'sts',
      ]);
      await attempt(
        'refused',
        { ...dice.pick([cast.eve, cast.bound]), accountId: '' },
        {
          ...queryCall('iam', 'GetAccountAuthorizationDetails'),
          service,
        },
      );
    },
  },
  {
    name: 'odd Regions',
    async run({ dice, attempt, cast, user }) {
      const region = dice.pick([
        'US-EAST-1',
        'us-east-1 ',
        '*',
        'aws-global',
        '',
        'x'.repeat(200),
        '../us-east-1',
        'us-east-1;drop',
        "'",
      ]);
      const sender = dice.pick([user('nobody'), user('denied'), cast.bound]);
      await attempt('refused', sender, { ...queryCall('iam', 'GetUser', { UserName: 'target' }), region });
    },
  },
  {
    name: 'session tokens that are changed',
    async run(context) {
      const { dice, attempt, cast, user, world } = context;
      const session = { accountId: cast.victimId, key: await sessionOf(world, user('assumer').key) };
      const token = session.key.sessionToken ?? '';
      const forged = dice.pick([
        withToken(session, flipped(dice, token)),
        withToken(session, token.slice(0, dice.integer(0, token.length - 1)) || undefined),
        withToken(session, `${token}=`),
        withToken(session, undefined),
        withToken(session, cast.victimAdmin.key.sessionToken),
        withToken(cast.victimAdmin, token),
        withToken(cast.chief, token),
        withToken({ accountId: '', key: ROOT }, token),
        withToken(
          session,
          token.replaceAll('+', '-').replaceAll('/', '_') === token
            ? 'x'
            : token.replaceAll('+', '-').replaceAll('/', '_'),
        ),
      ]);
      await attempt('refused', { ...forged, accountId: '' }, queryCall('sts', 'GetCallerIdentity'));
    },
  },
  {
    name: 'sessions whose time is over',
    async run({ dice, attempt, cast }) {
      const key = dice.pick(cast.expired);
      await attempt('refused', { accountId: '', key }, temptingCall(dice));
    },
  },
];
