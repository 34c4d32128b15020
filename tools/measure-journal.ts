import { createJournalBench, takeAll, testEntry } from '../src/journal/journal-under-test.ts';
import { systemClock } from '../src/server/system/system-clock.ts';
import { systemRandom } from '../src/server/system/system-random.ts';

// node tools/measure-journal.ts: what an acknowledged event of 1.4 KB costs, on the disk that holds the
// temporary folder.
const EVENTS = 100_000;
const PAD = 1_280;

const percentile = (sorted: readonly number[], share: number) =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;

const bench = createJournalBench({ clock: systemClock, random: systemRandom });
const journal = await bench.open({ sizeBytesMax: 8 * 2 ** 30 });
// Text beyond Latin-1 is kept in two bytes per character and costs about half as much again; most events
// have none.
const { meta, raw } = testEntry(1, { pad: PAD });
const entry = { meta, raw: raw.replace(/"note":"[^"]*"/, '"note":"plain"') };
const rows: string[] = ['producers | events per append | events/s | user CPU µs/event | p50 ms | p99 ms'];

for (const [producers, perAppend] of [
  [1, 1],
  [10, 1],
  [100, 1],
  [1_000, 1],
  [4, 1_000],
] as const) {
  const goal = producers === 1 ? EVENTS / 50 : EVENTS;
  const entries = Array.from({ length: perAppend }, () => entry);
  const waits: number[] = [];
  let events = 0;
  const cpu = process.cpuUsage();
  const start = performance.now();
  const produce = async () => {
    while (events < goal) {
      events += perAppend;
      const begin = performance.now();
      await journal.append(entries);
      waits.push(performance.now() - begin);
    }
  };
  await Promise.all(Array.from({ length: producers }, produce));
  const seconds = (performance.now() - start) / 1_000;
  const userUs = process.cpuUsage(cpu).user / events;
  waits.sort((a, b) => a - b);
  const figures = [Math.round(events / seconds), userUs.toFixed(2), percentile(waits, 0.5).toFixed(2)];
  rows.push([producers, perAppend, ...figures, percentile(waits, 0.99).toFixed(2)].join(' | '));
}
for (const segment of await takeAll(journal)) await journal.release(segment);
await journal.close();
bench.remove();
process.stdout.write(`${rows.join('\n')}\n`);
