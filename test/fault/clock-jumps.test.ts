import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { Clock } from '../../src/base/clock.ts';
import { silentLog } from '../../src/base/log.ts';
import { noMetrics } from '../../src/base/metrics.ts';
import type { EventDraft } from '../../src/model/cloudtrail-event.ts';
import { createIntake } from '../../src/record/create-intake.ts';
import { loadConfig } from '../../src/server/config.ts';
import { dataPaths } from '../../src/server/data-directory.ts';
import { openStorage } from '../../src/server/open-storage.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';
import { seededRandom } from '../harness/seeded-random.ts';

const SEEDS_COUNT = Number(process.env.OPENTRAIL_FAULT_SEEDS ?? 3);
const ACCOUNT = '000000000000';
const HOUR_MS = 3_600_000;
/** How far a jump reaches, in turn. */
const JUMP_HOURS = [1, 24, 24 * 60];

/** Wall-clock time that is set forth and back while everything runs; durations go on as they do on a real machine. */
class JumpingClock implements Clock {
  offsetMs = 0;

  now(): number {
    return systemClock.now() + this.offsetMs;
  }

  monotonicMs(): number {
    return systemClock.monotonicMs();
  }

  after(delayMs: number, callback: () => void) {
    return systemClock.after(delayMs, callback);
  }

  sleep(delayMs: number, signal?: AbortSignal) {
    return systemClock.sleep(delayMs, signal);
  }
}

function draftAt(ms: number, number: number): EventDraft {
  return {
    userIdentity: { type: 'Root', accountId: ACCOUNT },
    eventTime: new Date(ms).toISOString().replace(/\.\d+Z/, 'Z'),
    eventSource: 'sqs.amazonaws.com',
    eventName: 'CreateQueue',
    awsRegion: 'us-east-1',
    sourceIPAddress: '127.0.0.1',
    requestParameters: { queueName: `q${number}` },
    responseElements: null,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: ACCOUNT,
    eventCategory: 'Management',
  };
}

describe('a wall clock that jumps', () => {
  it(`by hours, days and months in both directions costs no event and doubles none (${SEEDS_COUNT} seeds)`, async () => {
    for (let seed = 1; seed <= SEEDS_COUNT; seed++) {
      const folder = await mkdtemp(join(tmpdir(), 'opentrail-clock-'));
      try {
        await recordWhileItJumps(folder, seed);
      } finally {
        await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      }
    }
  });
});

async function recordWhileItJumps(folder: string, seed: number): Promise<void> {
  const random = seededRandom(seed);
  const clock = new JumpingClock();
  const config = loadConfig({
    flags: { 'data-dir': folder },
    environment: {},
    folder,
    resolveService: () => undefined,
    nearestService: () => undefined,
  });
  await using stack = new AsyncDisposableStack();
  const shared = { clock, random: systemRandom, log: silentLog, metrics: noMetrics };
  const storage = await openStorage({ config, paths: dataPaths(folder), ...shared }, stack);
  const { journal, drain, store } = storage;
  drain.start();
  const intake = createIntake({ accountId: ACCOUNT, clock, random: systemRandom });
  const expected: string[] = [];
  for (let round = 0; round < 12; round++) {
    clock.offsetMs = Math.round((random() - 0.5) * 2 * (JUMP_HOURS[round % 3] ?? 1) * HOUR_MS);
    const accepted = Array.from({ length: 20 }, (_, index) =>
      intake.accept(draftAt(clock.now(), round * 20 + index), { verification: 'signature' }),
    );
    await journal.append(accepted.map(({ entry }) => entry));
    expected.push(...accepted.map(({ event }) => event.eventID));
  }
  await drain.waitForCommit(journal.head().sequence, AbortSignal.timeout(30_000));
  const found = await store.find({ accountIds: [ACCOUNT] }, { limit: 1000 });
  const ids = found.map(({ raw }) => (JSON.parse(raw) as { eventID: string }).eventID);
  assert.deepEqual(ids.toSorted(), expected.toSorted(), `seed ${seed}: every event once`);
  const sequences = found.map(({ sequence }) => sequence).toSorted((a, b) => a - b);
  assert.deepEqual(
    sequences,
    Array.from({ length: expected.length }, (_, index) => index + 1),
  );
}
