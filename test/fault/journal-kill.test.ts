import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../../src/base/log.ts';
import { noMetrics } from '../../src/base/metrics.ts';
import type { DiskJournal } from '../../src/journal/disk-journal.ts';
import { takeAll, testEntry } from '../../src/journal/journal-under-test.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { encodeJournalLine } from '../../src/model/journal-line.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';
import { type StoredLine, verifyHistory } from '../../src/verify/history-chain.ts';
import { seededRandom } from '../harness/seeded-random.ts';

// All of them: OPENTRAIL_FAULT_SEEDS=50 node --test test/fault/journal-kill.test.ts
const SEEDS = Number(process.env.OPENTRAIL_FAULT_SEEDS ?? 5);
const APPENDER = fileURLToPath(new URL('./journal-appender.ts', import.meta.url));
const RUNS_PER_SEED = 2;

interface Said {
  /** Numbers of events that were begun and never acknowledged. */
  readonly inFlight: number;
  /** Event number → sequence. */
  readonly acknowledged: Map<number, number>;
  readonly begun: Set<number>;
}

/** Runs the child, kills it at a moment that the seed decides, and returns what it had said. */
async function killUnderLoad(directory: string, firstNumber: number, killAfterAcks: number, spinMs: number) {
  const args = ['--disable-warning=ExperimentalWarning', APPENDER, directory, '32', '0', String(firstNumber)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  let isKilled = false;
  child.stdout.setEncoding('utf8');
  child.stdout.on('data', (text: string) => {
    output += text;
    if (isKilled || (output.match(/^ack/gm) ?? []).length < killAfterAcks) return;
    isKilled = true;
    // Spread within the few milliseconds of a write, a sync and a release.
    for (const end = performance.now() + spinMs; performance.now() < end; );
    child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.once('close', resolve));
  assert.ok(isKilled, `the child ended by itself: ${output.slice(-500)}`);
  return parse(output);
}

function parse(output: string): Said {
  const acknowledged = new Map<number, number>();
  const begun = new Set<number>();
  for (const line of output.split('\n')) {
    const [word, first, second] = line.split(' ');
    if (word === 'begin') begun.add(Number(first));
    if (word === 'ack') acknowledged.set(Number(first), Number(second));
  }
  return { acknowledged, begun, inFlight: begun.size - acknowledged.size };
}

/** What was released is gone from disk: its lines are derived from the events that were acknowledged. */
async function* linesOf(journal: DiskJournal, known: Map<number, number>): AsyncGenerator<StoredLine> {
  const segments = await takeAll(journal);
  const first = segments[0]?.firstSequence ?? journal.head().sequence + 1;
  for (const [number, sequence] of [...known].sort((a, b) => a[1] - b[1])) {
    if (sequence >= first) break;
    yield { sequence, line: encodeJournalLine(sequence, testEntry(number, { pad: (number * 37) % 3_000 })) };
  }
  for (const segment of segments) {
    for (const line of readFileSync(segment.path, 'utf8').split('\n')) {
      if (line !== '' && !line.startsWith('#')) yield { sequence: Number(line.split('\t')[0]), line };
    }
  }
}

async function killSeed(seed: number): Promise<number> {
  const directory = mkdtempSync(join(tmpdir(), 'opentrail-kill-'));
  const random = seededRandom(seed);
  const known = new Map<number, number>();
  let inFlight = 0;
  let firstNumber = 1;
  try {
    for (let run = 0; run < RUNS_PER_SEED; run++) {
      const said = await killUnderLoad(
        directory,
        firstNumber,
        1 + Math.floor(random() * 1_500),
        random() * 4,
      );
      inFlight += said.inFlight;
      for (const [number, sequence] of said.acknowledged) known.set(number, sequence);
      firstNumber = Math.max(...said.begun) + 1;
      await check(directory, known, said.begun);
    }
    return inFlight;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/**
 * Opens the journal, looks for everything that was acknowledged, and re-derives the chain from the
 * beginning.
 */
async function check(directory: string, known: Map<number, number>, begun: Set<number>) {
  const journal = await openJournal({
    directory,
    sizeBytesMax: 1 << 30,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    metrics: noMetrics,
  });
  assert.deepEqual(
    journal.findings.filter(({ kind }) => kind !== 'tornTail'),
    [],
  );
  const seen = new Map<number, number>();
  for await (const { sequence, line } of linesOf(journal, known)) {
    const number = Number(/"eventID":"00000000-0000-4000-8000-(\d+)"/.exec(line)?.[1]);
    assert.ok(!seen.has(number), `event ${number} comes once`);
    seen.set(number, sequence);
  }
  for (const [number, sequence] of known)
    assert.equal(seen.get(number), sequence, `event ${number} was acknowledged`);
  // Written and not yet acknowledged when the kill came: they may be there, and then stay.
  for (const [number, sequence] of seen) {
    assert.ok(known.has(number) || begun.has(number), `event ${number} was begun`);
    known.set(number, sequence);
  }
  await journal.close();
  await checkChain(directory, known);
}

async function checkChain(directory: string, known: Map<number, number>) {
  const journal = await openJournal({
    directory,
    sizeBytesMax: 1 << 30,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    metrics: noMetrics,
  });
  const report = await verifyHistory({
    journalId: journal.journalId,
    links: journal.readChain(1, Number.MAX_SAFE_INTEGER),
    heads: journal.readHeads(1),
    lines: linesOf(journal, known),
    explained: [],
    publicKeyPem: journal.publicKeyPem,
    expectedHeads: [journal.head()],
  });
  assert.deepEqual(report.findings, []);
  assert.equal(report.eventsVerified, journal.head().sequence);
  assert.equal(report.signedThrough, journal.head().sequence);
  await journal.close();
}

describe('kill -9 of the journal under load', () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    it(`loses nothing that was acknowledged and leaves a chain that verifies (seed ${seed})`, async (t) => {
      const inFlight = await killSeed(seed);
      assert.ok(inFlight > 0, 'the kill hit work in flight');
      t.diagnostic(`${inFlight} appends were in flight at the ${RUNS_PER_SEED} kills`);
    });
  }
});
