import type { Command } from 'commander';
import { CliError } from './client/cli-error.ts';
import { addConnectionOptions, type ConnectionOptions, resolveRegion } from './client/connect.ts';
import { type CommandContext, runCommand } from './client/run-command.ts';
import { checkFiles } from './import/dry-run.ts';
import { importFiles } from './import/import-files.ts';
import { ImportProgress } from './import/import-progress.ts';
import { ImportSession } from './import/import-session.ts';
import type { SourceFile } from './import/import-source.ts';
import { printSummary } from './import/import-summary.ts';
import { ImportTally } from './import/import-tally.ts';
import { findLocalFiles } from './import/local-source.ts';
import { isS3Uri } from './import/s3-uri.ts';
import { WholeFileReader } from './import/whole-file-reader.ts';

interface ImportOptions extends ConnectionOptions {
  readonly dryRun?: boolean;
}

export function registerImport(program: Command): void {
  const command = program
    .command('import <path...>')
    .summary('store the events of CloudTrail log files in the history')
    .description(
      'Reads log files (.json, .json.gz, one event per line too), folders of them, and s3://bucket/prefix, and stores their\n' +
        'events exactly as they are. Events that are stored already are not stored again; the same command goes on where an\n' +
        'interrupted one stopped. S3 is read with the standard AWS settings (AWS_ENDPOINT_URL_S3, profiles).\n' +
        'Exits with 1 when anything was refused.',
    );
  addConnectionOptions(command)
    .option('--dry-run', 'read and check everything, store nothing; needs no server')
    .action((paths: string[], options: ImportOptions) =>
      runCommand(options, (context) => importPaths(paths, options, context)),
    );
}

async function importPaths(
  paths: readonly string[],
  options: ImportOptions,
  context: CommandContext,
): Promise<void> {
  const { client, clock, stdout, stderr, signal } = context;
  const tally = new ImportTally();
  const progress = new ImportProgress({ output: stderr, clock, tally });
  const files = await findFiles(paths, options, context, tally);
  if (files.length === 0) throw new CliError(`no log files found in ${paths.join(', ')}`);
  progress.start(files.length);
  let pendingCount = 0;
  try {
    if (options.dryRun === true) {
      await checkFiles(files, tally, signal);
    } else {
      const say = (message: string) => progress.say(message);
      const session = await ImportSession.begin({ client, tally, clock, signal, say });
      await importFiles(files, { session, tally, signal });
      pendingCount = await session.end();
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    progress.stop();
  }
  const { elapsedMs } = progress;
  const isDryRun = options.dryRun === true;
  if (isDryRun) await stdout.write('dry run: nothing was stored\n');
  await printSummary(stdout, tally, { elapsedMs, pendingCount, isStopped: signal.aborted, isDryRun });
  if (signal.aborted) process.exitCode = 130;
  else if (tally.refusedCount > 0) process.exitCode = 1;
}

async function findFiles(
  paths: readonly string[],
  options: ImportOptions,
  { environment, clock, signal }: CommandContext,
  tally: ImportTally,
): Promise<SourceFile[]> {
  const files = new Map<string, SourceFile>();
  const reader = new WholeFileReader(clock);
  for (const path of paths) {
    const settings = {
      region: await resolveRegion(options),
      endpointUrl: environment.s3EndpointUrl,
      ...(options.profile === undefined ? {} : { profile: options.profile }),
    };
    // Most imports need no S3 client, which takes longer to load than all the rest.
    const found = isS3Uri(path)
      ? (await import('./import/s3-source.ts')).findS3Objects(path, settings, signal)
      : findLocalFiles(path, reader);
    for await (const one of found) {
      if ('skipped' in one) tally.addSkipped(one.skipped);
      else files.set(one.file.uri, one.file);
    }
  }
  return [...files.values()];
}
