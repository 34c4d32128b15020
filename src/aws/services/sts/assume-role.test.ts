import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { HOME, OTHER, policyOf, ROOT_KEY, trusting } from '../../../identity/identity-under-test.contract.ts';
import type { Principal } from '../../../identity/principal.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import { StsUnderTest, stsFailure } from './sts-under-test.contract.ts';

const ALICE = `arn:aws:iam::${HOME}:user/alice`;
const roleArn = (name: string, accountId = HOME) => `arn:aws:iam::${accountId}:role/${name}`;
const assume = (name = 'Auditor', more: JsonObject = {}): JsonObject => ({
  RoleArn: roleArn(name),
  RoleSessionName: 'session',
  ...more,
});
const mayAssume = { inlinePolicies: { a: policyOf({ Effect: 'Allow', Action: 'sts:*', Resource: '*' }) } };

let sts: StsUnderTest;
let alice: Principal;
beforeEach(async () => {
  sts = await StsUnderTest.open();
  await sts.identity.putUser('alice', mayAssume);
  await sts.identity.putKey('AKIAALICE', 'alice');
  alice = await sts.identity.principal('AKIAALICE');
});

const denied = (action: string, arn: string) =>
  stsFailure('AccessDenied', `User: ${ALICE} is not authorized to perform: ${action} on resource: ${arn}`);

describe('AssumeRole', () => {
  it('gives credentials of the role, for an hour', async () => {
    await sts.identity.putRole('Auditor');
    const answer = await sts.call(alice, 'AssumeRole', assume());
    assert.deepEqual(answer.AssumedRoleUser, {
      AssumedRoleId: 'AROAAUDITOR:session',
      Arn: `arn:aws:sts::${HOME}:assumed-role/Auditor/session`,
    });
    assert.equal(answer.Credentials.Expiration, '2026-03-02T10:00:00Z');
    assert.equal(answer.PackedPolicySize, undefined);
    const session = await sts.principalOf(answer);
    assert.equal(session.arn, `arn:aws:sts::${HOME}:assumed-role/Auditor/session`);
    assert.equal((await sts.call(session, 'GetCallerIdentity')).Arn, session.arn);
  });

  it('needs the trust of the role, and the permission of the account that the role trusts', async () => {
    await sts.identity.putRole('Auditor', { trustPolicy: trusting({ AWS: OTHER }) });
    await assert.rejects(
      sts.call(alice, 'AssumeRole', assume()),
      denied('sts:AssumeRole', roleArn('Auditor')),
    );
    await sts.identity.putRole('Auditor', { trustPolicy: trusting({ AWS: HOME }) });
    await sts.call(alice, 'AssumeRole', assume());
    await sts.identity.putUser('alice');
    await assert.rejects(
      sts.call(alice, 'AssumeRole', assume()),
      stsFailure('AccessDenied', /because no identity-based policy allows the sts:AssumeRole action$/),
    );
    await sts.identity.putRole('Auditor', { trustPolicy: trusting({ AWS: ALICE }) });
    await sts.call(alice, 'AssumeRole', assume());
  });

  it('across accounts needs both, and tells nothing of what is in the other account', async () => {
    const input = assume('Auditor', { RoleArn: roleArn('Auditor', OTHER) });
    const refusal = denied('sts:AssumeRole', roleArn('Auditor', OTHER));
    await assert.rejects(sts.call(alice, 'AssumeRole', input), refusal, 'no role');
    await sts.identity.putRole('Auditor', { trustPolicy: trusting({ AWS: OTHER }) }, OTHER);
    await assert.rejects(sts.call(alice, 'AssumeRole', input), refusal, 'no trust');
    await sts.identity.putRole('Auditor', { trustPolicy: trusting({ AWS: HOME }) }, OTHER);
    const session = await sts.principalOf(await sts.call(alice, 'AssumeRole', input));
    assert.equal(session.accountId, OTHER);
    await sts.identity.putAccount(OTHER, { status: 'SUSPENDED' });
    await assert.rejects(sts.call(alice, 'AssumeRole', input), refusal, 'closed account');
    await sts.identity.putAccount(OTHER);
    await sts.identity.putUser('alice');
    await assert.rejects(sts.call(alice, 'AssumeRole', input), refusal, 'no permission');
  });

  it('takes the ARN as it is: path, case and all', async () => {
    await sts.identity.putRole('Auditor', { path: '/team/' });
    await sts.call(alice, 'AssumeRole', assume('team/Auditor'));
    for (const name of ['Auditor', 'team/auditor', 'other/Auditor', 'team//Auditor']) {
      await assert.rejects(
        sts.call(alice, 'AssumeRole', assume(name)),
        denied('sts:AssumeRole', roleArn(name)),
      );
    }
    for (const RoleArn of [
      `arn:aws:iam::${HOME}:user/alice/x`,
      'not-an-arn-at-all-really',
      roleArn('*', '*'),
    ]) {
      await assert.rejects(
        sts.call(alice, 'AssumeRole', { RoleArn, RoleSessionName: 'session' }),
        stsFailure('ValidationError', `${RoleArn} is invalid`),
      );
    }
  });

  it('is not for the root of an account', async () => {
    await sts.identity.putRole('Auditor', { trustPolicy: trusting('*') });
    const root = await sts.identity.principal(ROOT_KEY.accessKeyId);
    await assert.rejects(
      sts.call(root, 'AssumeRole', assume()),
      stsFailure('AccessDenied', 'Roles may not be assumed by root accounts.'),
    );
  });

  it('lets trust ask for an external id, so that nobody is made the deputy of somebody else', async () => {
    const Condition = { StringEquals: { 'sts:ExternalId': 'tenant-7' } };
    await sts.identity.putRole('Auditor', { trustPolicy: trusting({ AWS: HOME }, { Condition }) });
    await sts.call(alice, 'AssumeRole', assume('Auditor', { ExternalId: 'tenant-7' }));
    for (const more of [{}, { ExternalId: 'tenant-8' }]) {
      await assert.rejects(
        sts.call(alice, 'AssumeRole', assume('Auditor', more)),
        denied('sts:AssumeRole', roleArn('Auditor')),
      );
    }
  });

  it('lets trust ask for the address and the session name of the caller', async () => {
    const Condition = {
      IpAddress: { 'aws:SourceIp': '192.0.2.0/24' },
      StringLike: { 'sts:RoleSessionName': 'ci-*' },
    };
    await sts.identity.putRole('Auditor', { trustPolicy: trusting({ AWS: HOME }, { Condition }) });
    await sts.call(alice, 'AssumeRole', assume('Auditor', { RoleSessionName: 'ci-7' }));
    await assert.rejects(
      sts.call(alice, 'AssumeRole', assume()),
      denied('sts:AssumeRole', roleArn('Auditor')),
    );
  });

  it('tags the session where trust lets it, and hands transitive tags on, unchanged', async () => {
    const both = ['sts:AssumeRole', 'sts:TagSession'];
    const tags = { Tags: [{ Key: 'Team', Value: 'blue' }], TransitiveTagKeys: ['team'] };
    await sts.identity.putRole('Auditor');
    await assert.rejects(
      sts.call(alice, 'AssumeRole', assume('Auditor', tags)),
      denied('sts:TagSession', roleArn('Auditor')),
    );
    await sts.identity.putRole('Auditor', {
      trustPolicy: trusting({ AWS: HOME }, { Action: both }),
      ...mayAssume,
    });
    const answer = await sts.call(alice, 'AssumeRole', assume('Auditor', tags));
    assert.ok((answer.PackedPolicySize ?? 0) > 0);
    const first = await sts.principalOf(answer);
    assert.deepEqual(first.tags, [{ key: 'Team', value: 'blue' }]);
    await sts.identity.putRole('Next', { trustPolicy: trusting({ AWS: HOME }, { Action: both }) });
    const second = await sts.principalOf(
      await sts.call(first, 'AssumeRole', assume('Next', { Tags: [{ Key: 'site', Value: 'a' }] })),
    );
    assert.deepEqual(second.tags, [
      { key: 'Team', value: 'blue' },
      { key: 'site', value: 'a' },
    ]);
    assert.deepEqual(second.session?.transitiveTagKeys, ['Team']);
    await assert.rejects(
      sts.call(first, 'AssumeRole', assume('Next', { Tags: [{ Key: 'TEAM', Value: 'red' }] })),
      stsFailure('InvalidParameterValue', /conflicts with a transitive tag key from the calling session/),
    );
  });

  it('refuses tags that are doubled, reserved, or transitive without being asked for', async () => {
    await sts.identity.putRole('Auditor', {
      trustPolicy: trusting({ AWS: HOME }, { Action: ['sts:AssumeRole', 'sts:TagSession'] }),
    });
    const tag = (Key: string) => ({ Key, Value: 'x' });
    for (const [more, says] of [
      [{ Tags: [tag('a'), tag('A')] }, /Duplicate tag keys found/],
      [{ Tags: [tag('aws:a')] }, /reserved/],
      [{ Tags: [tag('a')], TransitiveTagKeys: ['b'] }, /must be included in the requested tags/],
    ] as const) {
      await assert.rejects(
        sts.call(alice, 'AssumeRole', assume('Auditor', more as JsonObject)),
        stsFailure('InvalidParameterValue', says),
      );
    }
  });

  it('keeps a source identity for all sessions that follow, and lets nobody change it', async () => {
    const Action = ['sts:AssumeRole', 'sts:SetSourceIdentity'];
    await sts.identity.putRole('Auditor', {
      trustPolicy: trusting({ AWS: HOME }, { Action }),
      ...mayAssume,
    });
    const asked = assume('Auditor', { SourceIdentity: 'alice' });
    const answer = await sts.call(alice, 'AssumeRole', asked);
    assert.equal(answer.SourceIdentity, 'alice');
    const first = await sts.principalOf(answer);
    assert.equal(first.userIdentity.sessionContext?.sourceIdentity, 'alice');
    assert.equal((await sts.call(first, 'AssumeRole', assume())).SourceIdentity, 'alice');
    await assert.rejects(
      sts.call(first, 'AssumeRole', assume('Auditor', { SourceIdentity: 'mallory' })),
      stsFailure('AccessDenied', /is not authorized to perform: sts:SetSourceIdentity/),
    );
    await sts.identity.putRole('Auditor', mayAssume);
    await assert.rejects(
      sts.call(alice, 'AssumeRole', asked),
      denied('sts:SetSourceIdentity', roleArn('Auditor')),
    );
    await assert.rejects(
      sts.call(first, 'AssumeRole', assume()),
      stsFailure('AccessDenied', /is not authorized to perform: sts:SetSourceIdentity/),
    );
  });

  it('lasts as long as is asked for, within what the role allows, and an hour by chaining', async () => {
    await sts.identity.putRole('Auditor', { maxSessionDurationSeconds: 7_200, ...mayAssume });
    const lasting = (DurationSeconds: string) => assume('Auditor', { DurationSeconds });
    const answer = await sts.call(alice, 'AssumeRole', lasting('7200'));
    assert.equal(answer.Credentials.Expiration, '2026-03-02T11:00:00Z');
    await assert.rejects(
      sts.call(alice, 'AssumeRole', lasting('7201')),
      stsFailure('ValidationError', /exceeds the MaxSessionDuration set for this role\.$/),
    );
    const session = await sts.principalOf(answer);
    await assert.rejects(
      sts.call(session, 'AssumeRole', lasting('3601')),
      stsFailure('ValidationError', /exceeds the 1 hour session limit for roles assumed by role chaining\.$/),
    );
    for (const seconds of ['899', '43201']) {
      await assert.rejects(
        sts.call(alice, 'AssumeRole', lasting(seconds)),
        stsFailure('ValidationError', /'durationSeconds' failed to satisfy constraint/),
      );
    }
  });

  it('binds the session by policies that are sound and not too large', async () => {
    await sts.identity.putRole('Auditor');
    const Policy = policyOf({ Effect: 'Allow', Action: 'cloudtrail:LookupEvents', Resource: '*' });
    const arn = 'arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess';
    const asked = assume('Auditor', { Policy, PolicyArns: [{ arn }] });
    const answer = await sts.call(alice, 'AssumeRole', asked);
    const { session } = await sts.principalOf(answer);
    assert.equal(session?.policies.length, 2);
    assert.ok((answer.PackedPolicySize ?? 0) >= 1 && (answer.PackedPolicySize ?? 0) < 100);
    const refused = (more: JsonObject) => sts.call(alice, 'AssumeRole', assume('Auditor', more));
    await assert.rejects(refused({ Policy: '{"Statement"' }), stsFailure('MalformedPolicyDocument', /./));
    await assert.rejects(
      refused({ PolicyArns: [{ arn: `arn:aws:iam::${OTHER}:policy/Theirs` }] }),
      stsFailure('MalformedPolicyDocument', /does not exist/),
    );
    const Resource = `arn:aws:s3:::${'b'.repeat(1_850)}`;
    const large = policyOf({ Effect: 'Allow', Action: 's3:GetObject', Resource });
    assert.ok(large.length <= 2_048 && large.length + 2 * arn.length > 2_048);
    await assert.rejects(
      refused({ Policy: large, PolicyArns: [{ arn }, { arn }] }),
      stsFailure('PackedPolicyTooLarge', /^Packed policy consumes 1\d\d% of allotted space/),
    );
    await assert.rejects(refused({ Policy: 'x'.repeat(2_049) }), stsFailure('ValidationError', /2048/));
  });

  it('keeps every token short enough for its header, whatever tags it has', async () => {
    await sts.identity.putRole('Auditor', {
      trustPolicy: trusting({ AWS: HOME }, { Action: ['sts:AssumeRole', 'sts:TagSession'] }),
    });
    let longest = 0;
    for (let count = 1; count <= 50; count++) {
      const Tags = Array.from({ length: count }, (_, n) => ({
        Key: `${n}-${Buffer.from(sts.identity.random.bytes(60)).toString('hex')}`,
        Value: Buffer.from(sts.identity.random.bytes(64)).toString('hex').repeat(2),
      }));
      try {
        const answer = await sts.call(alice, 'AssumeRole', assume('Auditor', { Tags }));
        longest = Math.max(longest, answer.Credentials.SessionToken.length);
        assert.equal((await sts.principalOf(answer)).tags.length, count);
      } catch (error) {
        stsFailure('PackedPolicyTooLarge', /of allotted space/)(error);
      }
    }
    assert.ok(longest > 5_000 && longest < 6_500, String(longest));
  });

  it('takes an MFA code that nobody can check for a wrong one', async () => {
    await sts.identity.putRole('Auditor');
    const mfa = { SerialNumber: `arn:aws:iam::${HOME}:mfa/alice`, TokenCode: '123456' };
    await assert.rejects(
      sts.call(alice, 'AssumeRole', assume('Auditor', mfa)),
      stsFailure('AccessDenied', /^MultiFactorAuthentication failed/),
    );
  });

  it('says what is wrong with an input before anything else', async () => {
    for (const input of [
      { RoleSessionName: 'session' },
      assume('Auditor', { RoleSessionName: 'a b' }),
      assume('Auditor', { RoleSessionName: 'x' }),
      assume('Auditor', { SourceIdentity: '<x>' }),
    ] as JsonObject[]) {
      await assert.rejects(
        sts.call(alice, 'AssumeRole', input),
        stsFailure('ValidationError', /1 validation error detected: Value .* failed to satisfy constraint/),
      );
    }
  });
});
