import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { beforeEach, describe, it } from 'node:test';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { noMetrics } from '../base/metrics.ts';
import { HealthMonitor } from './health-monitor.ts';

describe('health', () => {
  let nowMs: number;
  let usage: { sizeBytes: number; sizeBytesMax: number; reservedBytes: number; refusal: string | undefined };
  let sequences: { accepted: number; committed: number };
  let isEngineUp: boolean;
  let recorder: { isGapOpen: boolean; lastRefusedMs: number | undefined };
  let logged: string[];
  let monitor: HealthMonitor;

  const clock: Clock = {
    now: () => nowMs,
    monotonicMs: () => nowMs,
    after: () => ({ cancel() {} }),
    sleep: () => Promise.reject(new Error('nothing here sleeps')),
  };
  const write = (level: string) => (event: string, fields?: Record<string, unknown>) => {
    logged.push(`${level} ${event} ${fields?.alarm}`);
  };
  const log: Log = { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug') };

  beforeEach(() => {
    nowMs = 1_000_000;
    usage = { sizeBytes: 0, sizeBytesMax: 1_000, reservedBytes: 0, refusal: undefined };
    sequences = { accepted: 0, committed: 0 };
    isEngineUp = true;
    recorder = { isGapOpen: false, lastRefusedMs: undefined };
    logged = [];
    monitor = new HealthMonitor({
      dataDir: tmpdir(),
      journal: {
        usage: () => usage,
        head: () => ({ journalId: 'j', sequence: sequences.accepted, hash: '' }),
      },
      feed: {
        committed: () => ({ journalId: 'j', sequence: sequences.committed }),
        onCommit: () => () => {},
      },
      store: { ping: async () => assert.ok(isEngineUp, 'the engine is down') },
      recorder,
      clock,
      metrics: noMetrics,
      log,
    });
  });

  const alarmsAfter = async (passedMs: number) => {
    nowMs += passedMs;
    await monitor.check();
    return monitor.alarms.map(({ alarm }) => alarm).filter((alarm) => alarm !== 'diskFilling');
  };

  it('shows refusals at once, before the next check', async () => {
    await monitor.check();
    recorder.lastRefusedMs = nowMs;
    assert.ok(monitor.alarms.some(({ alarm }) => alarm === 'eventsRefused'));
  });

  it('has no alarm while everything works', async () => {
    sequences = { accepted: 10, committed: 9 };
    assert.deepEqual(await alarmsAfter(0), []);
  });

  it('warns at half of the journal, long before it fails when events are refused', async () => {
    usage = { ...usage, sizeBytes: 400, reservedBytes: 101 };
    assert.deepEqual(await alarmsAfter(0), ['journalFilling']);
    usage = { ...usage, refusal: 'the bound is reached' };
    assert.deepEqual(await alarmsAfter(1_000), ['journalRefusing', 'journalFilling']);
    assert.deepEqual(logged, ['warn health.alarm journalFilling', 'error health.alarm journalRefusing']);
  });

  it('shows a refusal for some seconds after it, and as long as its gap is open', async () => {
    recorder.lastRefusedMs = nowMs;
    assert.deepEqual(await alarmsAfter(10_000), ['eventsRefused']);
    assert.deepEqual(await alarmsAfter(10_000), []);
    recorder.isGapOpen = true;
    assert.deepEqual(await alarmsAfter(60_000), ['eventsRefused']);
  });

  it('tells a store that makes no progress from one that is only behind', async () => {
    sequences = { accepted: 100, committed: 10 };
    assert.deepEqual(await alarmsAfter(0), []);
    sequences.committed = 20;
    assert.deepEqual(await alarmsAfter(29_000), []);
    assert.deepEqual(await alarmsAfter(31_000), ['drainLagging']);
    sequences.committed = 100;
    assert.deepEqual(await alarmsAfter(1_000), []);
    assert.equal(logged.at(-1), 'info health.alarmEnded drainLagging');
  });

  it('logs an alarm when it begins and when it ends, and not in between', async () => {
    isEngineUp = false;
    assert.deepEqual(await alarmsAfter(0), ['engineDown']);
    assert.deepEqual(await alarmsAfter(1_000), ['engineDown']);
    isEngineUp = true;
    assert.deepEqual(await alarmsAfter(1_000), []);
    assert.deepEqual(
      logged.filter((line) => !line.endsWith('diskFilling')),
      ['warn health.alarm engineDown', 'info health.alarmEnded engineDown'],
    );
  });
});
