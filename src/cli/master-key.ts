import type { Command } from 'commander';
import type { Json } from '../model/cloudtrail-event.ts';
import { addConnectionOptions, type ConnectionOptions } from './client/connect.ts';
import { runCommand } from './client/run-command.ts';
import { type OfflineOptions, runOffline, withOfflineOptions } from './offline-keys.ts';
import { visible } from './output/visible-text.ts';

interface MasterKeyOptions extends OfflineOptions, ConnectionOptions {
  readonly rotate?: boolean;
  readonly endSessions?: boolean;
  readonly replaceLost?: boolean;
  readonly online?: boolean;
}

/** `opentrail master-key --rotate`, `--replace-lost`. */
export function registerMasterKey(program: Command): void {
  const command = withOfflineOptions(
    program
      .command('master-key')
      .summary('rotate the key that secrets are sealed with')
      .description(
        'Works on the files of a stopped server, and the next start records that the key was replaced; --online asks a\n' +
          'running one. --rotate makes a new key and seals every secret with it; it may be cut off at any moment and\n' +
          'goes on at the next start.\n' +
          '--replace-lost is for a file that is lost for good: every access key but the root key has to be made anew.',
      )
      .option('--rotate', 'make a new key and seal every secret with it')
      .option('--end-sessions', 'with --rotate: forget the old key at once, which ends every session')
      .option('--online', 'with --rotate: by the running server, as a recorded call')
      .option('--replace-lost', 'let the next start make a new key in the place of a lost one'),
  );
  addConnectionOptions(command).action(async (options: MasterKeyOptions) => {
    const { rotate = false, replaceLost = false, endSessions = false, online = false } = options;
    if (rotate === replaceLost) {
      process.stderr.write('opentrail: name one of --rotate and --replace-lost\n');
      process.exitCode = 2;
      return;
    }
    if (online) {
      await rotateOnline(options, replaceLost);
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
      process.stdout.write(rotationText({ keyId, resealedCount, unopenedNames, removedKeyIds }));
    });
  });
}

async function rotateOnline(options: MasterKeyOptions, isReplacing: boolean): Promise<void> {
  if (isReplacing) {
    process.stderr.write('opentrail: --replace-lost is for a stopped server: leave out --online\n');
    process.exitCode = 2;
    return;
  }
  await runCommand(options, async ({ client, stdout, signal }) => {
    const input = { EndSessions: options.endSessions === true };
    const answer = await client.call('RotateMasterKey', input, signal);
    await stdout.write(
      rotationText({
        keyId: String(answer.KeyId),
        resealedCount: Number(answer.ResealedCount),
        unopenedNames: texts(answer.UnopenedNames),
        removedKeyIds: texts(answer.RemovedKeyIds),
      }),
    );
  });
}

function texts(value: Json | undefined): string[] {
  return Array.isArray(value) ? value.map((text) => visible(String(text))) : [];
}

function rotationText(rotation: {
  readonly keyId: string;
  readonly resealedCount: number;
  readonly unopenedNames: readonly string[];
  readonly removedKeyIds: readonly string[];
}): string {
  const { keyId, resealedCount, unopenedNames, removedKeyIds } = rotation;
  const lines = [`The master key is ${keyId}; ${resealedCount} secrets were sealed with it.`];
  if (removedKeyIds.length > 0) lines.push(`Removed: ${removedKeyIds.join(', ')}.`);
  if (unopenedNames.length > 0) {
    lines.push(`No key opens the secrets of ${unopenedNames.join(', ')}: delete these access keys.`);
  }
  return `${lines.join('\n')}\n`;
}
