import { type Command, Option } from 'commander';
import type { Json, JsonObject } from '../model/cloudtrail-event.ts';
import { CliError } from './client/cli-error.ts';
import { addConnectionOptions, type ConnectionOptions } from './client/connect.ts';
import { type CommandContext, runCommand } from './client/run-command.ts';
import { textOf } from './found-event.ts';
import { TablePrinter } from './output/table-printer.ts';
import { visible } from './output/visible-text.ts';

interface StatusOptions extends ConnectionOptions {
  readonly output: 'table' | 'json';
}

export function registerStatus(program: Command): void {
  const command = program
    .command('status')
    .summary('show how recording and the event store are')
    .description(
      'Shows journal, event store and partitions. Exits with 1 when nothing can be recorded or looked up.',
    );
  addConnectionOptions(command)
    .addOption(new Option('--output <form>', 'form').choices(['table', 'json']).default('table'))
    .action((options: StatusOptions) => runCommand(options, (context) => status(context, options)));
}

async function status({ client, stdout, signal }: CommandContext, options: StatusOptions): Promise<void> {
  const answer = await client.call('GetStatus', {}, signal);
  const journal = objectOf(answer.Journal);
  const engine = objectOf(answer.Engine);
  if (options.output === 'json') await stdout.write(`${JSON.stringify(answer, undefined, 2)}\n`);
  else await print(answer, stdout);
  if (typeof journal.Refusal === 'string') throw new CliError(`nothing can be recorded: ${journal.Refusal}`);
  if (engine.IsUp !== true) throw new CliError(`events cannot be looked up: ${textOf(engine.Reason)}`);
}

async function print(answer: JsonObject, stdout: CommandContext['stdout']): Promise<void> {
  const journal = objectOf(answer.Journal);
  const engine = objectOf(answer.Engine);
  const partitions = Array.isArray(answer.Partitions) ? (answer.Partitions as readonly JsonObject[]) : [];
  const eventsCount = partitions.reduce((sum, partition) => sum + Number(partition.EventsCount), 0);
  const facts: [string, string][] = [
    ['server', `OpenTrail ${textOf(answer.Version)}, account ${textOf(answer.AccountId)}`],
    ...(answer.Authentication === 'off'
      ? [['AUTH IS OFF', 'every key is taken for the root of the account'] as [string, string]]
      : []),
    [
      'journal',
      `${count(journal.AcceptedSequence)} events accepted, ${count(journal.LagEvents)} not yet stored`,
    ],
    ['journal size', `${bytes(journal.SizeBytes)} of at most ${bytes(journal.SizeBytesMax)}`],
    ['event store', engine.IsUp === true ? `up, ${count(eventsCount)} events` : 'down'],
  ];
  await stdout.write(facts.map(([name, text]) => `${name.padEnd(14)}${visible(text)}\n`).join(''));
  if (partitions.length === 0) return;
  await stdout.write('\n');
  const table = new TablePrinter(stdout, [
    { head: 'PARTITION' },
    { head: 'ORIGIN' },
    { head: 'EVENTS' },
    { head: 'SIZE' },
  ]);
  await table.print(
    partitions.map((partition) => [
      textOf(partition.Name),
      textOf(partition.Origin),
      count(partition.EventsCount),
      bytes(partition.SizeBytes),
    ]),
  );
}

function objectOf(value: Json | undefined): JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}

function count(value: Json | undefined): string {
  return Number(value ?? 0).toLocaleString('en-US');
}

function bytes(value: Json | undefined): string {
  const size = Number(value ?? 0);
  const exponent = Math.min(4, Math.floor(Math.log10(Math.max(1, size)) / 3));
  return `${(size / 1_000 ** exponent).toFixed(exponent === 0 ? 0 : 1)} ${['B', 'kB', 'MB', 'GB', 'TB'][exponent]}`;
}
