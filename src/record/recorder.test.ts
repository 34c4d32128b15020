import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Clock, Timer } from '../base/clock.ts';
import { DependencyError } from '../base/dependency-error.ts';
import { silentLog } from '../base/log.ts';
import { noMetrics } from '../base/metrics.ts';
import type { Intent } from '../journal/journal.ts';
import type { CloudTrailEvent, EventDraft } from '../model/cloudtrail-event.ts';
import type { JournalEntry } from '../model/recorded-event.ts';
import { type GapFile, openGapFile } from './gap-file.ts';
import type { Intake } from './intake.ts';
import {
  createRecorder,
  type RecorderJournal,
  type RecorderOptions,
  type ServerRecorder,
} from './recorder.ts';
import { serviceEventDraft } from './service-event.ts';

/** Runs the timers whose time has come when a test says how much time passes. */
class TestClock implements Clock {
  #nowMs = Date.UTC(2026, 2, 2);
  readonly #timers = new Set<{ atMs: number; callback: () => void }>();

  now = () => this.#nowMs;
  monotonicMs = () => this.#nowMs;
  after(delayMs: number, callback: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, callback };
    this.#timers.add(timer);
    return { cancel: () => this.#timers.delete(timer) };
  }
  async sleep(): Promise<void> {
    throw new Error('nothing here sleeps');
  }
  async pass(ms: number): Promise<void> {
    this.#nowMs += ms;
    for (const timer of [...this.#timers].filter(({ atMs }) => atMs <= this.#nowMs)) {
      this.#timers.delete(timer);
      timer.callback();
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** A journal in memory whose disk is full when a test says so. */
class SmallJournal implements RecorderJournal {
  readonly entries: JournalEntry[] = [];
  readonly openIntents = new Set<string>();
  isFull = false;

  async append(entries: readonly JournalEntry[]) {
    await this.#room();
    this.entries.push(...entries);
    for (const { meta } of entries) if (meta.intentId !== undefined) this.openIntents.delete(meta.intentId);
    return { firstSequence: this.entries.length - entries.length + 1, lastSequence: this.entries.length };
  }
  async openIntent(intent: Intent) {
    await this.#room();
    this.openIntents.add(intent.intentId);
  }
  async cancelIntent(intentId: string) {
    this.openIntents.delete(intentId);
  }
  async #room() {
    if (!this.isFull) return;
    const cause = Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    const reason = 'the disk is full';
    throw new DependencyError({
      dependency: 'journal',
      operation: 'append',
      isRetryable: true,
      reason,
      cause,
    });
  }
  events(): CloudTrailEvent[] {
    return this.entries.map(({ raw }) => JSON.parse(raw) as CloudTrailEvent);
  }
}

const plainIntake: Intake = {
  accept(draft, { verification, intentId }) {
    const event: CloudTrailEvent = { eventVersion: '1.11', eventID: 'e', ...draft };
    const intent = intentId === undefined ? {} : { intentId };
    const meta = { recordedAt: 0, origin: 'live' as const, verification, resources: [], ...intent };
    return { event, entry: { meta, raw: JSON.stringify(event) } };
  },
};

const draft: EventDraft = {
  ...serviceEventDraft({ name: 'RecordingStarted', details: {}, accountId: '1', region: 'r', atMs: 0 }),
  eventName: 'CreateUser',
  sourceIPAddress: '192.0.2.1',
};

describe('recorder', () => {
  let folder: string;
  let clock: TestClock;
  let journal: SmallJournal;
  let recorder: ServerRecorder;
  let file: GapFile;

  const open = (options: Partial<RecorderOptions> = {}) => {
    file = openGapFile(join(folder, 'gap'));
    return createRecorder({
      intake: plainIntake,
      journal,
      gapFile: file,
      floodLimits: { callsPerMinute: 2, callsPerMinuteTotal: 20, sourcesMax: 10, summariesMax: 5 },
      accountId: '111111111111',
      region: 'eu-west-1',
      clock,
      metrics: noMetrics,
      log: silentLog,
      ...options,
    });
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'opentrail-recorder-'));
    clock = new TestClock();
    journal = new SmallJournal();
    recorder = open();
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('refuses while there is no room, and records the gap with size and span when there is, without a call', async () => {
    journal.isFull = true;
    await assert.rejects(recorder.record(draft, { verification: 'signature' }), DependencyError);
    await clock.pass(2_500);
    await assert.rejects(recorder.record(draft, { verification: 'upstream' }), DependencyError);
    await assert.rejects(
      recorder.intents.openIntent({
        intentId: 'i',
        entry: plainIntake.accept(draft, { verification: 'none' }).entry,
      }),
      DependencyError,
    );
    assert.equal(recorder.isGapOpen, true);
    journal.isFull = false;
    await clock.pass(1_000);
    assert.equal(recorder.isGapOpen, false);
    const [gap, ...others] = journal.events();
    assert.equal(others.length, 0);
    assert.equal(gap?.eventName, 'RecordingGap');
    assert.equal(gap?.eventType, 'AwsServiceEvent');
    assert.deepEqual(gap?.serviceEventDetails, {
      refusedCount: 3,
      firstRefusalTime: '2026-03-02T00:00:00Z',
      lastRefusalTime: '2026-03-02T00:00:02Z',
      reasons: { diskFull: 3 },
    });
    await clock.pass(10_000);
    assert.equal(journal.entries.length, 1, 'a gap is recorded once');
  });

  it('does not forget a gap when it is killed before there is room again', async () => {
    journal.isFull = true;
    await assert.rejects(recorder.record(draft, { verification: 'signature' }));
    file.close();
    journal = new SmallJournal();
    clock = new TestClock();
    recorder = open();
    assert.equal(recorder.isGapOpen, true);
    await clock.pass(1_000);
    await clock.pass(1_000);
    assert.deepEqual(
      journal
        .events()
        .map(({ eventName, serviceEventDetails }) => [eventName, serviceEventDetails?.refusedCount]),
      [['RecordingGap', 1]],
    );
    assert.equal(file.read(), undefined);
  });

  it('records unverified calls beyond the rate as a summary, and verified ones always', async () => {
    for (let n = 0; n < 5; n++) await recorder.record(draft, { verification: 'none' });
    for (let n = 0; n < 5; n++) await recorder.record(draft, { verification: 'upstream' });
    assert.equal(journal.entries.length, 2 + 5);
    await clock.pass(60_000);
    const summary = journal.events().at(-1);
    assert.equal(summary?.eventName, 'UnverifiedCallsSummarized');
    assert.equal(summary?.serviceEventDetails?.callsCount, 3);
    assert.equal(summary?.serviceEventDetails?.sourceIPAddress, '192.0.2.1');
    assert.equal(summary?.serviceEventDetails?.firstCallTime, draft.eventTime, 'in the time of the calls');
  });

  it('closes the intent of a call that is only counted', async () => {
    for (let n = 0; n < 3; n++) {
      const intentId = `i${n}`;
      const { entry } = plainIntake.accept(draft, { verification: 'none' });
      await recorder.intents.openIntent({ intentId, entry });
      await recorder.record(draft, { verification: 'none', intentId });
    }
    assert.equal(journal.openIntents.size, 0);
    assert.equal(journal.entries.length, 2);
  });

  it('records what it has counted when it is closed', async () => {
    for (let n = 0; n < 3; n++) await recorder.record(draft, { verification: 'none' });
    await recorder.close();
    assert.equal(journal.events().at(-1)?.serviceEventDetails?.callsCount, 1);
  });
});
