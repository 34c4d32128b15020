import { type Command, Option } from 'commander';
import type { JsonObject } from '../model/cloudtrail-event.ts';
import { addConnectionOptions, type ConnectionOptions } from './client/connect.ts';
import { type CommandContext, runCommand } from './client/run-command.ts';
import { textOf } from './found-event.ts';
import { TablePrinter } from './output/table-printer.ts';
import { visible } from './output/visible-text.ts';

interface ConflictsOptions extends ConnectionOptions {
  readonly eventId?: string;
  readonly output: 'table' | 'ndjson';
}

export function registerConflicts(program: Command): void {
  const command = program
    .command('conflicts')
    .summary('show imported records whose event id was stored before with other content')
    .description(
      'Shows what imports kept beside the history. --output ndjson gives the records exactly as they were.',
    );
  addConnectionOptions(command)
    .option('--event-id <id>', 'only of that event')
    .addOption(new Option('--output <form>', 'form').choices(['table', 'ndjson']).default('table'))
    .action((options: ConflictsOptions) => runCommand(options, (context) => conflicts(context, options)));
}

async function conflicts(
  { client, stdout, signal }: CommandContext,
  options: ConflictsOptions,
): Promise<void> {
  const table = new TablePrinter(stdout, [
    { head: 'EVENT ID', widthMin: 36 },
    { head: 'SHA-256', widthMax: 17 },
    { head: 'STORED SHA-256', widthMax: 17 },
    { head: 'FOUND' },
  ]);
  let nextToken: string | undefined;
  do {
    const input: JsonObject = {
      ...(options.eventId === undefined ? {} : { EventId: options.eventId }),
      ...(nextToken === undefined ? {} : { NextToken: nextToken }),
    };
    const answer = await client.call('ListImportConflicts', input, signal);
    const found = Array.isArray(answer.Conflicts) ? (answer.Conflicts as readonly JsonObject[]) : [];
    if (options.output === 'table') await table.print(found.map(row));
    else await stdout.write(found.map((conflict) => `${rawOf(conflict, stdout.isTerminal)}\n`).join(''));
    nextToken = typeof answer.NextToken === 'string' ? answer.NextToken : undefined;
  } while (nextToken !== undefined);
  if (options.output === 'table') await table.end('no conflicts');
}

function row(conflict: JsonObject): string[] {
  const foundAtMs = Number(conflict.FoundAt ?? 0) * 1_000;
  return [
    textOf(conflict.EventId),
    textOf(conflict.Sha256),
    textOf(conflict.StoredSha256),
    new Date(foundAtMs).toISOString(),
  ];
}

function rawOf(conflict: JsonObject, isTerminal: boolean): string {
  const raw = textOf(conflict.CloudTrailEvent);
  return isTerminal ? visible(raw) : raw;
}
