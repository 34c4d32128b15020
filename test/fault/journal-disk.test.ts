import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { DependencyError } from '../../src/base/dependency-error.ts';
import type { DiskJournal } from '../../src/journal/disk-journal.ts';
import {
  createJournalBench,
  type JournalBench,
  takeAll,
  testEntry,
} from '../../src/journal/journal-under-test.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';
import { verifyHistory } from '../../src/verify/history-chain.ts';
import { FailingDisk, type Fault } from './failing-disk.ts';

let bench: JournalBench;
let disk: FailingDisk;
beforeEach(() => {
  bench = createJournalBench({ clock: systemClock, random: systemRandom });
  disk = new FailingDisk();
});
afterEach(() => bench.remove());

async function storedLines(journal: DiskJournal): Promise<{ sequence: number; line: string }[]> {
  return (await takeAll(journal)).flatMap(({ path }) =>
    readFileSync(path, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => ({ sequence: Number(line.split('\t')[0]), line })),
  );
}

const numberOf = (line: string) => Number(/8000-(\d+)/.exec(line)?.[1]);

/** Exactly the events that were accepted are there, in a chain that verifies. */
async function assertHolds(accepted: readonly number[]) {
  const journal = await bench.open();
  const lines = await storedLines(journal);
  assert.deepEqual(
    lines.map(({ line }) => numberOf(line)).sort((a, b) => a - b),
    accepted.toSorted((a, b) => a - b),
  );
  const report = await verifyHistory({
    journalId: journal.journalId,
    links: journal.readChain(1, Number.MAX_SAFE_INTEGER),
    heads: journal.readHeads(1),
    lines: (async function* () {
      yield* lines;
    })(),
    explained: [],
    publicKeyPem: journal.publicKeyPem,
  });
  assert.deepEqual(report.findings, []);
  await journal.close();
}

/** Waits until appends are accepted again; the journal finds that out by itself. */
async function untilAccepting(journal: DiskJournal) {
  for (const end = Date.now() + 10_000; journal.usage().refusal !== undefined; ) {
    assert.ok(Date.now() < end, `still refusing: ${journal.usage().refusal}`);
    await systemClock.sleep(10);
  }
}

/** Fails the first call of that kind and everything that comes after it in `also`, until it is mended. */
function failOnce(faults: readonly Fault[]) {
  const left = [...faults];
  disk.decide = (call) => {
    const index = left.findIndex((fault) => fault.call === call);
    return index < 0 ? undefined : left.splice(index, 1)[0];
  };
}

const CASES: readonly { name: string; faults: readonly Fault[] }[] = [
  { name: 'a write finds the disk full halfway', faults: [{ call: 'write', code: 'ENOSPC', share: 0.6 }] },
  { name: 'a write fails after all its bytes', faults: [{ call: 'write', code: 'EIO', share: 1 }] },
  { name: 'a sync fails', faults: [{ call: 'sync', code: 'EIO' }] },
  { name: 'a sync finds the disk full', faults: [{ call: 'sync', code: 'ENOSPC' }] },
  {
    name: 'a write fails and cannot be cut back',
    faults: [
      { call: 'write', code: 'ENOSPC', share: 1 },
      { call: 'truncate', code: 'EIO' },
      { call: 'truncate', code: 'EIO' },
    ],
  },
  {
    name: 'a sync fails and its bytes cannot be cut',
    faults: [
      { call: 'sync', code: 'EIO' },
      { call: 'truncate', code: 'EIO' },
      { call: 'open', code: 'EIO' },
    ],
  },
  { name: 'the directory cannot be synced', faults: [{ call: 'syncDirectory', code: 'EIO' }] },
  { name: 'a segment cannot be created', faults: [{ call: 'open', code: 'ENOSPC' }] },
];

describe('a disk that fails', () => {
  for (const { name, faults } of CASES) {
    it(`refuses, harms nothing that was acknowledged, and accepts again by itself when ${name}`, async () => {
      let journal = await bench.open({ disk });
      const isCreation = faults[0]?.call === 'open' || faults[0]?.call === 'syncDirectory';
      const accepted: number[] = [];
      if (!isCreation) {
        await journal.append([testEntry(1)]);
        accepted.push(1);
      }
      failOnce(faults);
      await assert.rejects(journal.append([testEntry(2), testEntry(3)]), (error: unknown) => {
        assert.ok(error instanceof DependencyError);
        assert.equal(error.dependency, 'journal');
        assert.ok(error.isRetryable);
        return true;
      });
      assert.ok(journal.usage().refusal);
      await untilAccepting(journal);
      await journal.append([testEntry(4)]);
      accepted.push(4);
      assert.deepEqual(
        (await storedLines(journal)).map(({ line }) => numberOf(line)),
        accepted,
      );
      await journal.close();
      await assertHolds(accepted);
      journal = await bench.open();
      assert.deepEqual(journal.findings, []);
      await journal.close();
    });
  }

  it('refuses at once while it stays full, without asking it again for every event', async () => {
    const journal = await bench.open({ disk });
    await journal.append([testEntry(1)]);
    let writes = 0;
    disk.free = 0;
    disk.decide = (call) => {
      if (call !== 'write') return undefined;
      writes++;
      return { call, code: 'ENOSPC' };
    };
    for (let n = 0; n < 50; n++) await assert.rejects(journal.append([testEntry(2)]), /the disk is full/);
    assert.equal(writes, 1);
    disk.decide = () => undefined;
    disk.free = undefined;
    await untilAccepting(journal);
    assert.equal((await journal.append([testEntry(3)])).firstSequence, 2);
    await journal.close();
  });

  it('writes outcomes of intents where the ballast was, while other events are refused', async () => {
    const journal = await bench.open({ disk, intentReserveBytes: 10_000, ballastBytesMax: 1 << 20 });
    await journal.openIntent({ intentId: 'i1', entry: testEntry(1, { intentId: 'i1' }) });
    failOnce([{ call: 'write', code: 'ENOSPC', share: 0.5 }]);
    disk.free = 0;
    const outcome = journal.append([testEntry(1, { intentId: 'i1' })]);
    const other = journal.append([testEntry(2)]);
    await assert.rejects(other, /the disk is full/);
    assert.equal((await outcome).firstSequence, 1);
    await journal.close();
    await assertHolds([1]);
  });
});

describe('a power cut', () => {
  it('loses only what was not acknowledged, at whatever moment and after whatever faults', async () => {
    const step = fc.record({
      events: fc.integer({ min: 1, max: 4 }),
      fault: fc.option(
        fc.record({
          call: fc.constantFrom(
            'write' as const,
            'sync' as const,
            'truncate' as const,
            'syncDirectory' as const,
          ),
          code: fc.constantFrom('EIO' as const, 'ENOSPC' as const),
          share: fc.constantFrom(0, 0.5, 1),
        }),
        { nil: undefined, freq: 2 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
        bench.remove();
        bench = createJournalBench({ clock: systemClock, random: systemRandom });
        disk = new FailingDisk();
        const journal = await bench.open({ disk, segmentEventsMax: 5 });
        const accepted: number[] = [];
        let number = 0;
        for (const { events, fault } of steps) {
          if (fault !== undefined) failOnce([fault]);
          const numbers = Array.from({ length: events }, () => ++number);
          await journal.append(numbers.map((n) => testEntry(n))).then(
            () => accepted.push(...numbers),
            () => untilAccepting(journal),
          );
        }
        disk.decide = () => undefined;
        await journal.close();
        await disk.loseUnsynced();
        await assertHolds(accepted);
      }),
      { numRuns: 12 },
    );
  });
});
