import type { Command } from 'commander';
import type { ChainLink, SignedHead } from '../model/chain.ts';
import type { Json, JsonObject } from '../model/cloudtrail-event.ts';
import { type ForeignEvents, type StoredLine, verifyHistory } from '../verify/history-chain.ts';
import type { ExplainedRange, HistoryReport } from '../verify/history-report.ts';
import { CliError } from './client/cli-error.ts';
import { addConnectionOptions, type ConnectionOptions } from './client/connect.ts';
import { type CommandContext, runCommand } from './client/run-command.ts';
import { textOf } from './found-event.ts';
import { count } from './import/import-progress.ts';
import { visible } from './output/visible-text.ts';
import { parseTimeArgument, resolveTime, type TimeArgument } from './time-argument.ts';

interface VerifyOptions extends ConnectionOptions {
  readonly history?: boolean;
  readonly since?: TimeArgument;
  readonly until?: TimeArgument;
}

/** Findings that are printed; all are counted. */
const FINDINGS_MAX = 100;
const PROGRESS_EVENTS = 20_000;
/** Lines behind the end of the journal that are looked at: whoever forged more than these is found out all the same. */
const BEYOND_MAX = 10_000;
/** Events of journals without a chain that are named; half of the findings, so that the others are named too. */
const FOREIGN_MAX = 50;
/** The server reads no longer one; its events are counted. */
const JOURNAL_ID_LENGTH_MAX = 1_000;

export function registerVerify(program: Command): void {
  const command = program
    .command('verify')
    .summary('check that nothing in the history was changed, added or removed')
    .description(
      'Reads the hash chain, its signed heads and every stored event from the server, derives the chain again in this ' +
        'process, and names each event that was changed, added or removed since it was recorded. Exits with 1 when ' +
        'anything is wrong. --since and --until are widened to the signed heads around them.',
    );
  addConnectionOptions(command)
    .option('--history', 'verify the event history')
    .option('--since <time>', 'only what was recorded since: 2h, 7d, or an ISO time', parseTimeArgument)
    .option('--until <time>', 'only what was recorded until: the same forms', parseTimeArgument)
    .action((options: VerifyOptions) => {
      if (options.history !== true)
        command.error("error: say what to verify: 'verify --history'", { exitCode: 2 });
      return runCommand(options, (context) => verify(context, options));
    });
}

async function verify(context: CommandContext, options: VerifyOptions): Promise<void> {
  const { client, clock, signal } = context;
  // What is journalled and not yet stored is not missing, so the check ends where the store was when it began.
  const { Journal: journal } = await client.call('GetStatus', {}, signal);
  const storedSequence = Number((journal as JsonObject | undefined)?.StoredSequence ?? 0);
  const evidence = await readEvidence(await client.stream('ReadChain', {}, signal));
  const nowMs = clock.now();
  const range = rangeOf(evidence.heads, storedSequence, {
    sinceMs: options.since === undefined ? undefined : resolveTime(options.since, nowMs),
    untilMs: options.until === undefined ? undefined : resolveTime(options.until, nowMs),
  });
  const { journalId, publicKeyPem } = evidence;
  const report = await verifyHistory({
    journalId,
    publicKeyPem,
    heads: only(evidence.heads, range),
    links: linksIn(evidence.links, range),
    explained: evidence.explained,
    foreign: foreignOf(context, evidence),
    lines: linesOf(context, evidence, range, options.until === undefined),
    findingsMax: FINDINGS_MAX,
    ...(range.first === 1 ? {} : { firstSequence: range.first }),
  });
  await printReport(context, report);
  if (!report.isIntact)
    throw new CliError(`the history is not as it was recorded: ${count(report.findingsCount)} findings`);
}

interface SequenceRange {
  readonly first: number;
  readonly last: number;
}

interface Evidence {
  readonly journalId: string;
  readonly publicKeyPem: string;
  /** How many events the store has of other journals. */
  readonly foreignCounts: ReadonlyMap<string, number>;
  /** The highest number that the store has of the journal, 0 when it has none. */
  readonly highestSequence: number;
  readonly heads: readonly SignedHead[];
  readonly explained: readonly ExplainedRange[];
  /** The rest of the stream: one link for each batch, too many to be kept. */
  readonly links: AsyncIterable<ChainLink>;
}

/** Reads everything that comes before the links. */
async function readEvidence(lines: AsyncIterable<string>): Promise<Evidence> {
  const iterator = lines[Symbol.asyncIterator]();
  const keys: JsonObject[] = [];
  const highest = new Map<string, number>();
  const counts = new Map<string, number>();
  const heads: SignedHead[] = [];
  const explained: ExplainedRange[] = [];
  let next = await nextEntry(iterator);
  for (; next.kind !== 'link' && next.kind !== 'end'; next = await nextEntry(iterator)) {
    if (next.kind === 'publicKey') keys.push(next);
    else if (next.kind === 'total') {
      highest.set(textOf(next.journalId), Number(next.highestSequence));
      counts.set(textOf(next.journalId), Number(next.eventsCount));
    } else if (next.kind === 'head') heads.push(next as unknown as SignedHead);
    else if (next.kind === 'explained') explained.push(next as unknown as ExplainedRange);
    else if (next.kind === 'dropped')
      explained.push({ ...(next as unknown as ExplainedRange), reason: 'dropped' });
    else
      throw new CliError(
        `the server answered an entry of kind '${visible(next.kind)}', which this version does not know`,
      );
  }
  const key = keys.at(-1);
  if (key === undefined) throw new CliError('the server answered no public key');
  counts.delete(textOf(key.journalId));
  const firstLink = next;
  async function* links(): AsyncGenerator<ChainLink> {
    for (let link = firstLink; link.kind !== 'end'; link = await nextEntry(iterator)) {
      yield link as unknown as ChainLink;
    }
  }
  return {
    journalId: textOf(key.journalId),
    publicKeyPem: textOf(key.publicKeyPem),
    foreignCounts: counts,
    highestSequence: highest.get(textOf(key.journalId)) ?? 0,
    heads,
    explained: explained.filter((range) => !('journalId' in range) || range.journalId === key.journalId),
    links: links(),
  };
}

async function nextEntry(iterator: AsyncIterator<string>): Promise<JsonObject & { kind: string }> {
  const { value, done } = await iterator.next();
  if (done === true) throw new CliError("the server's answer was cut off before its end");
  const entry = JSON.parse(value) as Json;
  if (typeof entry === 'object' && entry !== null && typeof (entry as JsonObject).kind === 'string') {
    return entry as JsonObject & { kind: string };
  }
  throw new CliError('the server answered a line of the chain without its kind');
}

/** Times are those of the signed heads: from the one before `since` to the one after `until`. */
function rangeOf(
  heads: readonly SignedHead[],
  storedSequence: number,
  { sinceMs, untilMs }: { readonly sinceMs: number | undefined; readonly untilMs: number | undefined },
): SequenceRange {
  const before = sinceMs === undefined ? undefined : heads.findLast((head) => head.signedAt < sinceMs);
  const after = untilMs === undefined ? undefined : heads.find((head) => head.signedAt >= untilMs);
  return {
    first: (before?.sequence ?? 0) + 1,
    last: Math.min(storedSequence, after?.sequence ?? storedSequence),
  };
}

async function acceptedSequence({ client, signal }: CommandContext): Promise<number> {
  const { Journal: journal } = await client.call('GetStatus', {}, signal);
  return Number((journal as JsonObject | undefined)?.AcceptedSequence ?? 0);
}

/**
 * Lines that the store has behind the journal's newest number. The journal is asked again after they were read, so that
 * events which came meanwhile are not taken for forged ones.
 */
async function* linesBeyond(context: CommandContext, { journalId, highestSequence }: Evidence) {
  const first = (await acceptedSequence(context)) + 1;
  const last = Math.min(highestSequence, Number.MAX_SAFE_INTEGER);
  const beyond: StoredLine[] = [];
  for await (const line of storedLines(context, journalId, { first, last })) {
    beyond.push(line);
    if (beyond.length === BEYOND_MAX) break;
  }
  const accepted = beyond.length === 0 ? 0 : await acceptedSequence(context);
  for (const line of beyond) if (line.sequence > accepted) yield line;
}

async function* linesOf(context: CommandContext, evidence: Evidence, range: SequenceRange, isToEnd: boolean) {
  // No event has the number 0, but a forged row may.
  const first = range.first === 1 ? 0 : range.first;
  yield* storedLines(context, evidence.journalId, { first, last: range.last });
  if (isToEnd) yield* linesBeyond(context, evidence);
}

/** Every event of a journal that is not the server's was added, whenever that was. */
function foreignOf(context: CommandContext, { foreignCounts }: Evidence): ForeignEvents[] {
  let namedCount = 0;
  async function* linesOfForeign(journalId: string) {
    if (namedCount >= FOREIGN_MAX || journalId.length > JOURNAL_ID_LENGTH_MAX) return;
    for await (const line of storedLines(context, journalId, { first: 0, last: Number.MAX_SAFE_INTEGER })) {
      yield line;
      if (++namedCount >= FOREIGN_MAX) return;
    }
  }
  return [...foreignCounts].map(([journalId, eventsCount]) => ({
    journalId,
    eventsCount,
    lines: linesOfForeign(journalId),
  }));
}

async function* only(
  heads: readonly SignedHead[],
  { first, last }: SequenceRange,
): AsyncGenerator<SignedHead> {
  for (const head of heads) if (head.sequence >= first && head.sequence <= last) yield head;
}

async function* linksIn(
  links: AsyncIterable<ChainLink>,
  { first, last }: SequenceRange,
): AsyncGenerator<ChainLink> {
  for await (const link of links) {
    if (link.firstSequence >= first && link.lastSequence <= last) yield link;
  }
}

async function* storedLines(context: CommandContext, journalId: string, { first, last }: SequenceRange) {
  if (last < first) return;
  const { client, signal, stderr } = context;
  const input = { JournalId: journalId, FirstSequence: first, LastSequence: last };
  let linesCount = 0;
  let changed: { readonly sequence: number; readonly columns: readonly string[] } | undefined;
  for await (const line of await client.stream('ReadHistory', input, signal)) {
    if (line === '#end') {
      if (stderr.isTerminal) await stderr.write('\r\u001b[K');
      return;
    }
    if (line.startsWith('#changed\t')) {
      const [, sequence, columns = ''] = line.split('\t');
      changed = { sequence: Number(sequence), columns: columns.split(',') };
      continue;
    }
    const sequence = Number(line.slice(0, line.indexOf('\t')));
    if (!Number.isInteger(sequence))
      throw new CliError('the server answered a line of history without its number');
    yield { sequence, line, ...(changed?.sequence === sequence ? { changedColumns: changed.columns } : {}) };
    changed = undefined;
    linesCount++;
    if (stderr.isTerminal && linesCount % PROGRESS_EVENTS === 0) {
      await stderr.write(`\r\u001b[Kread ${count(linesCount)} of about ${count(last - first + 1)} events`);
    }
  }
  throw new CliError("the server's answer was cut off before its end");
}

async function printReport({ stdout }: CommandContext, report: HistoryReport): Promise<void> {
  const { explained } = report;
  const lines = report.findings.map(({ kind, firstSequence, lastSequence, eventId, detail }) => {
    const place = firstSequence === lastSequence ? `${firstSequence}` : `${firstSequence} to ${lastSequence}`;
    return `${stdout.paint('red', kind)} ${visible(`${eventId ?? ''} sequence ${place}: ${detail}`).trimStart()}`;
  });
  const unnamed = report.findingsCount - report.findings.length;
  if (unnamed > 0) lines.push(`and ${count(unnamed)} more findings`);
  lines.push(
    `journal ${visible(report.journalId)}: ${report.isIntact ? stdout.paint('green', 'intact') : stdout.paint('red', 'NOT INTACT')}`,
    `  events verified   ${count(report.eventsVerified)}`,
    `  batches, heads    ${count(report.linksVerified)}, ${count(report.headsVerified)}`,
    `  signed through    ${count(report.signedThrough)} of ${count(report.linkedThrough)}`,
    `  not in the store  ${count(explained.duplicate)} duplicate, ${count(explained.setAside)} set aside, ${count(explained.dropped)} dropped by retention`,
  );
  await stdout.write(`${lines.join('\n')}\n`);
}
