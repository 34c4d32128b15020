import type { Command } from 'commander';
import { type OfflineOptions, runOffline, withOfflineOptions } from './offline-keys.ts';

interface MasterKeyOptions extends OfflineOptions {
  readonly rotate?: boolean;
  readonly endSessions?: boolean;
  readonly replaceLost?: boolean;
}

/** `opentrail master-key --rotate`, `--replace-lost`. */
export function registerMasterKey(program: Command): void {
  withOfflineOptions(
    program
      .command('master-key')
      .summary('rotate the key that secrets are sealed with')
      .description(
        'Works on the files of a stopped server; the next start records that the key was replaced. --rotate makes a\n' +
          'new key and seals every secret with it; it may be cut off at any moment and goes on at the next start.\n' +
          '--replace-lost is for a file that is lost for good: every access key but the root key has to be made anew.',
      )
      .option('--rotate', 'make a new key and seal every secret with it')
      .option('--end-sessions', 'with --rotate: forget the old key at once, which ends every session')
      .option('--replace-lost', 'let the next start make a new key in the place of a lost one'),
  ).action(async (options: MasterKeyOptions) => {
    const { rotate = false, replaceLost = false, endSessions = false } = options;
    if (rotate === replaceLost) {
      process.stderr.write('opentrail: name one of --rotate and --replace-lost\n');
      process.exitCode = 2;
      return;
    }
    process.exitCode = await runOffline(options, async (work) => {
      const keys = await import('../server/replace-keys.ts');
      if (replaceLost) {
        await keys.replaceLostMasterKey(work);
        process.stdout.write('The next start makes a new master key.\n');
        return;
      }
      const { keyId, resealedCount, unopenedNames, removedKeyIds } = await keys.rotateMasterKey(
        work,
        endSessions,
      );
      const lines = [`The master key is ${keyId}; ${resealedCount} secrets were sealed with it.`];
      if (removedKeyIds.length > 0) lines.push(`Removed: ${removedKeyIds.join(', ')}.`);
      if (unopenedNames.length > 0) {
        lines.push(`No key opens the secrets of ${unopenedNames.join(', ')}: delete these access keys.`);
      }
      process.stdout.write(`${lines.join('\n')}\n`);
    });
  });
}
