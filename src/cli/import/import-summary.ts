import type { TextOutput } from '../output/text-output.ts';
import { visible } from '../output/visible-text.ts';
import { count } from './import-progress.ts';
import type { ImportTally } from './import-tally.ts';

/** What an import came to, for people; the last line is the command that finds what it stored. */
export async function printSummary(
  output: TextOutput,
  tally: ImportTally,
  result: {
    readonly elapsedMs: number;
    readonly pendingCount: number;
    readonly isStopped: boolean;
    readonly isDryRun: boolean;
  },
): Promise<void> {
  const seconds = result.elapsedMs / 1_000;
  const rate = Math.round(tally.recordsCount / Math.max(seconds, 0.001));
  const lines = [
    `${result.isStopped ? 'stopped after' : 'read'} ${files(tally.filesCount)} in ${seconds.toFixed(1)} s (${count(rate)} events/s)`,
    `  ${result.isDryRun ? 'would store' : 'stored     '}  ${count(tally.storedCount)}`,
    `  seen before  ${count(tally.seenBeforeCount)}${filesBefore(tally)}`,
    `  in conflict  ${count(tally.conflictCount)}`,
    `  refused      ${count(tally.refusedCount)}`,
  ];
  for (const [reason, { count: skippedCount, uris }] of tally.skipped) {
    const more = skippedCount > uris.length ? ', …' : '';
    lines.push(`skipped ${files(skippedCount)}: ${reason}: ${uris.join(', ')}${more}`);
  }
  for (const { uri, index, reason } of tally.refusals) {
    lines.push(`refused: ${uri}${index === undefined ? '' : `, record ${index + 1}`}: ${reason}`);
  }
  const unnamed = tally.refusedCount - tally.refusals.length;
  if (unnamed > 0) lines.push(`refused: ${count(unnamed)} more`);
  if (tally.conflictCount > 0) {
    lines.push(
      `in conflict: stored before with other content and kept beside it, such as ${tally.conflictIds[0]}; ` +
        'list them with: ./opentrail conflicts',
    );
  }
  if (result.pendingCount > 0)
    lines.push(`${count(result.pendingCount)} events can be looked up a little later`);
  if (result.isStopped) lines.push('the same command goes on where this one stopped');
  const isFindable = tally.lastEventTime >= tally.firstEventTime || tally.completeBeforeCount > 0;
  if (isFindable) lines.push(`find them with: ${lookupCommand(tally)}`);
  await output.write(lines.map((line) => `${visible(line)}\n`).join(''));
}

function filesBefore({ completeBeforeCount }: ImportTally): string {
  return completeBeforeCount === 0 ? '' : `, and ${files(completeBeforeCount)} imported before`;
}

function files(filesCount: number): string {
  return `${count(filesCount)} ${filesCount === 1 ? 'file' : 'files'}`;
}

/** Files that were imported before are not read again, so the times of their events are not known. */
function lookupCommand({ firstEventTime, lastEventTime, completeBeforeCount }: ImportTally): string {
  if (completeBeforeCount > 0) return './opentrail lookup --origin import --all-regions --all-accounts';
  const time = (seconds: number) => new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z');
  return `./opentrail lookup --origin import --since ${time(firstEventTime)} --until ${time(lastEventTime)} --all-regions --all-accounts`;
}
