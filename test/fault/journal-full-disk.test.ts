import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { DependencyError } from '../../src/base/dependency-error.ts';
import { silentLog } from '../../src/base/log.ts';
import { noMetrics } from '../../src/base/metrics.ts';
import type { DiskJournal } from '../../src/journal/disk-journal.ts';
import { takeAll, testEntry } from '../../src/journal/journal-under-test.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';

const DISK_BYTES = 6 << 20;

/** Gives the test a file system of a few megabytes; skips it, saying so, where none may be mounted. */
async function onSmallDisk(t: TestContext, body: (directory: string) => Promise<void>) {
  const directory = mkdtempSync(join(tmpdir(), 'opentrail-small-disk-'));
  const mount = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', directory], {
    encoding: 'utf8',
  });
  if (mount.status !== 0) {
    rmSync(directory, { recursive: true });
    t.skip(`a small file system cannot be mounted: ${mount.stderr?.trim() || mount.error?.message}`);
    return;
  }
  try {
    await body(directory);
  } finally {
    spawnSync('umount', ['-l', directory]);
    rmSync(directory, { recursive: true, force: true });
  }
}

const open = (directory: string) =>
  openJournal({
    directory: join(directory, 'journal'),
    sizeBytesMax: 1 << 30,
    segmentEventsMax: 200,
    intentReserveBytes: 64 << 10,
    ballastBytesMax: 1 << 20,
    ballastBytesMin: 512 << 10,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    metrics: noMetrics,
  });

async function appendUntilFull(journal: DiskJournal, accepted: number[]) {
  for (let number = 1_000 + accepted.length; ; number++) {
    try {
      await journal.append([testEntry(number, { pad: 3_000 })]);
      accepted.push(number);
    } catch (error) {
      assert.ok(error instanceof DependencyError && error.isRetryable);
      assert.match(error.message, /the disk is full/);
      return;
    }
  }
}

async function untilAccepting(journal: DiskJournal) {
  for (const end = Date.now() + 10_000; journal.usage().refusal !== undefined; ) {
    assert.ok(Date.now() < end, `still refusing: ${journal.usage().refusal}`);
    await systemClock.sleep(10);
  }
}

async function numbersOf(journal: DiskJournal): Promise<number[]> {
  return (await takeAll(journal)).flatMap(({ path }) =>
    [...readFileSync(path, 'utf8').matchAll(/^\d+\t[^\n]*8000-(\d+)/gm)].map((match) => Number(match[1])),
  );
}

describe('a disk that is really full', () => {
  it('refuses with the reason, harms nothing, keeps its promises to intents, and recovers when there is room', async (t) => {
    await onSmallDisk(t, async (directory) => {
      let journal = await open(directory);
      const intents = [1, 2, 3].map((n) => ({
        intentId: `i${n}`,
        entry: testEntry(n, { intentId: `i${n}` }),
      }));
      for (const intent of intents) await journal.openIntent(intent);
      const filler = join(directory, 'filler');
      writeFileSync(filler, Buffer.alloc(2 << 20));
      const accepted: number[] = [];
      await appendUntilFull(journal, accepted);
      assert.ok(accepted.length > 50, `${accepted.length} fit`);
      assert.match(journal.usage().refusal ?? '', /the disk is full/);
      assert.throws(() => writeFileSync(join(directory, 'more'), Buffer.alloc(1 << 20)), /ENOSPC/);
      for (const n of [1, 2]) {
        await journal.append([testEntry(n, { intentId: `i${n}`, pad: 50_000 })]);
        accepted.push(n);
      }
      await assert.rejects(journal.append([testEntry(9)]), /the disk is full/);
      unlinkSync(join(directory, 'more'));
      unlinkSync(filler);
      await untilAccepting(journal);
      await journal.append([testEntry(500)]);
      accepted.push(500);
      await journal.close();
      journal = await open(directory);
      assert.deepEqual(journal.findings, []);
      assert.deepEqual(journal.orphanedIntents, intents.slice(2));
      assert.deepEqual(await numbersOf(journal), accepted);
      await journal.close();
    });
  });

  it('makes room by itself when stored segments are released', async (t) => {
    await onSmallDisk(t, async (directory) => {
      const journal = await open(directory);
      const accepted: number[] = [];
      await appendUntilFull(journal, accepted);
      for (const segment of await takeAll(journal)) await journal.release(segment);
      await untilAccepting(journal);
      await journal.append([testEntry(1)]);
      assert.equal(journal.head().sequence, accepted.length + 1);
      await journal.close();
    });
  });
});
