import assert from 'node:assert/strict';
import net, { type AddressInfo } from 'node:net';
import { describe, it } from 'node:test';
import { type Attack, type AttackClass, createDice, SIGNED } from './attack.ts';
import { framingAttacks } from './framing-attacks.ts';
import { type HostileTarget, startGatewayTarget, startServerTarget } from './hostile-target.ts';
import { http2Attacks } from './http2-attacks.ts';
import { payloadAttacks } from './payload-attacks.ts';
import { type AttackAnswer, sendAttack } from './send-attack.ts';
import { startStrictUpstream } from './strict-upstream.ts';
import { targetAttacks } from './target-attacks.ts';

const CLASSES: readonly AttackClass[] = [
  ...framingAttacks,
  ...targetAttacks,
  ...payloadAttacks,
  ...http2Attacks,
];
/** `OPENTRAIL_HOSTILE_REQUESTS=10000` is the whole run. */
const REQUESTS = Number(process.env.OPENTRAIL_HOSTILE_REQUESTS ?? 1_000);
const SEED = Number(process.env.OPENTRAIL_HOSTILE_SEED ?? 20_261_121);
const WORKERS = 32;
const DENIAL = /^HTTP\/1\.1 [45]\d\d /gm;

interface Sent {
  readonly className: string;
  readonly marker: string;
  readonly attack: Attack;
  readonly answer: AttackAnswer;
}

describe(`hostile requests: ${REQUESTS} of ${CLASSES.length} classes, seed ${SEED}`, () => {
  const guarantee =
    'crash nothing, reach no server but the configured one, never ambiguously, and are recorded when denied';
  it(`against listener and gateway: ${guarantee}`, () => attack(startGatewayTarget));
  it(`against the whole server: ${guarantee}`, () => attack(startServerTarget));
});

async function attack(start: (upstream: URL) => Promise<HostileTarget>): Promise<void> {
  assert.ok(CLASSES.length >= 40);
  const upstream = await startStrictUpstream();
  const decoy = await startDecoy();
  const target = await start(upstream.url);
  const sent = await sendAll(target.port, decoy.address);
  const headers = { 'x-marker': 'health', authorization: SIGNED.slice('Authorization: '.length) };
  const health = await fetch(`http://127.0.0.1:${target.port}/alive`, { headers });
  const kept = await target.stop();
  await upstream.close();
  await decoy.close();

  assert.equal(health.status, 200, 'the server still answers');
  assert.deepEqual(kept.errors, []);
  assert.deepEqual(upstream.violations, []);
  assert.equal(decoy.connectionsCount(), 0, 'the upstream is chosen by configuration alone');
  const wrong = sent.flatMap((one) => judge(one, upstream.seen, kept.recorded));
  assert.deepEqual(wrong.slice(0, 20), [], `${wrong.length} wrong, seed ${SEED}`);
  // The upstream answers 200 only, so every other status is a denial of OpenTrail's own.
  const denied = sent.reduce((sum, { answer }) => sum + (answer.text.match(DENIAL)?.length ?? 0), 0);
  assert.ok(denied > 0);
  assert.ok(kept.deniedCount >= denied, `${denied} denied, ${kept.deniedCount} recorded`);
}

async function sendAll(port: number, decoy: string): Promise<Sent[]> {
  const sent: Sent[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < REQUESTS) {
      const index = next;
      next += 1;
      const attackClass = CLASSES[index % CLASSES.length] as AttackClass;
      const marker = `m${index}`;
      const dice = createDice(SEED + index);
      const attack = attackClass.build({ dice, marker, decoy });
      sent.push({ className: attackClass.name, marker, attack, answer: await sendAttack(port, attack) });
    }
  };
  await Promise.all(Array.from({ length: WORKERS }, work));
  return sent;
}

/** What is wrong with the outcome of one attack. */
function judge(
  { className, marker, attack, answer }: Sent,
  seen: ReadonlyMap<string, number>,
  recorded: ReadonlyMap<string, number>,
): string[] {
  const reached = seen.get(marker) ?? 0;
  const smuggled = seen.get(`${marker}-smuggled`) ?? 0;
  const wrong: string[] = [];
  if (answer.isHung) wrong.push('the connection was left open');
  if (/^HTTP\/1\.1 500 /m.test(answer.text) || answer.text.includes('internal error'))
    wrong.push('an internal error');
  if (attack.expectation === 'forwarded' && reached === 0)
    wrong.push(`not forwarded: ${answer.text.slice(0, 200)}`);
  if (attack.expectation === 'refused' && reached + smuggled > 0) wrong.push('reached the upstream');
  if (reached > (recorded.get(marker) ?? 0))
    wrong.push(`${reached} calls reached the upstream, fewer are recorded`);
  return wrong.map((reason) => `${className} (${marker}): ${reason}`);
}

/** A server whose address stands in targets, hosts and headers, and which must stay without a connection. */
async function startDecoy() {
  let count = 0;
  const server = net.createServer((socket) => {
    count += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connectionsCount: () => count,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}
