import { Command, CommanderError } from 'commander';
import { nearestName } from '../base/nearest-name.ts';
import { readEnvironment } from '../server/environment.ts';
import { readVersion } from './version.ts';

type Register = (program: Command) => void;

/**
 * Every command with the file that has it. Only the one that is asked for is loaded: the server should not hold the memory
 * of its own clients, nor a look-up wait for the server.
 */
const COMMANDS: Readonly<Record<string, () => Promise<Register>>> = {
  serve: async () => (await import('./serve.ts')).registerServe,
  lookup: async () => (await import('./lookup.ts')).registerLookup,
  tail: async () => (await import('./tail.ts')).registerTail,
  import: async () => (await import('./import.ts')).registerImport,
  conflicts: async () => (await import('./conflicts.ts')).registerConflicts,
  verify: async () => (await import('./verify.ts')).registerVerify,
  hold: async () => (await import('./hold.ts')).registerHold,
  principals: async () => (await import('./principals.ts')).registerPrincipals,
  status: async () => (await import('./status.ts')).registerStatus,
  'root-key': async () => (await import('./root-key.ts')).registerRootKey,
  'master-key': async () => (await import('./master-key.ts')).registerMasterKey,
  doctor: async () => (await import('./doctor.ts')).registerDoctor,
};

/** Used wrongly: an unknown command or flag, a missing value. */
const EXIT_CODE_USAGE = 2;

async function main(args: readonly string[]): Promise<void> {
  enterCallersFolder();
  const program = new Command('opentrail')
    .description('An open, self-hosted CloudTrail: records API calls, keeps the record, answers look-ups.')
    .version(readVersion(), '--version', 'print the version')
    .helpOption('-h, --help', 'print this help, or that of a command')
    .helpCommand('help [command]', 'print the help of a command')
    .showSuggestionAfterError()
    .exitOverride();
  const name = args.find((arg) => !arg.startsWith('-'));
  const asked = name === 'help' ? undefined : name;
  if (asked !== undefined && !Object.hasOwn(COMMANDS, asked)) return refuseCommand(asked);
  const wanted = asked === undefined ? Object.keys(COMMANDS) : [asked];
  for (const command of wanted) (await COMMANDS[command]?.())?.(program);
  for (const command of program.commands) withUsageErrors(command);
  if (args.length === 0) {
    process.stdout.write(program.helpInformation());
    return;
  }
  try {
    await program.parseAsync([...args], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : EXIT_CODE_USAGE;
  }
}

/** Settings of the program that its commands, and theirs, do not take over by themselves. */
function withUsageErrors(command: Command) {
  command.exitOverride().showSuggestionAfterError();
  for (const inner of command.commands) withUsageErrors(inner);
}

function refuseCommand(name: string) {
  const nearest = nearestName(name, Object.keys(COMMANDS));
  const suggestion = nearest === undefined ? '' : `; did you mean ${nearest}?`;
  process.stderr.write(`opentrail: unknown command ${JSON.stringify(name)}${suggestion}\n`);
  process.stderr.write('opentrail: ./opentrail --help lists the commands\n');
  process.exitCode = EXIT_CODE_USAGE;
}

/** `npm run opentrail -- …` runs in the project's folder; paths are meant from where the caller was. */
function enterCallersFolder() {
  const { npm_lifecycle_event: script, INIT_CWD: folder } = readEnvironment();
  if (script === 'opentrail' && folder !== undefined && folder !== '') process.chdir(folder);
}

await main(process.argv.slice(2));
