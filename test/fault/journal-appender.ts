import { writeSync } from 'node:fs';
import { silentLog } from '../../src/base/log.ts';
import { noMetrics } from '../../src/base/metrics.ts';
import { testEntry } from '../../src/journal/journal-under-test.ts';
import { openJournal } from '../../src/journal/open-journal.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';

// A child process of the fault tests: appends to the journal in argv[2] from argv[3] producers until it is
// killed or argv[4] appends are done. It writes `begin N` before an append of event N and `ack N SEQUENCE`
// after it, each with one system call, so that what it had said before a kill is known exactly. argv[5] is
// where its numbers begin.
const [directory = '', producers = '1', appends = '0', firstNumber = '1'] = process.argv.slice(2);
const journal = await openJournal({
  directory,
  sizeBytesMax: 1 << 30,
  segmentEventsMax: 200,
  headIntervalMs: 30,
  clock: systemClock,
  random: systemRandom,
  log: silentLog,
  metrics: noMetrics,
});
let next = Number(firstNumber);
const end = Number(appends) === 0 ? Number.POSITIVE_INFINITY : next + Number(appends);

async function produce() {
  while (next < end) {
    const number = next++;
    writeSync(1, `begin ${number}\n`);
    const { firstSequence } = await journal.append([testEntry(number, { pad: (number * 37) % 3_000 })]);
    writeSync(1, `ack ${number} ${firstSequence}\n`);
  }
}

/** Lets segments go as the writer to the store would, so that a kill hits the chain log too. */
async function drain(signal: AbortSignal) {
  for (;;) {
    const segment = await journal.takeSealed({ sealAfterMs: 15, signal });
    if (segment === undefined) return;
    if (segment.firstSequence % 3 === 0) await systemClock.sleep(1);
    writeSync(1, `release ${segment.firstSequence} ${segment.lastSequence}\n`);
    await journal.release(segment);
  }
}

const controller = new AbortController();
writeSync(1, 'ready\n');
const draining = Number(appends) === 0 ? drain(controller.signal) : Promise.resolve();
await Promise.all(Array.from({ length: Number(producers) }, produce));
controller.abort();
await draining;
await journal.close();
