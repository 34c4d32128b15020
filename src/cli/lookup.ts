import { type Command, Option } from 'commander';
import type { JsonObject } from '../model/cloudtrail-event.ts';
import { CliError } from './client/cli-error.ts';
import { addConnectionOptions } from './client/connect.ts';
import { type CommandContext, runCommand } from './client/run-command.ts';
import { countBy } from './count-by.ts';
import {
  addFilterOptions,
  type EventFilterOptions,
  filterInput,
  parseLimit,
  storedFilterInput,
} from './event-filter-options.ts';
import { readFoundEvent } from './found-event.ts';
import { createEventPrinter, OUTPUT_FORMS, type OutputForm } from './output/event-printer.ts';

interface LookupOptions extends EventFilterOptions {
  readonly limit: number;
  readonly output: OutputForm;
  readonly countBy?: string;
  /** False with `--no-own`. */
  readonly own: boolean;
}

/** What records a call of OpenTrail's own operations. */
const OWN_SOURCE = 'opentrail.amazonaws.com';
/** The most that `SearchEvents` answers at once. */
const PAGE_MAX = 1_000;
/** The first page is small, so that a terminal shows the newest events at once. */
const FIRST_PAGE_MAX = 200;

export function registerLookup(program: Command): void {
  const command = program
    .command('lookup')
    .summary('find stored events, newest first')
    .description(
      'Finds events of any age in the history of a running server, newest first, imported ones included.\n' +
        'VERIFIED says how far the caller was verified: signature (checked here), upstream (which accepted the call), none.',
    );
  addConnectionOptions(addFilterOptions(command))
    .option('--limit <count>', 'at most so many events; 0 = all', parseLimit, 50)
    .option('--count-by <attribute>', 'counts by the values of an attribute, such as EventName, instead')
    .option('--no-own', "without the calls of OpenTrail's own operations, such as those of this command")
    .addOption(
      new Option('--output <form>', 'ndjson is the event exactly as recorded')
        .choices(OUTPUT_FORMS)
        .default('table'),
    )
    .action((options: LookupOptions) => runCommand(options, (context) => lookup(context, options)));
}

async function lookup(context: CommandContext, options: LookupOptions): Promise<void> {
  const { client, clock, stdout, signal } = context;
  const filter = { ...filterInput(options), ...storedFilterInput(options, clock.now()) };
  if (options.countBy !== undefined) return count(context, options, { ...filter });
  const printer = createEventPrinter(options.output, stdout);
  const limit = options.limit === 0 ? Number.POSITIVE_INFINITY : options.limit;
  let left = limit;
  let pageMax = FIRST_PAGE_MAX;
  let nextToken: string | undefined;
  do {
    const input: JsonObject = {
      ...filter,
      MaxResults: Math.min(left, pageMax),
      ...(nextToken === undefined ? {} : { NextToken: nextToken }),
    };
    const answer = await client.call('SearchEvents', input, signal);
    const found = (Array.isArray(answer.Events) ? answer.Events : []).map(readFoundEvent);
    const events = options.own ? found : found.filter(({ record }) => record.eventSource !== OWN_SOURCE);
    await printer.print(events);
    left -= events.length;
    pageMax = PAGE_MAX;
    nextToken = typeof answer.NextToken === 'string' ? answer.NextToken : undefined;
  } while (nextToken !== undefined && left > 0);
  await printer.end();
  if (left === limit && options.output === 'table') await hint(context, options);
}

async function count(context: CommandContext, options: LookupOptions, filter: JsonObject): Promise<void> {
  const { countBy: attribute = '', limit, output } = options;
  if (!options.own) throw new CliError('--no-own cannot be combined with --count-by', { exitCode: 2 });
  await countBy(context, { attribute, filter, limit, output });
}

/** Says which part of the history an empty answer is about: imported events are often of other accounts and Regions. */
async function hint({ client, stderr }: CommandContext, options: LookupOptions): Promise<void> {
  const namesAccounts =
    options.allAccounts === true || options.organization === true || options.account.length > 0;
  const wider = [
    ...(options.allRegions === true ? [] : ['--all-regions']),
    ...(namesAccounts ? [] : ['--all-accounts or --organization']),
  ];
  if (wider.length === 0) return;
  const where = options.allRegions === true ? 'the account of the call' : `Region ${client.region}`;
  await stderr.write(`opentrail: only ${where} was searched; ${wider.join(' and ')} search wider\n`);
}
