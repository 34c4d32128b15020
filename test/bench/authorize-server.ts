import { createSignatureVerifier } from '../../src/aws/protocol/sigv4.ts';
import { silentLog } from '../../src/base/log.ts';
import { MasterKeyFile } from '../../src/identity/secrets/master-key-file.ts';
import type { RequestHead } from '../../src/model/captured-call.ts';
import { dataPaths } from '../../src/server/data-directory.ts';
import { type Identity, openIdentity } from '../../src/server/open-identity.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';
import { OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';
import {
  type CallDraft,
  type Credential,
  closeConnections,
  credentialsOf,
  jsonCall,
  queryCall,
  sendCall,
} from '../hostile/identity-call.ts';
import { BENCH_ACCOUNT, fillStore } from './fill.ts';
import { median, percentile } from './result.ts';
import { withStorage, withTemporaryFolder } from './storage.ts';

const USERS = 1_000;
/** As many as IAM attaches to a user. */
const POLICIES_PER_USER = 10;
const POLICIES = 100;
const MAKERS = 16;
const READ_ONLY = 'arn:aws:iam::aws:policy/AWSCloudTrail_ReadOnlyAccess';
const ROOT: Credential = {
  accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
  secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
};
const LOOKUP = jsonCall('cloudtrail', 'LookupEvents', { MaxResults: 50 });
const NO_LIMITS = ['--calls-per-second-max', '0'];

/** Users that look up in turn, and pairs of look-ups before those that count. */
const CALLERS = 50;
const WARM_UP = 50;

/** What the whole way costs: keys, users and policies from the catalog of a server that was really filled. */
export interface WholeCost {
  /** CPU of this process per call, the first of each user and every further one, milliseconds. */
  readonly firstMs: number;
  readonly againMs: number;
  /** A look-up of a user with policies, and of root, over HTTP; milliseconds of the wall clock. */
  readonly userP50Ms: number;
  readonly userP99Ms: number;
  readonly rootP50Ms: number;
  readonly rootP99Ms: number;
  /** How many times as long a user's look-up takes: by the median of the differences of the pairs, one of each in turn. */
  readonly lookupFactor: number;
}

/**
 * Makes users with policies through the API, times look-ups of users and of root in turn, and then, on the same catalog
 * and without HTTP, the signature and the decision. `sign` signs the call of a look-up for that moment.
 */
export async function measureWhole(options: {
  readonly isQuick: boolean;
  readonly nowMs: number;
  readonly body: Uint8Array;
  readonly sign: (credential: Credential) => Promise<RequestHead>;
}): Promise<WholeCost> {
  const { isQuick } = options;
  return await withTemporaryFolder(async (folder) => {
    await fillStore(folder, isQuick ? 20_000 : 1_000_000, Date.now());
    const server = await OpenTrailServer.start({ dataDir: folder, flags: NO_LIMITS });
    try {
      const users = await makeUsers(server.endpoint);
      const latency = await timeLookups(server.endpoint, users, isQuick ? 300 : 1_000);
      await server.stop();
      return { ...latency, ...(await withoutHttp(folder, { ...options, users })) };
    } finally {
      closeConnections();
      await server.stop();
    }
  });
}

async function makeUsers(endpoint: string): Promise<Credential[]> {
  const call = async (draft: CallDraft): Promise<string> => {
    const { status, text } = await sendCall(endpoint, { ...draft, credential: ROOT });
    if (status !== 200) throw new Error(`${draft.body}: ${text}`);
    return text;
  };
  const iam = (action: string, parameters: Readonly<Record<string, string>>) =>
    call(queryCall('iam', action, parameters));
  for (let number = 0; number < POLICIES; number++) {
    await iam('CreatePolicy', { PolicyName: `policy-${number}`, PolicyDocument: policyDocument(number) });
  }
  const users: Credential[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < USERS) {
      const index = next;
      next += 1;
      const UserName = `user-${index}`;
      await iam('CreateUser', { UserName });
      for (let number = 1; number < POLICIES_PER_USER; number++) {
        const PolicyArn = `arn:aws:iam::${BENCH_ACCOUNT}:policy/policy-${(index * 7 + number * 11) % POLICIES}`;
        await iam('AttachUserPolicy', { UserName, PolicyArn });
      }
      await iam('AttachUserPolicy', { UserName, PolicyArn: READ_ONLY });
      users.push(credentialsOf(await iam('CreateAccessKey', { UserName })));
    }
  };
  await Promise.all(Array.from({ length: MAKERS }, work));
  return users;
}

function policyDocument(number: number): string {
  const variable = (name: string) => `$\{${name}}`;
  const Statement = [
    {
      Effect: 'Allow',
      Action: ['s3:Get*', 's3:PutObject', 's3:ListBucket'],
      Resource: [`arn:aws:s3:::data-${number}`, `arn:aws:s3:::data*/home/${variable('aws:username')}/*`],
    },
    {
      Effect: 'Allow',
      Action: ['sqs:*', 'sns:Publish', 'logs:Get*'],
      Resource: `arn:aws:sqs:*:${BENCH_ACCOUNT}:queue-${number}-*`,
      Condition: { StringEquals: { 'aws:ResourceTag/team': variable('aws:PrincipalTag/team') } },
    },
    {
      Effect: 'Deny',
      Action: ['cloudtrail:Stop*', 'cloudtrail:Delete*'],
      NotResource: `arn:aws:cloudtrail:*:${BENCH_ACCOUNT}:trail/sandbox-${number}-*`,
    },
  ];
  return JSON.stringify({ Version: '2012-10-17', Statement });
}

/** Users and root in turn, one call at a time, so that whatever else the machine does hits both alike. */
async function timeLookups(endpoint: string, users: readonly Credential[], count: number) {
  const took = { user: [] as number[], root: [] as number[] };
  for (let index = -WARM_UP; index < count; index++) {
    const user = users[(index + WARM_UP) % CALLERS] ?? ROOT;
    const pair = [['root', ROOT] as const, ['user', user] as const];
    for (const [name, credential] of index % 2 === 0 ? pair : pair.toReversed()) {
      const startMs = performance.now();
      const { status, text } = await sendCall(endpoint, { ...LOOKUP, credential });
      if (status !== 200) throw new Error(text);
      if (index >= 0) took[name].push(performance.now() - startMs);
    }
  }
  return {
    userP50Ms: median(took.user),
    userP99Ms: percentile(took.user, 0.99),
    rootP50Ms: median(took.root),
    rootP99Ms: percentile(took.root, 0.99),
    lookupFactor: 1 + median(took.user.map((ms, at) => ms - (took.root[at] ?? 0))) / median(took.root),
  };
}

async function withoutHttp(
  folder: string,
  options: {
    readonly isQuick: boolean;
    readonly nowMs: number;
    readonly body: Uint8Array;
    readonly sign: (credential: Credential) => Promise<RequestHead>;
    readonly users: readonly Credential[];
  },
): Promise<Pick<WholeCost, 'firstMs' | 'againMs'>> {
  const { nowMs, body, users } = options;
  const heads = await Promise.all(users.map(options.sign));
  const clock = { ...systemClock, now: () => nowMs };
  return await withStorage(folder, async ({ identities }) => {
    await using stack = new AsyncDisposableStack();
    const root = { ...ROOT, origin: 'environment' } as const;
    const identity = await openIdentity(
      {
        ...{ identities, accountId: BENCH_ACCOUNT, root, clock, random: systemRandom, log: silentLog },
        masterKeyFile: new MasterKeyFile(dataPaths(folder).masterKey),
      },
      stack,
    );
    const decideAll = allDecisions(identity, clock, { heads, body });
    const firstMs = await cpuMsPerCall(decideAll, users.length);
    const again: number[] = [];
    for (let round = 0; round < (options.isQuick ? 3 : 9); round++) {
      again.push(await cpuMsPerCall(decideAll, users.length));
    }
    return { firstMs, againMs: median(again) };
  });
}

/** One call of each user: its signature, whose it is, whether it may. */
function allDecisions(
  { resolver, authorizer }: Identity,
  clock: typeof systemClock,
  { heads, body }: { readonly heads: readonly RequestHead[]; readonly body: Uint8Array },
): () => Promise<void> {
  const verifier = createSignatureVerifier({
    clock,
    async credentials(accessKeyId, sessionToken) {
      const resolution = await resolver.resolve(accessKeyId, sessionToken);
      return resolution.kind === 'known'
        ? { ...resolution.credential, principal: resolution.principal }
        : undefined;
    },
  });
  const facts = { sourceIPAddress: '127.0.0.1', userAgent: 'bench', region: 'us-east-1', isSecure: false };
  return async () => {
    for (const head of heads) {
      const result = await verifier.verify(head, body);
      const principal = result.isValid ? result.credential?.principal : undefined;
      if (principal === undefined) throw new Error('a good signature was refused');
      const decision = await authorizer.authorize({ principal, action: 'cloudtrail:LookupEvents', facts });
      if (!decision.isAllowed) throw new Error(decision.message);
    }
  };
}

async function cpuMsPerCall(work: () => Promise<void>, count: number): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 / count;
}
