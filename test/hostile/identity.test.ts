import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { it } from 'node:test';
import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';
import { runCli } from '../import/run-cli.ts';
import { createDice } from './attack.ts';
import { accessAttacks } from './identity-access-attacks.ts';
import {
  type Attempt,
  type IdentityAttackClass,
  type IdentityAttackContext,
  judgeAnswer,
} from './identity-attack.ts';
import { closeConnections, errorCodeOf, jsonCall } from './identity-call.ts';
import { assemble, type Cast } from './identity-cast.ts';
import { escalationAttacks } from './identity-escalation-attacks.ts';
import { inputAttacks } from './identity-input-attacks.ts';
import { signatureAttacks } from './identity-signature-attacks.ts';
import { IdentityWorld, MANAGEMENT, ROOT } from './identity-world.ts';

const CLASSES: readonly IdentityAttackClass[] = [
  ...signatureAttacks,
  ...accessAttacks,
  ...escalationAttacks,
  ...inputAttacks,
];
/** `OPENTRAIL_HOSTILE_REQUESTS=10000` is the whole run. */
const REQUESTS = Number(process.env.OPENTRAIL_HOSTILE_REQUESTS ?? 600);
const SEED = Number(process.env.OPENTRAIL_HOSTILE_SEED ?? 20_261_121);
const WORKERS = 8;
/** Codes of calls whose sender is not known. */
const NOT_BELIEVED = /Signature|Token|RequestExpired|UnrecognizedClient/;
/** Secrets that are searched for: the first, of those who stay, and the last, of those who came and went. */
const SECRETS_MAX = 100;

it(`hostile callers: at least ${REQUESTS} calls of ${CLASSES.length} classes, seed ${SEED}: nothing is seen or changed that should not be, and every denial is recorded`, async (context) => {
  await using world = await IdentityWorld.start({ metricsPort: await freePort() });
  const cast = await assemble(world);
  const before = await dumpAll(world, cast);
  const attempts = await attackAll(world, cast);
  await world.must(
    cast.chief.key,
    jsonCall('organizations', 'DetachPolicy', { PolicyId: cast.scpPolicyId, TargetId: cast.bound.accountId }),
  );
  const boundDump = await world.dump(cast.bound.key);
  const after = await dumpAll(world, cast);
  const events = await readEvents(world, attempts);
  closeConnections();

  const wrong = attempts.flatMap((each) => judgeAnswer(each, cast).map((why) => `${each.className}: ${why}`));
  assert.deepEqual(someOf(wrong), [], `${wrong.length} wrong, seed ${SEED}`);
  assert.equal(after, before, 'nothing has changed but what may');
  assert.equal(boundDump, cast.beforeBinding, 'nothing of the bound account has changed');
  const unrecorded = attempts.flatMap((each) => judgeRecord(each, events.byRequestId));
  assert.deepEqual(someOf(unrecorded), [], `${unrecorded.length} not recorded, seed ${SEED}`);
  await requireNoSecrets(world, attempts, events.text);
  assert.doesNotMatch(world.server.output.text, /"level":"error"|handler_failed/);
  for (const [name, calls] of Map.groupBy(attempts, ({ className }) => className)) {
    context.diagnostic(`${calls.length} ${name}`);
  }
  assert.ok(attempts.filter(({ outcome }) => outcome === 'allowed').length > 0);
});

/** A few of each class. */
function someOf(wrong: readonly string[]): string[] {
  const byClass = Map.groupBy(wrong, (why) => why.slice(0, why.indexOf(':')));
  return [...byClass.values()].flatMap((all) => all.slice(0, 4));
}

/** Sends attacks of all classes in turn until there were enough calls. */
async function attackAll(world: IdentityWorld, cast: Cast): Promise<Attempt[]> {
  const attempts: Attempt[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (hostileCount(attempts) < REQUESTS || next < CLASSES.length) {
      const index = next;
      next += 1;
      const attackClass = CLASSES[index % CLASSES.length] as IdentityAttackClass;
      await attackClass.run(contextOf({ world, cast, index, className: attackClass.name, attempts }));
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return attempts;
}

/** Calls that are right are not counted. */
function hostileCount(attempts: readonly Attempt[]): number {
  return attempts.reduce((count, { outcome }) => count + Number(outcome !== 'allowed'), 0);
}

function contextOf(facts: {
  readonly world: IdentityWorld;
  readonly cast: Cast;
  readonly index: number;
  readonly className: string;
  readonly attempts: Attempt[];
}): IdentityAttackContext {
  const { world, cast, index, className, attempts } = facts;
  return {
    dice: createDice(SEED + index),
    index,
    world,
    cast,
    user: (name) => cast.users.get(name) ?? assert.fail(name),
    async attempt(outcome, sender, draft) {
      const answer = await world.send(sender?.key, draft);
      if (answer.text.includes('<SecretAccessKey>')) world.known(answer.text);
      attempts.push({
        className,
        outcome,
        answer,
        accountId: sender?.accountId,
        body: `${draft.target ?? ''} ${draft.body ?? ''}`,
      });
      return answer;
    },
  };
}

/** All that IAM and Organizations keep, without the one policy that its user may write. */
async function dumpAll(world: IdentityWorld, cast: Cast): Promise<string> {
  const dumps = [
    await world.dump(ROOT),
    await world.dump(cast.victimAdmin.key),
    await world.dump(cast.eve.key),
  ];
  const organization = [
    await world.must(ROOT, jsonCall('organizations', 'ListAccounts')),
    await world.must(ROOT, jsonCall('organizations', 'ListPolicies', { Filter: 'SERVICE_CONTROL_POLICY' })),
  ];
  const own = /<member><PolicyName>mine<\/PolicyName>.*?<\/member>/g;
  return [...dumps, ...organization].join('\n').replaceAll(own, '');
}

interface Events {
  readonly byRequestId: ReadonlyMap<string | undefined, CloudTrailEvent>;
  readonly text: string;
}

/** Everything that was recorded of all accounts, once the last attempt is among it. */
async function readEvents(world: IdentityWorld, attempts: readonly Attempt[]): Promise<Events> {
  const ids = attempts.slice(-WORKERS).map(({ answer }) => requestIdOf(answer.headers));
  const deadlineMs = Date.now() + 30_000;
  for (;;) {
    const args = ['lookup', '--all-accounts', '--all-regions', '--limit', '0', '--output', 'ndjson'];
    const { code, stdout, stderr } = await runCli(world.endpoint, args);
    assert.equal(code, 0, stderr);
    const events = stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as CloudTrailEvent);
    const byRequestId = new Map(events.map((event) => [event.requestID ?? undefined, event]));
    if (ids.every((id) => id === undefined || byRequestId.has(id)) || Date.now() > deadlineMs)
      return { byRequestId, text: stdout };
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
}

function requestIdOf(headers: Attempt['answer']['headers']): string | undefined {
  const id = headers['x-amzn-requestid'] ?? headers['x-amz-request-id'];
  return id === undefined ? undefined : String(id);
}

/** Each answered call is recorded as what it was: who, which operation, which error. */
function judgeRecord(
  { className, answer, accountId, body }: Attempt,
  events: Events['byRequestId'],
): string[] {
  const { status, text, headers } = answer;
  const event = events.get(requestIdOf(headers));
  if (event === undefined)
    return [`${className}: no record of ${status} ${text.slice(0, 200)} to ${body.slice(0, 200)}`];
  const wrong: string[] = [];
  const code = errorCodeOf(answer);
  if (status >= 400 && event.errorCode === undefined) wrong.push('recorded as a success');
  if (/^AccessDenied/.test(code) && event.errorCode !== 'AccessDenied')
    wrong.push(`recorded as ${event.errorCode}`);
  if (/^AccessDenied/.test(code) && event.errorMessage === undefined)
    wrong.push('recorded without its sentence');
  // Who is not believed is recorded with the installation.
  const expected = accountId === undefined || NOT_BELIEVED.test(code) ? MANAGEMENT : accountId;
  if (expected !== '' && event.recipientAccountId !== expected)
    wrong.push(`recorded in ${event.recipientAccountId}`);
  const operation = /^<(\w+)Response/.exec(text)?.[1];
  if (operation !== undefined && event.eventName !== operation) wrong.push(`recorded as ${event.eventName}`);
  return wrong.map((why) => `${className}: ${why}: ${status} ${text.slice(0, 200)} to ${body.slice(0, 200)}`);
}

/** No secret of a key and no password is in an answer that did not make it, a file, the log, the metrics or an event. */
async function requireNoSecrets(
  world: IdentityWorld,
  attempts: readonly Attempt[],
  events: string,
): Promise<void> {
  const all = [...world.secrets].filter((secret) => secret.length >= 16);
  assert.ok(all.length > 20);
  const secrets = [...all.slice(0, SECRETS_MAX / 2), ...all.slice(-SECRETS_MAX / 2)];
  const answers = attempts
    .map(({ answer }) => answer.text)
    .filter((text) => !text.includes('<SecretAccessKey>'));
  const metrics = await (await fetch(`http://127.0.0.1:${world.metricsPort}/metrics`)).text();
  assert.match(metrics, /^opentrail_/m);
  const texts = new Map([
    ['the log', world.server.output.text],
    ['the events', events],
    ['the metrics', metrics],
    ['the answers', answers.join('\n')],
  ]);
  for (const entry of await readdir(world.server.dataDir, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    // The engine removes files that it has merged.
    texts.set(path, await readFile(path, 'latin1').catch(() => ''));
  }
  for (const [where, text] of texts) {
    const found = secrets.filter((secret) => text.includes(secret));
    assert.deepEqual(found, [], where);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
