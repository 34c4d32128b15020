import type { Command } from 'commander';
import { type OfflineOptions, runOffline, withOfflineOptions } from './offline-keys.ts';

const REMEDY = 'If it may be in wrong hands: aws iam delete-access-key --access-key-id';

/** `opentrail root-key --reset`: a new root key in the place of one that is lost. */
export function registerRootKey(program: Command): void {
  withOfflineOptions(
    program
      .command('root-key')
      .summary('replace a lost root key, on this machine')
      .description(
        'Replaces the root key of a stopped server with a new one and shows it this once. The key before is void, and\n' +
          'the next start records that it was replaced. Keys that root made for itself with CreateAccessKey go on, and\n' +
          'are named.',
      )
      .option('--reset', 'make a new root key'),
  ).action(async (options: OfflineOptions & { readonly reset?: boolean }) => {
    if (options.reset !== true) {
      process.stderr.write('opentrail: give --reset to replace the root key\n');
      process.exitCode = 2;
      return;
    }
    process.exitCode = await runOffline(options, async (work) => {
      const { resetRootKey } = await import('../server/replace-keys.ts');
      const { before, made, others } = await resetRootKey(work);
      const replaced = before === undefined ? '' : `; ${before.accessKeyId} is void`;
      process.stdout.write(
        [
          `A new root key of account ${work.config.account} was made${replaced}. It is shown this once:`,
          '',
          `  export AWS_ACCESS_KEY_ID=${made.accessKeyId}`,
          `  export AWS_SECRET_ACCESS_KEY=${made.secretAccessKey}`,
          '',
          ...others.map((id) => `Also a root key, and not replaced: ${id}. ${REMEDY} ${id}`),
          '',
        ].join('\n'),
      );
    });
  });
}
