import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { DependencyError } from '../base/dependency-error.ts';
import { encodeJournalLine } from '../model/journal-line.ts';
import { systemClock } from '../server/system/system-clock.ts';
import { systemRandom } from '../server/system/system-random.ts';
import { createJournalBench, type JournalBench, takeAll, testEntry } from './journal-under-test.ts';

let bench: JournalBench;
beforeEach(() => {
  bench = createJournalBench({ clock: systemClock, random: systemRandom });
});
afterEach(() => bench.remove());

const collect = async <T>(items: AsyncIterable<T>) => {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
};

describe('the journal', () => {
  it('numbers events from 1 without gaps, across restarts', async () => {
    let journal = await bench.open();
    const ranges = await Promise.all([1, 2, 3].map((n) => journal.append([testEntry(n), testEntry(n + 10)])));
    assert.deepEqual(
      ranges.map(({ firstSequence, lastSequence }) => [firstSequence, lastSequence]),
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
    );
    await journal.close();
    journal = await bench.open();
    assert.equal((await journal.append([testEntry(9)])).firstSequence, 7);
    assert.deepEqual(journal.findings, []);
    await journal.close();
  });

  it('writes the same line for a record that is given as bytes as for its text', async () => {
    const journal = await bench.open();
    const entries = [testEntry(1), testEntry(2, { pad: 70_000 }), testEntry(3)];
    await journal.append(entries.map(({ meta, raw }) => ({ meta, raw: Buffer.from(raw) })));
    const [segment] = await takeAll(journal);
    const lines = readFileSync(segment?.path ?? '', 'utf8').split('\n');
    assert.deepEqual(
      lines.filter((line) => /^\d/.test(line)),
      entries.map((entry, index) => encodeJournalLine(index + 1, entry)),
    );
    const meta = testEntry(4).meta;
    for (const raw of [Buffer.from('{"a":\n1}'), Buffer.from('{"a":\t1}')])
      assert.throws(() => journal.append([{ meta, raw }]), /without line breaks and tabs/);
    await journal.close();
    const again = await bench.open();
    assert.deepEqual(again.findings, []);
    assert.equal(again.head().sequence, 3);
    await again.close();
  });

  it('writes large appends that wait for each other as they were given, accepted and refused ones mixed', async () => {
    const journal = await bench.open({ sizeBytesMax: 18 << 20 });
    const append = (number: number) => {
      const count = number % 3 === 0 ? 700 : 60;
      return Array.from({ length: count }, (_, index) => testEntry(number * 1_000 + index, { pad: 1_300 }));
    };
    const given = Array.from({ length: 60 }, (_, number) => append(number));
    const outcomes = await Promise.allSettled(given.map((entries) => journal.append(entries)));
    const accepted = given.flatMap((entries, index) =>
      outcomes[index]?.status === 'fulfilled' ? entries : [],
    );
    assert.ok(accepted.length < given.flat().length && accepted.length > 5_000, String(accepted.length));
    const segments = (await takeAll(journal)).flatMap(({ path }) => readFileSync(path, 'utf8').split('\n'));
    const lines = segments.filter((line) => /^\d/.test(line));
    assert.equal(lines.length, accepted.length);
    const isOther = (entry: (typeof accepted)[number], index: number) =>
      lines[index] !== encodeJournalLine(index + 1, entry);
    assert.equal(accepted.findIndex(isOther), -1, 'the first event whose line is not as it was given');
    await journal.close();
  });

  it('shares one batch among appends that wait at once', async () => {
    const journal = await bench.open();
    await journal.append([testEntry(0)]);
    await Promise.all(Array.from({ length: 500 }, (_, n) => journal.append([testEntry(n)])));
    const links = await collect(journal.readChain(1, 501));
    assert.equal(links.at(-1)?.lastSequence, 501);
    assert.ok(links.length <= 4, `${links.length} batches`);
    await journal.close();
  });

  it('gives back every line of a segment byte for byte, with a chain that anyone can derive', async () => {
    const journal = await bench.open();
    for (let n = 1; n <= 5; n++) await journal.append([testEntry(n), testEntry(n + 100, { pad: 2_000 })]);
    const [segment] = await takeAll(journal);
    assert.ok(segment);
    const lines = readFileSync(segment.path, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && line[0] !== '#');
    assert.equal(lines.length, segment.eventsCount);
    assert.equal(lines[2], encodeJournalLine(3, testEntry(2)));
    let previous: string = '0'.repeat(64);
    for (const link of segment.links) {
      const hash = createHash('sha256').update(Buffer.from(previous, 'hex'));
      let short = '';
      for (let sequence = link.firstSequence; sequence <= link.lastSequence; sequence++) {
        const eventHash = createHash('sha256')
          .update(lines[sequence - 1] ?? '')
          .digest();
        hash.update(eventHash);
        short += eventHash.toString('hex', 0, 8);
      }
      assert.equal(link.previousHash, previous);
      assert.equal(link.eventHashes, short);
      assert.equal(link.hash, hash.digest('hex'));
      previous = link.hash;
    }
    assert.equal(segment.contentHash, previous);
    assert.equal(journal.head().hash, previous);
    await journal.close();
  });

  it('refuses a raw event that would break its lines', async () => {
    const journal = await bench.open();
    const entry = testEntry(1);
    for (const raw of ['{\n}', '{\t}']) {
      assert.throws(() => journal.append([{ ...entry, raw }]), /compact JSON/);
    }
    await journal.close();
  });

  it('refuses a second process, or itself, in the same directory, and says who has it', async () => {
    const journal = await bench.open();
    await assert.rejects(bench.open(), (error: unknown) => {
      assert.ok(error instanceof DependencyError);
      assert.match(error.message, new RegExp(`in use by process ${process.pid}`));
      return true;
    });
    await journal.close();
    await (await bench.open()).close();
  });

  it('makes a signing key that only the owner can read', async () => {
    const journal = await bench.open();
    assert.equal(statSync(join(bench.directory, 'head-key.pem')).mode & 0o777, 0o600);
    assert.equal(readFileSync(join(bench.directory, 'head-key.pub.pem'), 'utf8'), journal.publicKeyPem);
    await journal.close();
  });
});

describe('a sealed segment', () => {
  it('holds at most the configured number of events', async () => {
    const journal = await bench.open({ segmentEventsMax: 10 });
    for (let n = 0; n < 7; n++) await journal.append([1, 2, 3, 4].map((i) => testEntry(n * 4 + i)));
    const segments = await takeAll(journal);
    assert.deepEqual(
      segments.map(({ firstSequence, lastSequence }) => [firstSequence, lastSequence]),
      [
        [1, 8],
        [9, 16],
        [17, 24],
        [25, 28],
      ],
    );
    await journal.close();
  });

  it('is the same segment after a restart', async () => {
    let journal = await bench.open({ segmentEventsMax: 3 });
    for (let n = 0; n < 7; n++) await journal.append([testEntry(n)]);
    const before = await takeAll(journal);
    await journal.close();
    journal = await bench.open({ segmentEventsMax: 1_000 });
    assert.deepEqual(await takeAll(journal), before);
    await journal.close();
  });

  it('is handed out when its oldest event is old enough, without another event coming', async () => {
    const journal = await bench.open();
    const signal = new AbortController().signal;
    const taken = journal.takeSealed({ sealAfterMs: 20, signal });
    await journal.append([testEntry(1)]);
    assert.equal((await taken)?.lastSequence, 1);
    await journal.close();
  });

  it('ends the wait for the next one when the signal is aborted', async () => {
    const journal = await bench.open();
    const controller = new AbortController();
    const taken = journal.takeSealed({ sealAfterMs: 0, signal: controller.signal });
    controller.abort();
    assert.equal(await taken, undefined);
    await journal.close();
  });

  it('is deleted when it is released, and its links are kept in the chain log across restarts', async () => {
    let journal = await bench.open({ segmentEventsMax: 2 });
    for (let n = 0; n < 6; n++) await journal.append([testEntry(n)]);
    const before = await collect(journal.readChain(1, 6));
    const segments = await takeAll(journal);
    for (const segment of segments.slice(0, 2)) {
      await journal.release(segment);
      await journal.release(segment);
      assert.ok(!existsSync(segment.path));
    }
    assert.deepEqual(await collect(journal.readChain(1, 6)), before);
    await journal.close();
    journal = await bench.open();
    assert.deepEqual(await collect(journal.readChain(1, 6)), before);
    assert.deepEqual(await collect(journal.readChain(3, 4)), before.slice(2, 4));
    assert.deepEqual(journal.findings, []);
    assert.equal((await takeAll(journal))[0]?.firstSequence, 5);
    await journal.close();
  });
});

describe('the signed heads', () => {
  it('are kept for the last position at a clean stop, and continue each other across restarts', async () => {
    for (let start = 0; start < 3; start++) {
      const journal = await bench.open();
      await journal.append([testEntry(start)]);
      await journal.close();
    }
    const journal = await bench.open();
    const heads = await collect(journal.readHeads(1));
    assert.deepEqual(
      heads.map(({ sequence, previousSequence }) => [previousSequence, sequence]),
      [
        [0, 1],
        [1, 2],
        [2, 3],
      ],
    );
    assert.equal(heads.at(-1)?.hash, journal.head().hash);
    await journal.close();
  });

  it('are signed at every interval in which the head has moved, and only then', async () => {
    const due: (() => void)[] = [];
    const clock = {
      ...systemClock,
      after: (_: number, callback: () => void) => ({ cancel() {}, _: due.push(callback) }),
    };
    const journal = await bench.open({ clock });
    const tick = async () => {
      due.splice(0).forEach((callback) => void callback());
      while (due.length === 0) await new Promise(setImmediate);
      return (await collect(journal.readHeads(1))).map(({ sequence }) => sequence);
    };
    assert.deepEqual(await tick(), []);
    await journal.append([testEntry(1)]);
    assert.deepEqual(await tick(), [1]);
    assert.deepEqual(await tick(), [1]);
    await journal.append([testEntry(2), testEntry(3)]);
    assert.deepEqual(await tick(), [1, 3]);
    await journal.close();
  });
});

describe('the bound of the journal', () => {
  it('refuses what would not fit, harms nothing, and ends when segments are released', async () => {
    const journal = await bench.open({ sizeBytesMax: 100_000, segmentEventsMax: 5 });
    let accepted = 0;
    await assert.rejects(
      async () => {
        for (;;) {
          await journal.append([testEntry(accepted, { pad: 5_000 })]);
          accepted++;
        }
      },
      (error: unknown) =>
        error instanceof DependencyError && error.isRetryable && /bound of 100000/.test(error.message),
    );
    assert.ok(accepted >= 15, `${accepted} events fit`);
    assert.match(journal.usage().refusal ?? '', /bound/);
    assert.ok(journal.usage().sizeBytes <= 100_000);
    assert.ok(bench.logged.some(({ event }) => event === 'journal.refusing'));
    const segments = await takeAll(journal);
    assert.equal(segments.at(-1)?.lastSequence, accepted);
    for (const segment of segments) await journal.release(segment);
    assert.equal(journal.usage().refusal, undefined);
    assert.equal((await journal.append([testEntry(99)])).firstSequence, accepted + 1);
    await journal.close();
  });
});

describe('an intent', () => {
  const intent = (n: number) => ({
    intentId: `intent-${n}`,
    entry: testEntry(n, { intentId: `intent-${n}` }),
  });
  const limits = { intentReserveBytes: 10_000, ballastBytesMax: 1 << 20 };

  it('is found at the next open when no outcome came, and only then', async () => {
    let journal = await bench.open(limits);
    for (let n = 1; n <= 4; n++) await journal.openIntent(intent(n));
    await journal.append([testEntry(50, { intentId: 'intent-1' })]);
    await journal.cancelIntent('intent-2');
    await journal.close();
    journal = await bench.open(limits);
    assert.deepEqual(journal.orphanedIntents, [intent(3), intent(4)]);
    await journal.append(journal.orphanedIntents.map(({ entry }) => entry));
    await journal.close();
    journal = await bench.open(limits);
    assert.deepEqual(journal.orphanedIntents, []);
    await journal.close();
  });

  it('outlives the segment that holds it', async () => {
    let journal = await bench.open(limits);
    await journal.openIntent(intent(1));
    await journal.openIntent(intent(2));
    for (let round = 0; round < 3; round++) {
      await journal.append([testEntry(round)]);
      for (const segment of await takeAll(journal)) await journal.release(segment);
    }
    await journal.append([testEntry(50, { intentId: 'intent-2' })]);
    for (const segment of await takeAll(journal)) await journal.release(segment);
    await journal.close();
    journal = await bench.open(limits);
    assert.deepEqual(journal.orphanedIntents, [intent(1)]);
    await journal.close();
  });

  it('has room for its outcome when the bound is reached', async () => {
    const journal = await bench.open({ ...limits, sizeBytesMax: 60_000 });
    await journal.openIntent(intent(1));
    assert.equal(journal.usage().reservedBytes, 10_000);
    await assert.rejects(async () => {
      for (let n = 0; ; n++) await journal.append([testEntry(n, { pad: 1_000 })]);
    }, DependencyError);
    await assert.rejects(journal.openIntent(intent(2)), DependencyError);
    await journal.append([testEntry(50, { intentId: 'intent-1', pad: 9_000 })]);
    assert.equal(journal.usage().reservedBytes, 0);
    await journal.close();
  });

  it('is refused when as many are open as there is room for', async () => {
    const journal = await bench.open({ ...limits, intentReserveBytes: 400_000 });
    await journal.openIntent(intent(1));
    await journal.openIntent(intent(2));
    await assert.rejects(journal.openIntent(intent(3)), /calls are open already/);
    await journal.cancelIntent('intent-1');
    await journal.openIntent(intent(3));
    await journal.close();
  });
});

describe('the chain log', () => {
  it('is cut at its last whole line, and the links behind it are written again', async () => {
    let journal = await bench.open({ segmentEventsMax: 1 });
    for (let n = 0; n < 3; n++) await journal.append([testEntry(n)]);
    const before = await collect(journal.readChain(1, 3));
    const [first] = await takeAll(journal);
    assert.ok(first);
    await journal.release(first);
    await journal.close();
    const { appendFileSync } = await import('node:fs');
    appendFileSync(join(bench.directory, 'chain', 'links-0000000000000001.ndjson'), '{"journalId":"torn');
    journal = await bench.open();
    for (const segment of await takeAll(journal)) await journal.release(segment);
    assert.deepEqual(await collect(journal.readChain(1, 3)), before);
    await journal.close();
  });

  it('loses only whole files to pruning, and only when asked', async () => {
    const journal = await bench.open({ segmentEventsMax: 20_000 });
    for (let n = 0; n < 32; n++) {
      await journal.append(Array.from({ length: 20_000 }, (_, i) => testEntry(i)));
      for (const segment of await takeAll(journal)) await journal.release(segment);
    }
    assert.equal(await journal.pruneChain(10), 1);
    const kept = await journal.pruneChain(640_000);
    assert.ok(kept > 1, 'the first file is full and gone');
    const [first] = await collect(journal.readChain(1, 640_000));
    assert.equal(first?.firstSequence, kept);
    await journal.close();
  });
});
