import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import { encodeJournalLine } from '../model/journal-line.ts';
import { systemClock } from '../server/system/system-clock.ts';
import { systemRandom } from '../server/system/system-random.ts';
import type { DiskJournal } from './disk-journal.ts';
import { createJournalBench, type JournalBench, takeAll, testEntry } from './journal-under-test.ts';

let bench: JournalBench;
beforeEach(() => {
  bench = createJournalBench({ clock: systemClock, random: systemRandom });
});
afterEach(() => bench.remove());

const segmentsOf = () => readdirSync(join(bench.directory, 'segments')).sort();
const pathOf = (name: string) => join(bench.directory, 'segments', name);

/** Sequence numbers and lines that the store would read: every line of the files that is not a frame. */
async function storedLines(
  journal: DiskJournal,
): Promise<{ lines: Map<number, string>; setAside: Set<number> }> {
  const lines = new Map<number, string>();
  const setAside = new Set<number>();
  for (const segment of await takeAll(journal)) {
    const skip = new Set(segment.setAside.map(({ sequence }) => sequence));
    let count = 0;
    for (const line of readFileSync(segment.path, 'utf8').split('\n')) {
      if (line === '' || line.startsWith('#')) continue;
      const sequence = Number(line.split('\t')[0]);
      assert.ok(!lines.has(sequence), `sequence ${sequence} comes once`);
      assert.ok(!skip.has(sequence), `sequence ${sequence} was set aside and is not there`);
      lines.set(sequence, line);
      count++;
    }
    assert.equal(count, segment.eventsCount, 'eventsCount is what the file holds');
    for (const sequence of skip) setAside.add(sequence);
  }
  return { lines, setAside };
}

async function write(batches: readonly (readonly number[])[], segmentEventsMax = 1_000): Promise<void> {
  const journal = await bench.open({ segmentEventsMax });
  for (const batch of batches) await journal.append(batch.map((n) => testEntry(n)));
  await journal.close();
}

describe('recovery', () => {
  it('cuts a torn tail wherever it is torn, and keeps every batch before it', async () => {
    await write([[1, 2], [3], [4, 5]]);
    const [name = ''] = segmentsOf();
    const whole = readFileSync(pathOf(name));
    const ends = [...whole.toString('latin1').matchAll(/#batch [^\n]*/g)].map(
      (match) => match.index + match[0].length,
    );
    const heads = join(bench.directory, 'chain', 'heads.ndjson');
    for (let size = 0; size < whole.length; size += 37) {
      rmSync(heads);
      for (const left of segmentsOf()) rmSync(pathOf(left));
      writeFileSync(pathOf(name), whole.subarray(0, size));
      const journal = await bench.open();
      const batches = ends.filter((end) => size >= end).length;
      assert.equal(journal.head().sequence, [0, 2, 3, 5][batches], `cut at ${size}`);
      assert.ok(
        journal.findings.every(({ kind }) => kind === 'tornTail'),
        `cut at ${size}`,
      );
      assert.equal((await journal.append([testEntry(77)])).firstSequence, journal.head().sequence);
      assert.equal((await storedLines(journal)).lines.size, journal.head().sequence);
      await journal.close();
    }
  });

  it('cuts a tail of zeros and of noise', async () => {
    await write([[1], [2]]);
    const [name = ''] = segmentsOf();
    for (const tail of [
      Buffer.alloc(5_000),
      Buffer.from(systemRandom.bytes(5_000)),
      Buffer.from('3\t{}\t{}\n'),
    ]) {
      appendFileSync(pathOf(name), tail);
      const journal = await bench.open();
      assert.equal(journal.head().sequence, 2);
      assert.deepEqual(
        journal.findings.map(({ kind }) => kind),
        ['tornTail'],
      );
      await journal.close();
    }
  });

  it('says which acknowledged events are gone when the tail was cut behind a signed head', async () => {
    await write([[1], [2], [3]]);
    const [name = ''] = segmentsOf();
    truncateSync(pathOf(name), readFileSync(pathOf(name)).length - 400);
    const journal = await bench.open();
    const lost = journal.findings.find(({ kind }) => kind === 'lost');
    assert.deepEqual([lost?.firstSequence, lost?.lastSequence], [3, 3]);
    assert.equal((await journal.append([testEntry(4)])).firstSequence, 4, 'a number is never used twice');
    await journal.close();
  });

  it('costs one flipped byte no more than the event that it is in, wherever it is', async () => {
    await write([[1, 2, 3], [4], [5, 6]], 4);
    const names = segmentsOf();
    const before = new Map(names.map((name) => [name, readFileSync(pathOf(name))]));
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(1), fc.integer({ min: 1, max: 255 }), async (at, file, mask) => {
        for (const left of segmentsOf()) rmSync(pathOf(left));
        for (const [name, bytes] of before) writeFileSync(pathOf(name), bytes);
        const name = names[file] ?? '';
        const bytes = Buffer.from(before.get(name) ?? []);
        const offset = at % bytes.length;
        bytes[offset] = (bytes[offset] ?? 0) ^ mask;
        writeFileSync(pathOf(name), bytes);
        await checkOneFlip(name, offset, bytes.length);
      }),
      { numRuns: 120 },
    );
  });

  it('costs nothing when the line break behind a trailer is flipped, which would hide the next event in it', async () => {
    await write([[1, 2, 3], [4], [5, 6]]);
    const [name = ''] = segmentsOf();
    const whole = readFileSync(pathOf(name));
    const breaks = [...whole.toString('latin1').matchAll(/#batch [^\n]*/g)].map(
      (match) => match.index + match[0].length,
    );
    for (const at of breaks) {
      for (const mask of [1, 42, 75, 255]) {
        for (const left of segmentsOf()) rmSync(pathOf(left));
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] ?? 0) ^ mask;
        writeFileSync(pathOf(name), bytes);
        await checkOneFlip(name, at, whole.length);
      }
    }
  });

  async function checkOneFlip(name: string, offset: number, size: number) {
    const journal = await bench.open();
    const { lines, setAside } = await storedLines(journal);
    assert.ok(setAside.size <= 1, `${setAside.size} set aside by one byte`);
    for (let sequence = 1; sequence <= 6; sequence++) {
      if (setAside.has(sequence)) assert.ok(!lines.has(sequence));
      else assert.equal(lines.get(sequence), encodeJournalLine(sequence, testEntry(sequence)));
    }
    // The last line break of a file separates nothing: without it nothing is damaged.
    if (offset < size - 1) {
      assert.ok(
        journal.findings.some((finding) => finding.segment === name),
        `the flip at ${offset} of ${name} is reported`,
      );
    }
    if (setAside.size === 1) {
      const kept = readdirSync(join(bench.directory, 'set-aside'));
      assert.ok(
        kept.some((file) => file.startsWith(name.replace('.ndjson', ''))),
        'the bytes are kept',
      );
    }
    assert.equal(journal.head().sequence, 6);
    await journal.close();
    const again = await bench.open();
    assert.deepEqual(again.findings, [], 'what was mended stays mended');
    assert.deepEqual(await storedLines(again), { lines, setAside });
    await again.close();
  }

  it('never passes a damaged event on as a good one, however many bytes are damaged', async () => {
    await write([[1, 2, 3], [4], [5, 6, 7], [8]], 4);
    const names = segmentsOf();
    const before = new Map(names.map((name) => [name, readFileSync(pathOf(name))]));
    const flip = fc.tuple(fc.nat(), fc.nat(1), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(fc.array(flip, { minLength: 2, maxLength: 12 }), async (flips) => {
        for (const left of segmentsOf()) rmSync(pathOf(left));
        const damaged = new Map([...before].map(([name, bytes]) => [name, Buffer.from(bytes)]));
        for (const [at, file, mask] of flips) {
          const bytes = damaged.get(names[file] ?? '') ?? Buffer.alloc(1);
          bytes[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ mask;
        }
        for (const [name, bytes] of damaged) writeFileSync(pathOf(name), bytes);
        const journal = await bench.open();
        const { lines, setAside } = await storedLines(journal);
        const lost = journal.findings.filter(({ kind }) => kind === 'lost');
        for (let sequence = 1; sequence <= 8; sequence++) {
          const isLost = lost.some(
            (l) => (l.firstSequence ?? 9) <= sequence && sequence <= (l.lastSequence ?? 0),
          );
          const line = lines.get(sequence);
          if (line === undefined) assert.ok(setAside.has(sequence) || isLost, `${sequence} is accounted for`);
          else assert.equal(line, encodeJournalLine(sequence, testEntry(sequence)));
        }
        await journal.close();
      }),
      { numRuns: 80 },
    );
  });

  it('reports a segment that is missing in the middle, or before all others, with its sequence numbers', async () => {
    await write([[1], [2], [3], [4]], 1);
    const names = segmentsOf();
    rmSync(pathOf(names[0] ?? ''));
    rmSync(pathOf(names[2] ?? ''));
    const journal = await bench.open();
    assert.deepEqual(
      journal.findings.map(({ kind, firstSequence, lastSequence }) => [kind, firstSequence, lastSequence]),
      [
        ['lost', 1, 1],
        ['lost', 3, 3],
      ],
    );
    assert.deepEqual([...(await storedLines(journal)).lines.keys()], [2, 4]);
    assert.ok(bench.logged.some(({ event }) => event === 'journal.damage'));
    await journal.close();
  });

  it('keeps intents through damage elsewhere in their segment', async () => {
    let journal = await bench.open({ ballastBytesMax: 1 << 20 });
    const intent = { intentId: 'i1', entry: testEntry(50, { intentId: 'i1' }) };
    await journal.append([testEntry(1)]);
    await journal.openIntent(intent);
    await journal.append([testEntry(2)]);
    await journal.close();
    const [name = ''] = segmentsOf();
    const bytes = readFileSync(pathOf(name));
    const at = bytes.indexOf('note');
    bytes[at] = 0x00;
    writeFileSync(pathOf(name), bytes);
    for (let round = 0; round < 2; round++) {
      journal = await bench.open();
      assert.deepEqual(journal.orphanedIntents, [intent]);
      assert.deepEqual([...(await storedLines(journal)).setAside], [1]);
      await journal.close();
    }
  });

  it('deletes what was released before a crash could delete it', async () => {
    let journal = await bench.open({ segmentEventsMax: 2 });
    for (let n = 1; n <= 4; n++) await journal.append([testEntry(n)]);
    const [first] = await takeAll(journal);
    assert.ok(first);
    const bytes = readFileSync(first.path);
    await journal.release(first);
    await journal.close();
    writeFileSync(first.path, bytes);
    journal = await bench.open();
    assert.deepEqual(journal.findings, []);
    assert.equal((await takeAll(journal))[0]?.firstSequence, 3);
    assert.equal(segmentsOf().length, 1);
    await journal.close();
  });
});
