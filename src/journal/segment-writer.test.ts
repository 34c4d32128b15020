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
    assert.equal((await open()).sealDueAt(200), undefined);
  });

  it('is due when its first live event is old enough, whatever else comes', async () => {
    const segment = await open();
    segment.noteEvents(1_000, { areImported: true });
    segment.noteEvents(1_050, { areImported: false });
    segment.noteEvents(1_100, { areImported: false });
    segment.noteEvents(1_200, { areImported: true });
    assert.equal(segment.sealDueAt(200), 1_250);
  });

  it('of imported events alone is due when no more come, and in bounded time when they do', async () => {
    const segment = await open();
    segment.noteEvents(1_000, { areImported: true });
    assert.equal(segment.sealDueAt(200), 1_200);
    segment.noteEvents(1_150, { areImported: true });
    assert.equal(segment.sealDueAt(200), 1_350);
    for (let nowMs = 1_300; nowMs < 4_000; nowMs += 150) segment.noteEvents(nowMs, { areImported: true });
    assert.equal(segment.sealDueAt(200), 3_000);
  });

  it('is never due for its age while the store takes only full ones', async () => {
    const segment = await open();
    segment.noteEvents(1_000, { areImported: false });
    assert.equal(segment.sealDueAt(Number.POSITIVE_INFINITY), Number.POSITIVE_INFINITY);
  });
});
