import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { NodeSha256 } from '../../src/aws/protocol/node-sha256.ts';
import type { SignatureVerifier } from '../../src/aws/protocol/signature.ts';
import { createSignatureVerifier } from '../../src/aws/protocol/sigv4.ts';
import { decide } from '../../src/identity/policy/decide.ts';
import { listManagedPolicies } from '../../src/identity/policy/managed/managed-policies.ts';
import { PolicyCache } from '../../src/identity/policy/policy-cache.ts';
import { requestContext } from '../../src/identity/policy/request-context.ts';
import type { Principal } from '../../src/identity/principal.ts';
import type { RequestHead } from '../../src/model/captured-call.ts';
import { measureWhole, type WholeCost } from './authorize-server.ts';
import { type BenchResult, median, table } from './result.ts';

const USERS = 1000;
const POLICIES_PER_USER = 10;
const ACCOUNT = '111122223333';
const NOW_MS = Date.UTC(2026, 10, 21, 9);
const BODY = Buffer.from('{"MaxResults":50}');
const GOAL_MS = 0.3;

interface User {
  readonly principal: Principal;
  readonly secretAccessKey: string;
  /** Documents, as the catalog has them. */
  readonly policies: readonly string[];
  readonly head: RequestHead;
}

interface Work {
  readonly name: string;
  /** Does it once for a user; `round` makes the requests differ. */
  run(user: User, round: number): Promise<void> | void;
}

/**
 * What it costs to know who calls and to decide whether it is allowed, in CPU of this process: the signature through the
 * verifier of the front door, the context and the decision through the evaluator, at 1,000 users with ten policies each.
 */
export async function run(options: { readonly isQuick: boolean }): Promise<BenchResult> {
  const rounds = options.isQuick ? 3 : 9;
  const users = await Promise.all(Array.from({ length: USERS }, (_, index) => makeUser(index)));
  const bySecret = new Map(users.map((user) => [user.principal.accessKeyId, user]));
  const verifier = createSignatureVerifier({
    credentials: async (id) => bySecret.get(id),
    clock: { now: () => NOW_MS, monotonicMs: () => NOW_MS, after: never, sleep: never },
  });
  const policies = new PolicyCache();
  const answers = { allowed: 0, explicit: 0, implicit: 0 };
  const works: readonly Work[] = [
    { name: 'signature', run: (user) => verifySignature(verifier, user) },
    { name: 'decision', run: (user, round) => authorize(policies, user, round, answers) },
    {
      name: 'both',
      async run(user, round) {
        await verifySignature(verifier, user);
        authorize(policies, user, round, answers);
      },
    },
  ];
  const measured = new Map<string, number[]>(works.map(({ name }) => [name, []]));
  for (const work of works) await cpuMsPerCall(work, users, 0);
  for (let round = 1; round <= rounds; round++) {
    for (const work of works) measured.get(work.name)?.push(await cpuMsPerCall(work, users, round));
  }
  const medians = works.map(({ name }) => median(measured.get(name) ?? []));
  const [signatureMs = Number.NaN, decisionMs = Number.NaN, bothMs = Number.NaN] = medians;
  const whole = await measureWhole({ ...options, nowMs: NOW_MS, body: BODY, sign: signedHead });
  const rows = works.map(({ name }, index) => {
    const values = measured.get(name) ?? [];
    const goal = name === 'both' ? `${GOAL_MS}: ${bothMs < GOAL_MS ? 'met' : 'missed'}` : '';
    return [name, ...[Math.min(...values), medians[index] ?? 0, Math.max(...values)].map(milliseconds), goal];
  });
  const total = answers.allowed + answers.explicit + answers.implicit;
  const share = (count: number) => `${Math.round((100 * count) / total)} %`;
  return {
    text: [
      table(['CPU ms per call', 'least', 'median', 'most', 'goal'], rows),
      `${USERS} users, ${POLICIES_PER_USER} policies each, ${rounds} rounds of ${USERS} calls a piece; allowed ` +
        `${share(answers.allowed)}, denied by a statement ${share(answers.explicit)}, not allowed ${share(answers.implicit)}.`,
      wholeTable(whole),
    ].join('\n\n'),
    figures: { signatureMs, decisionMs, bothMs, ...wholeFigures(whole, bothMs) },
  };
}

/** How much longer a look-up may take for who has policies than for root, who needs none. */
const LOOKUP_FACTOR_MAX = 1.2;

function wholeFigures(whole: WholeCost, bothMs: number) {
  const { lookupFactor } = whole;
  const ratio = Math.min(GOAL_MS / bothMs, GOAL_MS / whole.againMs, LOOKUP_FACTOR_MAX / lookupFactor);
  return { ...whole, lookupFactor: Number(lookupFactor.toFixed(3)), ratio: Number(ratio.toFixed(2)) };
}

function wholeTable({ firstMs, againMs, ...lookups }: WholeCost): string {
  const { lookupFactor: factor } = lookups;
  const cost = table(
    ['from the catalog, CPU ms per call', 'value', 'goal'],
    [
      ['first call of a user', milliseconds(firstMs), ''],
      ['every further call', milliseconds(againMs), `${GOAL_MS}: ${againMs < GOAL_MS ? 'met' : 'missed'}`],
    ],
  );
  const latency = table(
    ['look-up over HTTP, ms', 'p50', 'p99', 'goal'],
    [
      ['root', lookups.rootP50Ms.toFixed(2), lookups.rootP99Ms.toFixed(2), ''],
      [
        `user with ${POLICIES_PER_USER} policies`,
        lookups.userP50Ms.toFixed(2),
        lookups.userP99Ms.toFixed(2),
        `x ${LOOKUP_FACTOR_MAX}: ${factor.toFixed(3)}, ${factor < LOOKUP_FACTOR_MAX ? 'met' : 'missed'}`,
      ],
    ],
  );
  return `${cost}\n\n${latency}`;
}

function milliseconds(value: number): string {
  return value.toFixed(4);
}

function never(): never {
  throw new Error('nothing here waits');
}

async function cpuMsPerCall(work: Work, users: readonly User[], round: number): Promise<number> {
  const before = process.cpuUsage();
  for (const user of users) await work.run(user, round);
  const { user: userUs, system } = process.cpuUsage(before);
  return (userUs + system) / 1000 / users.length;
}

async function verifySignature(verifier: SignatureVerifier, { head }: User): Promise<void> {
  const { isValid } = await verifier.verify(head, BODY);
  if (!isValid) throw new Error('a good signature was refused');
}

const ACTIONS = ['cloudtrail:LookupEvents', 's3:GetObject', 'cloudtrail:StopLogging', 'kms:Decrypt'];

function authorize(
  cache: PolicyCache,
  { principal, policies }: User,
  round: number,
  answers: { allowed: number; explicit: number; implicit: number },
): void {
  const action = ACTIONS[round % ACTIONS.length] ?? '';
  const context = requestContext(principal, {
    nowMs: NOW_MS + round,
    sourceIPAddress: '203.0.113.7',
    userAgent: 'aws-cli/2.31.0 md/Botocore#1.40',
    isSecureTransport: true,
    region: 'us-east-1',
    resourceAccountId: ACCOUNT,
    principalOrganizationId: 'o-a1b2c3d4e5',
  });
  const resourceArn =
    action === 's3:GetObject'
      ? `arn:aws:s3:::data/home/${principal.userName}/report`
      : `arn:aws:x:::${round}`;
  const { isAllowed, isExplicit } = decide(
    { principal, action, resourceArn, resourceAccountId: ACCOUNT, context },
    { identity: policies.map((text) => cache.compile(text, 'identity')) },
  );
  if (isAllowed) answers.allowed += 1;
  else if (isExplicit) answers.explicit += 1;
  else answers.implicit += 1;
}

async function makeUser(index: number): Promise<User> {
  const userName = `user-${index}`;
  const accessKeyId = `AKIA${String(index).padStart(16, '0')}`;
  const secretAccessKey = `secret-${index}`.padEnd(40, 'x');
  const principal: Principal = {
    type: 'IAMUser',
    accountId: ACCOUNT,
    arn: `arn:aws:iam::${ACCOUNT}:user/team/${userName}`,
    userId: `AIDA${String(index).padStart(17, '0')}`,
    accessKeyId,
    userIdentity: { type: 'IAMUser' },
    userName,
    tags: [{ key: 'team', value: `team-${index % 20}` }],
  };
  const managed = listManagedPolicies()
    .filter(({ policyName }) => /ReadOnly/.test(policyName))
    .map(({ document }) => document);
  const own = Array.from({ length: POLICIES_PER_USER - managed.length }, (_, number) =>
    makePolicy(index, number),
  );
  const head = await signedHead({ accessKeyId, secretAccessKey });
  return { principal, secretAccessKey, policies: [...managed, ...own], head };
}

/** A policy of a user's own, of the kinds that people write: wildcards, variables, conditions, a denial. */
function makePolicy(index: number, number: number): string {
  const variable = (name: string) => `$\{${name}}`;
  const statements: readonly object[] = [
    {
      Sid: 'Home',
      Effect: 'Allow',
      Action: ['s3:Get*', 's3:PutObject', 's3:ListBucket'],
      Resource: [`arn:aws:s3:::data-${number}`, `arn:aws:s3:::data*/home/${variable('aws:username')}/*`],
    },
    {
      Sid: 'Team',
      Effect: 'Allow',
      Action: ['sqs:*', `sns:Publish`, `logs:Get*`],
      Resource: `arn:aws:sqs:*:${ACCOUNT}:queue-${index}-${number}-*`,
      Condition: {
        StringEquals: { 'aws:ResourceTag/team': variable('aws:PrincipalTag/team') },
        IpAddress: { 'aws:SourceIp': ['203.0.113.0/24', '2001:db8::/32'] },
      },
    },
    {
      Sid: 'Guard',
      Effect: 'Deny',
      Action: ['cloudtrail:Stop*', 'cloudtrail:Delete*', 'cloudtrail:Update*'],
      NotResource: `arn:aws:cloudtrail:*:${ACCOUNT}:trail/sandbox-${index}-*`,
      Condition: { BoolIfExists: { 'aws:MultiFactorAuthPresent': 'false' } },
    },
  ];
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

async function signedHead(credentials: {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}): Promise<RequestHead> {
  const signer = new SignatureV4({
    service: 'cloudtrail',
    region: 'us-east-1',
    credentials,
    sha256: NodeSha256,
  });
  const request = new HttpRequest({
    method: 'POST',
    hostname: 'localhost',
    path: '/',
    headers: {
      host: 'localhost:4610',
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': 'CloudTrail_20131101.LookupEvents',
    },
    body: BODY,
  });
  const { method, path, headers } = await signer.sign(request, { signingDate: new Date(NOW_MS) });
  return {
    method,
    target: path,
    httpVersion: '1.1',
    headers: Object.entries(headers).flat(),
    peerAddress: '203.0.113.7',
    startedAt: NOW_MS,
  };
}
