import { type Command, Option } from 'commander';
import { ConfigError, environmentName } from '../server/config.ts';
import type { ConfigOption } from '../server/config-option.ts';
import { CONFIG_FILE_OPTION, CONFIG_OPTIONS } from '../server/config-options.ts';
import { readEnvironment } from '../server/environment.ts';
import { readVersion } from './version.ts';

/** `opentrail serve`: every flag comes from the table of the configuration. */
export function registerServe(program: Command): void {
  const command = program
    .command('serve')
    .summary('run the server')
    .description(
      'Runs the server: records the calls that pass through it and answers look-ups.\n' +
        'Each flag is also a variable of the environment, and a key of the file that --config names; flags come first.',
    );
  const options = [CONFIG_FILE_OPTION, ...Object.values(CONFIG_OPTIONS)].map((option) => ({
    flag: option.flag,
    shown: addOption(command, option),
  }));
  command.action(async () => {
    const given = command.opts<Record<string, string | string[] | undefined>>();
    const flags = options.flatMap(({ flag, shown }) => {
      const value = given[shown.attributeName()];
      return value === undefined ? [] : [[flag, value] as const];
    });
    process.exitCode = await serve(Object.fromEntries(flags));
  });
}

/** Loads the server only when it is to be run: no other command should wait for it, or need its memory. */
async function serve(flags: Readonly<Record<string, string | string[]>>): Promise<number> {
  const environment = readEnvironment();
  try {
    const { loadServerConfig } = await import('../server/load-server-config.ts');
    const config = loadServerConfig({ flags, environment, folder: process.cwd() });
    const { runServer } = await import('../server/run-server.ts');
    return await runServer(config, environment, readVersion());
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    for (const problem of error.problems) process.stderr.write(`opentrail: ${problem}\n`);
    process.stderr.write('opentrail: ./opentrail serve --help lists every option\n');
    return 2;
  }
}

function addOption(command: Command, option: ConfigOption<unknown>): Option {
  const notes = [
    ...(option.default === undefined ? [] : [`default ${option.default}`]),
    ...(option.isRepeatable ? ['repeatable'] : []),
    environmentName(option.flag),
  ];
  const shown = new Option(`--${option.flag} <${option.placeholder}>`, `${option.doc} (${notes.join('; ')})`);
  shown.helpGroup(`${option.group}:`);
  if (option.isRepeatable) {
    shown.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text]);
  }
  command.addOption(shown);
  return shown;
}
