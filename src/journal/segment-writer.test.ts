import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { realDisk } from './disk.ts';
import { SegmentWriter } from './segment-writer.ts';

describe('a segment that is appended to', () => {
  let directory: string;
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'opentrail-segment-'));
  });
  after(() => rmSync(directory, { recursive: true, force: true }));
  let fileNumber = 0;
  const open = () =>
    SegmentWriter.create(realDisk, {
      directory,
      from: { journalId: 'journal', sequence: 0, hash: '00' },
      fileNumber: fileNumber++,
      previous: undefined,
    });

  it('waits for nothing while it holds no event', async () => {
    assert.equal((await open()).sealDueAt({ sealAfterMs: 200, lastTakenAt: 1_000 }), undefined);
  });

  it('is due when its first live event is old enough, whatever else comes', async () => {
    const segment = await open();
    segment.noteEvents(1_000, { areImported: true });
    segment.noteEvents(1_050, { areImported: false });
    segment.noteEvents(1_100, { areImported: false });
    segment.noteEvents(1_200, { areImported: true });
    assert.equal(segment.sealDueAt({ sealAfterMs: 200, lastTakenAt: 1_050 }), 1_250);
  });

  it('is due at once after a quiet time, and no sooner than its time behind the one that was taken before', async () => {
    const segment = await open();
    segment.noteEvents(1_000, { areImported: false });
    assert.equal(segment.sealDueAt({ sealAfterMs: 200, lastTakenAt: 0 }), 1_020);
    assert.equal(segment.sealDueAt({ sealAfterMs: 10, lastTakenAt: 0 }), 1_010);
    assert.equal(segment.sealDueAt({ sealAfterMs: 200, lastTakenAt: 900 }), 1_100);
    assert.equal(segment.sealDueAt({ sealAfterMs: 200, lastTakenAt: 999 }), 1_199);
  });

  it('of imported events alone is due when no more come, and in bounded time when they do', async () => {
    const segment = await open();
    segment.noteEvents(1_000, { areImported: true });
    assert.equal(segment.sealDueAt({ sealAfterMs: 200, lastTakenAt: 1_000 }), 1_200);
    segment.noteEvents(1_150, { areImported: true });
    assert.equal(segment.sealDueAt({ sealAfterMs: 200, lastTakenAt: 1_000 }), 1_350);
    for (let nowMs = 1_300; nowMs < 4_000; nowMs += 150) segment.noteEvents(nowMs, { areImported: true });
    assert.equal(segment.sealDueAt({ sealAfterMs: 200, lastTakenAt: 1_000 }), 3_000);
  });

  it('is never due for its age while the store takes only full ones', async () => {
    const segment = await open();
    segment.noteEvents(1_000, { areImported: false });
    assert.equal(
      segment.sealDueAt({ sealAfterMs: Number.POSITIVE_INFINITY, lastTakenAt: 0 }),
      Number.POSITIVE_INFINITY,
    );
  });
});
