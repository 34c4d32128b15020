import assert from 'node:assert/strict';
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Random } from '../../base/random.ts';
import { accountOfAccessKey } from '../../model/access-key-account.ts';
import { makeMasterKey } from '../secrets/master-key.ts';
import type { SessionClaims } from './session-claims.ts';
import { createSessionTokens, sessionTokenLengthMax } from './session-tokens.ts';

const random: Random = { uuid: () => randomUUID(), bytes: (count) => randomBytes(count) };
const ringOf = (...keys: ReturnType<typeof makeMasterKey>['key'][]) => ({
  get current() {
    return keys[0] ?? assert.fail();
  },
  find: (id: string) => keys.find((key) => key.id === id),
});
const master = makeMasterKey(random, 0).key;
const tokens = createSessionTokens({ ring: ringOf(master), random });

const ALICE: SessionClaims = {
  kind: 'role',
  accountId: '111122223333',
  roleName: 'Auditor',
  roleId: 'AROAEXAMPLEROLE000001',
  sessionName: 'alice',
  issuedAtMs: 1_700_000_000_000,
  expiresAtMs: 1_700_003_600_000,
  hasMfa: false,
  tags: [{ key: 'team', value: 'blue' }],
  transitiveTagKeys: ['team'],
  policyArns: ['arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess'],
};

const name = fc.string({ minLength: 1, maxLength: 64, unit: 'grapheme' });
const second = fc.integer({ min: 0, max: 4_000_000_000 }).map((s) => s * 1000);
const claims: fc.Arbitrary<SessionClaims> = fc.record(
  {
    kind: fc.constantFrom('role', 'user', 'root', 'federated'),
    accountId: fc.stringMatching(/^\d{12}$/),
    issuedAtMs: second,
    expiresAtMs: second,
    hasMfa: fc.boolean(),
    tags: fc.array(
      fc.record({ key: name, value: fc.string({ maxLength: 256 }) }, { noNullPrototype: true }),
      { maxLength: 10 },
    ),
    transitiveTagKeys: fc.array(name, { maxLength: 10 }),
    policyArns: fc.array(name, { maxLength: 10 }),
    roleName: name,
    roleId: name,
    sessionName: name,
    userName: name,
    userId: name,
    issuingAccessKeyId: name,
    sourceIdentity: name,
    policy: fc.string({ maxLength: 2048 }),
  },
  {
    noNullPrototype: true,
    requiredKeys: [
      'kind',
      'accountId',
      'issuedAtMs',
      'expiresAtMs',
      'hasMfa',
      'tags',
      'transitiveTagKeys',
      'policyArns',
    ],
  },
);

describe('a session token', () => {
  it('gives back exactly what was claimed, and the secret that was issued with it', () => {
    fc.assert(
      fc.property(claims, (claimed) => {
        const issued = tokens.issue(claimed);
        const opened = tokens.open(issued.accessKeyId, issued.sessionToken);
        assert.deepEqual(opened?.claims, claimed);
        assert.equal(opened?.secretAccessKey, issued.secretAccessKey);
        assert.equal(accountOfAccessKey(issued.accessKeyId), claimed.accountId);
      }),
    );
  });

  it('is never accepted with a character changed, cut or added, or in another spelling of base64', () => {
    const { accessKeyId, sessionToken } = tokens.issue(ALICE);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=-_ ';
    for (let at = 0; at <= sessionToken.length; at++) {
      for (const character of [
        alphabet[at % alphabet.length] ?? '',
        alphabet[(at * 7) % alphabet.length] ?? '',
      ]) {
        for (const cut of [0, 1]) {
          const changed = sessionToken.slice(0, at) + character + sessionToken.slice(at + cut);
          if (changed === sessionToken) continue;
          assert.equal(tokens.open(accessKeyId, changed), undefined, changed);
        }
      }
      const shorter = sessionToken.slice(0, at);
      if (at < sessionToken.length) assert.equal(tokens.open(accessKeyId, shorter), undefined);
    }
  });

  it('is never accepted with any single bit of its bytes flipped', () => {
    const { accessKeyId, sessionToken } = tokens.issue(ALICE);
    const bytes = Buffer.from(sessionToken, 'base64');
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const flipped = Buffer.from(bytes);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      assert.equal(tokens.open(accessKeyId, flipped.toString('base64')), undefined, `bit ${bit}`);
    }
  });

  it('is never accepted for text that was not issued here', () => {
    const { accessKeyId, sessionToken } = tokens.issue(ALICE);
    const head = Buffer.from(sessionToken, 'base64').subarray(0, 9);
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), fc.boolean(), (bytes, hasHead) => {
        const forged = Buffer.concat(hasHead ? [head, bytes] : [bytes]).toString('base64');
        assert.equal(tokens.open(accessKeyId, forged), undefined);
      }),
    );
    for (const text of ['', '=', 'x'.repeat(sessionTokenLengthMax + 4)]) {
      assert.equal(tokens.open(accessKeyId, text), undefined);
    }
  });

  it('belongs to its own access key id, and its secret to no other token', () => {
    const one = tokens.issue(ALICE);
    const other = tokens.issue(ALICE);
    assert.equal(tokens.open(other.accessKeyId, one.sessionToken), undefined);
    assert.notEqual(one.secretAccessKey, other.secretAccessKey);
    assert.match(one.secretAccessKey, /^[A-Za-z0-9+/]{40}$/);
  });

  it('tells nothing of its claims, its secret or the master key', () => {
    const { sessionToken, secretAccessKey } = tokens.issue(ALICE);
    const shown = sessionToken + Buffer.from(sessionToken, 'base64').toString('latin1');
    for (const hidden of ['Auditor', 'alice', 'AROA', 'team', 'blue', '111122223333', secretAccessKey]) {
      assert.ok(!shown.includes(hidden), hidden);
    }
    assert.ok(!shown.includes(master.key.export().toString('latin1')));
  });

  it('outlives a rotation of the master key, and ends when that key is removed', () => {
    const { accessKeyId, sessionToken } = tokens.issue(ALICE);
    const newer = makeMasterKey(random, 1).key;
    const rotated = createSessionTokens({ ring: ringOf(newer, master), random });
    const opened = rotated.open(accessKeyId, sessionToken);
    assert.deepEqual(opened?.claims, ALICE);
    const without = createSessionTokens({ ring: ringOf(newer), random });
    assert.equal(without.open(accessKeyId, sessionToken), undefined);
    assert.equal(opened && without.isKeyThere(opened), false);
    assert.equal(opened && rotated.isKeyThere(opened), true);
  });

  it('has less than 2 KB with tags and a policy of usual size, and is short without', () => {
    const bare = { ...ALICE, tags: [], transitiveTagKeys: [], policyArns: [] };
    assert.ok(tokens.issue(bare).sessionToken.length < 400);
    const policy = JSON.stringify({
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: ['cloudtrail:LookupEvents', 'cloudtrail:GetTrail'], Resource: '*' },
        { Effect: 'Deny', Action: 's3:*', Resource: 'arn:aws:s3:::log-bucket/*' },
      ],
    });
    const tags = [...'abcdefghij'].map((letter) => ({ key: `tag-${letter}`, value: `value of ${letter}` }));
    assert.ok(tokens.issue({ ...ALICE, tags, policy }).sessionToken.length < 2048);
  });
});
