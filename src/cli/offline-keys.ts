import type { Command } from 'commander';
import { DependencyError } from '../base/dependency-error.ts';
import { ConfigError } from '../server/config.ts';
import { readEnvironment } from '../server/environment.ts';
import type { KeyWork } from '../server/replace-keys.ts';

export interface OfflineOptions {
  readonly dataDir?: string;
  readonly account?: string;
  readonly masterKeyFile?: string;
  readonly config?: string;
}

/** The options that say which server's files a command is about; as `serve` has them. */
export function withOfflineOptions(command: Command): Command {
  return command
    .option('--data-dir <path>', 'the data folder (OPENTRAIL_DATA_DIR)')
    .option('--account <id>', 'the account of the installation (OPENTRAIL_ACCOUNT)')
    .option('--master-key-file <path>', 'the file of the master key (OPENTRAIL_MASTER_KEY_FILE)')
    .option('--config <file>', 'the configuration file of the server (OPENTRAIL_CONFIG)');
}

/** Works on the files of a stopped server; answers the exit code, having said what is to be done where it is not 0. */
export async function runOffline(
  options: OfflineOptions,
  action: (work: KeyWork) => Promise<void>,
): Promise<number> {
  const { dataDir, account, masterKeyFile, config } = options;
  const flags = {
    ...(dataDir === undefined ? {} : { 'data-dir': dataDir }),
    ...(account === undefined ? {} : { account }),
    ...(masterKeyFile === undefined ? {} : { 'master-key-file': masterKeyFile }),
    ...(config === undefined ? {} : { config }),
  };
  const environment = readEnvironment();
  try {
    const { loadServerConfig } = await import('../server/load-server-config.ts');
    const { systemClock } = await import('../server/system/system-clock.ts');
    const { systemRandom } = await import('../server/system/system-random.ts');
    const loaded = loadServerConfig({ flags, environment, folder: process.cwd() });
    await action({ config: loaded, environment, clock: systemClock, random: systemRandom });
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof DependencyError)) throw error;
    const problems = error instanceof ConfigError ? error.problems : [error.message];
    for (const problem of problems) process.stderr.write(`opentrail: ${problem}\n`);
    return 1;
  }
}
