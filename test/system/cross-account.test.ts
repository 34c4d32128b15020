import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';
import {
  type CallAnswer,
  type CallDraft,
  type Credential,
  closeConnections,
  errorCodeOf,
  jsonCall,
  ownCall,
} from '../hostile/identity-call.ts';
import { allow, IdentityWorld, MANAGEMENT, ROOT, trustOf } from '../hostile/identity-world.ts';
import { runCli, startCli } from '../import/run-cli.ts';
import {
  type CrossAccountCall,
  cloudTrailCalls,
  identityCalls,
  ownCalls,
  type Target,
} from './cross-account-calls.ts';
import { eventually } from './server-client.ts';

/** Stands in tags, documents and events of the first account, and in no request of the other one. */
const CANARY = 'canary-9f27c1';
/** Of policies; and that of Organizations to who does not manage one. */
const SENTENCE =
  /is not authorized to perform: \S+ on resource: \S+|You don't have permissions to access this resource\./;

let world: IdentityWorld;
let target: Target;
let otherAccount: string;
/** Both may do everything in their own account. */
let attackers: readonly Credential[];

before(async () => {
  world = await IdentityWorld.start();
  const chief = await world.createOrganization();
  const tags = { 'Tags.member.1.Key': 'team', 'Tags.member.1.Value': CANARY };
  const policy = allow('iam:GetUser', '*', { Sid: CANARY.replaceAll('-', '') });
  const hidden = await world.createUser(ROOT, 'hidden', { own: policy }, tags);
  await world.iam(ROOT, 'CreatePolicy', {
    PolicyName: 'shared',
    PolicyDocument: policy,
    Description: CANARY,
  });
  await world.createRole(ROOT, 'Inner', { trust: trustOf({ AWS: `arn:aws:iam::${MANAGEMENT}:root` }) });
  const hold = await world.must(ROOT, ownCall('PutHold', { Name: CANARY, StartTime: 0, EndTime: 1 }));
  const status = await world.must(ROOT, ownCall('GetStatus'));
  target = {
    accountId: MANAGEMENT,
    userName: 'hidden',
    accessKeyId: hidden.accessKeyId,
    policyArn: `arn:aws:iam::${MANAGEMENT}:policy/shared`,
    roleArn: `arn:aws:iam::${MANAGEMENT}:role/Inner`,
    holdId: /"HoldId":"([^"]+)"/.exec(hold)?.[1] ?? '',
    journalId: /"JournalId":"([^"]+)"/.exec(status)?.[1] ?? '',
    lookupToken: await nextToken(jsonCall('cloudtrail', 'LookupEvents', { MaxResults: 1 })),
    searchToken: await nextToken(ownCall('SearchEvents', { MaxResults: 1 })),
  };
  const member = await world.createMember(chief, 'other');
  otherAccount = member.accountId;
  attackers = [member.admin, await world.createUser(member.admin, 'eve', { all: allow('*') })];
});
after(async () => {
  closeConnections();
  await world[Symbol.asyncDispose]();
});

/** That of a first page; asked for until there is a second one. */
async function nextToken(draft: CallDraft): Promise<string> {
  const page = await eventually(
    () => world.must(ROOT, draft),
    (text) => text.includes('"NextToken"'),
  );
  return /"NextToken":"([^"]+)"/.exec(page)?.[1] ?? '';
}

/** Everything of the first account that another one could have changed. */
async function stateOfTarget(): Promise<string> {
  const holds = await world.must(ROOT, ownCall('ListHolds'));
  const principals = await world.must(ROOT, ownCall('ListPrincipals'));
  const accounts = await world.must(ROOT, jsonCall('organizations', 'ListAccounts'));
  const policies = await world.must(
    ROOT,
    jsonCall('organizations', 'ListPolicies', { Filter: 'SERVICE_CONTROL_POLICY' }),
  );
  return [await world.dump(ROOT), holds, principals, accounts, policies].join('\n');
}

async function tryAll(calls: readonly CrossAccountCall[]): Promise<void> {
  const before = await stateOfTarget();
  const answers: (readonly [CrossAccountCall, CallAnswer])[] = [];
  for (const attacker of attackers) {
    for (const call of calls) answers.push([call, await world.send(attacker, call.draft)]);
  }
  const wrong = answers.flatMap(([call, answer]) => judge(call, answer).map((why) => `${call.name}: ${why}`));
  assert.deepEqual(wrong, []);
  assert.equal(await stateOfTarget(), before, 'nothing of the first account has changed');
  await requireRecords(answers.map(([, answer]) => answer));
}

function judge({ expect }: CrossAccountCall, answer: CallAnswer): string[] {
  const { status, text } = answer;
  const code = errorCodeOf(answer);
  const wrong: string[] = [];
  if (status >= 500) wrong.push(`${status} ${text}`);
  if (text.includes(CANARY)) wrong.push(`shows what is the first account's: ${text.slice(0, 300)}`);
  if (expect === 'denied' && !/^AccessDenied(Exception)?$/.test(code))
    wrong.push(`not denied: ${text.slice(0, 300)}`);
  if (/^AccessDenied/.test(code) && !SENTENCE.test(text)) wrong.push(`not AWS's sentence: ${text}`);
  const accounts = [...text.matchAll(/recipientAccountId\\*":\\*"(\d+)/g)].map(([, account]) => account);
  if (accounts.some((account) => account !== otherAccount)) wrong.push('an event of another account');
  return wrong;
}

/** Each call is in the history of who made it, and of nobody else; denials say so in the words of the answer. */
async function requireRecords(answers: readonly CallAnswer[]): Promise<void> {
  const ids = answers.map(({ headers }) => String(headers['x-amzn-requestid']));
  const events = await eventually(allEvents, (all) => ids.every((id) => all.has(id)));
  for (const [index, answer] of answers.entries()) {
    const event = events.get(ids[index] ?? '');
    assert.equal(event?.recipientAccountId, otherAccount, answer.text);
    if (!errorCodeOf(answer).startsWith('AccessDenied')) continue;
    assert.equal(event?.errorCode, 'AccessDenied', JSON.stringify(event));
    assert.match(event?.errorMessage ?? '', SENTENCE);
  }
}

/** Of all accounts, by request id. */
async function allEvents(): Promise<Map<string | undefined, CloudTrailEvent>> {
  const args = ['lookup', '--all-accounts', '--all-regions', '--limit', '0', '--output', 'ndjson'];
  const { code, stdout, stderr } = await runCli(world.endpoint, args);
  assert.equal(code, 0, stderr);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return new Map(
    lines
      .map((line) => JSON.parse(line) as CloudTrailEvent)
      .map((event) => [event.requestID ?? undefined, event]),
  );
}

function environmentOf({ accessKeyId, secretAccessKey, sessionToken }: Credential): Record<string, string> {
  return {
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
    ...(sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: sessionToken }),
    AWS_REGION: 'us-east-1',
  };
}

describe('from another account, by its administrators, nothing is seen or changed, and every denial is recorded there', () => {
  it('with any of the 60 operations of CloudTrail and PutAuditEvents', async () => {
    const calls = cloudTrailCalls(target);
    assert.equal(calls.length, 62);
    await tryAll(calls);
  });

  it('with every filter of the searches, the tail, holds, imports, principals and what verification reads', () =>
    tryAll(ownCalls(target)));

  it('with IAM, STS and Organizations, by name, ARN and key id', () => tryAll(identityCalls(target)));

  it('with the command line', async () => {
    const all = await runCli(world.endpoint, [
      'lookup',
      '--all-accounts',
      '--all-regions',
      '--text',
      CANARY,
      '--output',
      'ndjson',
    ]);
    assert.ok(all.stdout.includes('CreateUser'), 'what is hidden from others is there');
    for (const attacker of attackers) {
      const env = environmentOf(attacker);
      const cli = (...args: string[]) => runCli(world.endpoint, args, env);
      for (const args of [
        ['lookup', '--all-accounts'],
        ['lookup', '--account', MANAGEMENT],
        ['status'],
        ['hold', 'list'],
      ]) {
        const { code, stdout, stderr } = await cli(...args);
        assert.notEqual(code, 0, args.join(' '));
        assert.match(stderr, SENTENCE);
        assert.equal(stdout, '');
      }
      const own = await cli('lookup', '--all-regions', '--limit', '0', '--output', 'ndjson');
      assert.equal(own.code, 0, own.stderr);
      assert.ok(own.stdout.includes(`"recipientAccountId":"${otherAccount}"`));
      assert.ok(!own.stdout.includes(CANARY));
      assert.ok(!own.stdout.includes(`"recipientAccountId":"${MANAGEMENT}"`));
    }
  });

  it('with a tail that is open while the other account works', async () => {
    const [attacker] = attackers;
    assert.ok(attacker);
    const child = startCli(
      world.endpoint,
      ['tail', '--all-regions', '--output', 'ndjson'],
      environmentOf(attacker),
    );
    let seen = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      seen += chunk.toString();
    });
    try {
      const call = async () => {
        await world.iam(ROOT, 'GetUser', { UserName: 'hidden' });
        await world.iam(attacker, 'GetAccountSummary');
        return seen;
      };
      await eventually(call, (text) => text.includes('GetAccountSummary'));
    } finally {
      child.kill();
    }
    assert.ok(!seen.includes(`"recipientAccountId":"${MANAGEMENT}"`));
  });
});
