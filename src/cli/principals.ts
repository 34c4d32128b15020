import { type Command, Option } from 'commander';
import type { JsonObject } from '../model/cloudtrail-event.ts';
import { addConnectionOptions, type ConnectionOptions } from './client/connect.ts';
import { type CommandContext, runCommand } from './client/run-command.ts';
import { textOf } from './found-event.ts';
import { TablePrinter } from './output/table-printer.ts';
import { visible } from './output/visible-text.ts';

interface PrincipalsOptions extends ConnectionOptions {
  readonly account?: string;
  readonly output: 'table' | 'json';
}

export function registerPrincipals(program: Command): void {
  const principals = program
    .command('principals')
    .summary('show, name and forget whom access keys belong to')
    .description('Principals are the owners of access keys, as told or as learnt from calls that passed by.');
  addConnectionOptions(
    principals.command('list').description('Lists the principals of the account of the call.'),
  )
    .option('--account <id>', "of another account; for the installation's own account only")
    .addOption(new Option('--output <form>', 'form').choices(['table', 'json']).default('table'))
    .action((options: PrincipalsOptions) => runCommand(options, (context) => list(context, options)));
  addConnectionOptions(
    principals
      .command('name')
      .description('Tells whom an access key belongs to; what is told beats what is learnt.')
      .argument('<access-key-id>', 'the key of forwarded calls')
      .argument('<arn>', 'its owner, like arn:aws:iam::111122223333:user/alice'),
  ).action((accessKeyId: string, arn: string, options: ConnectionOptions) =>
    runCommand(options, (context) => name(context, accessKeyId, arn)),
  );
  addConnectionOptions(
    principals
      .command('remove')
      .description('Forgets whom an access key belongs to; it may be learnt again.')
      .argument('<access-key-id>', 'the key'),
  ).action((accessKeyId: string, options: ConnectionOptions) =>
    runCommand(options, (context) => remove(context, accessKeyId)),
  );
}

async function name({ client, stdout, signal }: CommandContext, accessKeyId: string, arn: string) {
  await client.call('PutPrincipal', { AccessKeyId: accessKeyId, Arn: arn }, signal);
  await stdout.write(
    `calls with ${visible(accessKeyId)} are recorded as those of ${visible(arn)} from now on\n`,
  );
}

async function remove({ client, stdout, signal }: CommandContext, accessKeyId: string) {
  await client.call('RemovePrincipal', { AccessKeyId: accessKeyId }, signal);
  await stdout.write(`${visible(accessKeyId)} is forgotten\n`);
}

async function list({ client, stdout, signal }: CommandContext, options: PrincipalsOptions): Promise<void> {
  const input: JsonObject = options.account === undefined ? {} : { AccountId: options.account };
  const { Principals } = await client.call('ListPrincipals', input, signal);
  const principals = Array.isArray(Principals) ? (Principals as readonly JsonObject[]) : [];
  if (options.output === 'json') {
    const json = JSON.stringify(principals, undefined, 2);
    await stdout.write(`${stdout.isTerminal ? json.split('\n').map(visible).join('\n') : json}\n`);
    return;
  }
  const table = new TablePrinter(stdout, [
    { head: 'ACCESS KEY' },
    { head: 'TYPE' },
    { head: 'ARN', widthMax: 100 },
    { head: 'SOURCE' },
    { head: 'EXPIRES' },
  ]);
  await table.print(principals.map(row));
  const hint = options.account === undefined ? ' in the account of the call; --account names another' : '';
  await table.end(`no principals${hint}`);
}

function row(principal: JsonObject): string[] {
  const identity = (principal.UserIdentity ?? {}) as JsonObject;
  const { ExpiresAt: expiresAt } = principal;
  return [
    textOf(principal.AccessKeyId),
    textOf(identity.type),
    textOf(identity.arn),
    textOf(principal.Source),
    typeof expiresAt === 'number' ? new Date(expiresAt * 1_000).toISOString() : '',
  ];
}
