import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, it } from 'node:test';
import { silentLog } from '../../src/base/log.ts';
import { noMetrics } from '../../src/base/metrics.ts';
import type { Intent } from '../../src/journal/journal.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { createIntake } from '../../src/record/create-intake.ts';
import { openGapFile } from '../../src/record/gap-file.ts';
import { createRecorder } from '../../src/record/recorder.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';
import { type GatewayUnderTest, startGateway } from './gateway-under-test.ts';
import { exchangeRaw, type RawUpstream, startRawUpstream } from './raw-sockets.ts';

const RATE = 20;
const parts = { clock: systemClock, random: systemRandom, log: silentLog, metrics: noMetrics };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A key that is ours signs validly, `AKIAUPSTREAM` is known to the upstream alone, everything else to nobody. */
function call(accessKeyId: string): string {
  const scope = `${accessKeyId}/20260302/us-east-1/iam/aws4_request`;
  const authorization = `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
  return (
    `POST / HTTP/1.1\r\nHost: h\r\nAuthorization: ${authorization}\r\n` +
    'Content-Length: 2\r\nConnection: close\r\n\r\nhi'
  );
}

async function upstreamThatChecks(): Promise<RawUpstream> {
  const upstream = await startRawUpstream((socket, received) => {
    const isKnown = /Credential=AKIA(?:OURS|UPSTREAM)\//.test(received);
    socket.write(`HTTP/1.1 ${isKnown ? 200 : 403} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`);
  });
  cleanups.push(() => upstream.close());
  return upstream;
}

/** The real recorder on a real journal that nobody drains, as when the engine is stopped. */
async function startBlocking(sizeBytesMax: number) {
  const folder = mkdtempSync(join(tmpdir(), 'opentrail-flood-'));
  cleanups.push(() => rmSync(folder, { recursive: true }));
  const journal = await openJournal({
    ...parts,
    directory: join(folder, 'journal'),
    sizeBytesMax,
    segmentBytesMax: 65_536,
    intentReserveBytes: 4_096,
  });
  cleanups.push(() => journal.close());
  const intake = createIntake({ accountId: '000000000000', ...parts });
  const recorder = createRecorder({
    ...parts,
    intake,
    journal,
    gapFile: openGapFile(join(folder, 'gap.json')),
    floodLimits: {
      callsPerMinute: RATE,
      callsPerMinuteTotal: RATE * 10,
      sourcesMax: 100,
      summariesMax: 10,
    },
    accountId: '000000000000',
    region: 'us-east-1',
  });
  cleanups.push(() => recorder.close());
  const upstream = await upstreamThatChecks();
  const intents: Intent[] = [];
  const gateway: GatewayUnderTest = await startGateway({
    upstream: upstream.url,
    mode: 'blocking',
    admitUnverified: (draft) => recorder.admitUnverified(draft),
    verifySignature: async (head) =>
      head.headers.some((value) => value.includes('Credential=AKIAOURS/')) ? 'right' : 'unknown',
    durable: {
      intake,
      recorder,
      journal: {
        async openIntent(intent) {
          intents.push(intent);
          await recorder.intents.openIntent(intent);
        },
        cancelIntent: (id) => recorder.intents.cancelIntent(id),
      },
    },
  });
  cleanups.push(() => gateway.close());
  return { gateway, upstream, journal, intents, recorder };
}

async function statusOf(port: number, text: string): Promise<string | undefined> {
  return /^HTTP\/1.1 (\d{3})/.exec(await exchangeRaw(port, text))?.[1];
}

describe('a flood of unverified calls in blocking mode', () => {
  it('takes no more of the journal than the rate allows, and signed calls still go through', async () => {
    const { gateway, upstream, journal, intents, recorder } = await startBlocking(1 << 20);
    assert.equal(await statusOf(gateway.port, call('AKIAUPSTREAM')), '200');
    const statuses: Record<string, number> = {};
    for (let index = 0; index < 1_000; index += 1) {
      const status = await statusOf(gateway.port, call(`AKIAOUTSIDER${index}`));
      statuses[status ?? 'none'] = (statuses[status ?? 'none'] ?? 0) + 1;
    }
    // The bucket fills while the flood goes on: a few more than the rate are forwarded, never many.
    const forwarded = statuses['403'] ?? 0;
    assert.ok(forwarded >= RATE - 1 && forwarded < RATE * 3, JSON.stringify(statuses));
    assert.equal(statuses['503'], 1_000 - forwarded);
    assert.equal(upstream.received.length, forwarded + 1);
    assert.equal(intents.length, forwarded + 1);
    assert.ok(journal.usage().sizeBytes < 1 << 19);
    for (let index = 0; index < 50; index += 1) {
      assert.equal(await statusOf(gateway.port, call('AKIAOURS')), '200');
      assert.equal(await statusOf(gateway.port, call('AKIAUPSTREAM')), '200');
    }
    assert.equal(recorder.lastRefusedMs, undefined);
  });

  it('says why a call beyond the rate was not forwarded, and when to come again', async () => {
    const { gateway } = await startBlocking(1 << 20);
    for (let index = 0; index < RATE; index += 1) await statusOf(gateway.port, call('AKIAOUTSIDER'));
    const answer = await exchangeRaw(gateway.port, call('AKIAOUTSIDER'));
    assert.match(answer, /^HTTP\/1.1 503 /);
    assert.match(answer, /\r\nRetry-After: \d+\r\n/i);
    assert.match(answer, /not forwarded, because too many calls whose signature nothing confirms/);
  });

  it('an intent tells how far its caller was verified before the call', async () => {
    const { gateway, intents } = await startBlocking(1 << 20);
    await statusOf(gateway.port, call('AKIAOURS'));
    await statusOf(gateway.port, call('AKIAOUTSIDER'));
    assert.deepEqual(
      intents.map(({ entry }) => entry.meta.verification),
      ['signature', 'none'],
    );
    assert.match(intents[0]?.entry.raw ?? '', /"errorCode":"OutcomeUnknown"/);
  });
});
