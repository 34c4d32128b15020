import { type Command, Option } from 'commander';
import type { Json, JsonObject } from '../model/cloudtrail-event.ts';
import { addConnectionOptions, type ConnectionOptions } from './client/connect.ts';
import { type CommandContext, runCommand } from './client/run-command.ts';
import { textOf } from './found-event.ts';
import { TablePrinter } from './output/table-printer.ts';
import { visible } from './output/visible-text.ts';
import { parseTimeArgument, resolveTime, type TimeArgument } from './time-argument.ts';

interface AddOptions extends ConnectionOptions {
  readonly since: TimeArgument;
  readonly until: TimeArgument;
  readonly reason?: string;
}

interface ListOptions extends ConnectionOptions {
  readonly output: 'table' | 'json';
}

export function registerHold(program: Command): void {
  const hold = program
    .command('hold')
    .summary('keep retention from dropping a time range')
    .description(
      'Holds keep every event of a time range from being dropped by retention, until they are removed.',
    );
  addConnectionOptions(
    hold.command('add <name>').description('Keeps every event of a time range until removed'),
  )
    .requiredOption('--since <time>', 'first moment: 2h, 7d, or an ISO time', parseTimeArgument)
    .requiredOption('--until <time>', 'last moment: the same forms', parseTimeArgument)
    .option('--reason <text>', 'why, for whoever reads the list')
    .action((name: string, options: AddOptions) =>
      runCommand(options, (context) => addHold(context, name, options)),
    );
  addConnectionOptions(hold.command('list').description('Shows all holds'))
    .addOption(new Option('--output <form>', 'form').choices(['table', 'json']).default('table'))
    .action((options: ListOptions) => runCommand(options, (context) => listHolds(context, options)));
  addConnectionOptions(
    hold.command('remove <id>').description('Removes a hold by its id, which list shows'),
  ).action((id: string, options: ConnectionOptions) =>
    runCommand(options, async ({ client, stdout, signal }) => {
      await client.call('RemoveHold', { HoldId: id }, signal);
      await stdout.write('removed\n');
    }),
  );
}

async function addHold(context: CommandContext, name: string, options: AddOptions): Promise<void> {
  const { client, clock, stdout, signal } = context;
  const nowMs = clock.now();
  const input: JsonObject = {
    Name: name,
    StartTime: resolveTime(options.since, nowMs) / 1_000,
    EndTime: resolveTime(options.until, nowMs) / 1_000,
    ...(options.reason === undefined ? {} : { Reason: options.reason }),
  };
  const answer = await client.call('PutHold', input, signal);
  await stdout.write(
    `hold ${textOf(answer.HoldId)} keeps ${time(answer.StartTime)} to ${time(answer.EndTime)}\n`,
  );
}

async function listHolds({ client, stdout, signal }: CommandContext, { output }: ListOptions): Promise<void> {
  const { Holds } = await client.call('ListHolds', {}, signal);
  if (output === 'json') {
    const json = JSON.stringify(Holds ?? [], undefined, 2);
    await stdout.write(`${stdout.isTerminal ? json.split('\n').map(visible).join('\n') : json}\n`);
    return;
  }
  const table = new TablePrinter(stdout, [
    { head: 'ID' },
    { head: 'NAME' },
    { head: 'FROM' },
    { head: 'TO' },
    { head: 'BY' },
    { head: 'REASON' },
  ]);
  const rows = (Array.isArray(Holds) ? (Holds as readonly JsonObject[]) : []).map((hold) => [
    textOf(hold.HoldId),
    textOf(hold.Name),
    time(hold.StartTime),
    time(hold.EndTime),
    textOf(hold.CreatedBy),
    textOf(hold.Reason),
  ]);
  await table.print(rows);
  await table.end('no holds');
}

/** Seconds since 1970 as an ISO time. */
function time(seconds: Json | undefined): string {
  return typeof seconds === 'number' ? new Date(seconds * 1_000).toISOString().replace('.000Z', 'Z') : '';
}
