import type { Clock } from '../../base/clock.ts';
import { OutputClosed, TextOutput } from '../output/text-output.ts';
import { visible } from '../output/visible-text.ts';
import { CliError } from './cli-error.ts';
import { type ConnectionOptions, connect } from './connect.ts';
import { type CliEnvironment, readEnvironment } from './environment.ts';
import type { OpenTrailClient } from './open-trail-client.ts';
import { systemClock } from './system-clock.ts';

/** What a client command works with. */
export interface CommandContext {
  readonly client: OpenTrailClient;
  readonly environment: CliEnvironment;
  readonly clock: Clock;
  readonly stdout: TextOutput;
  readonly stderr: TextOutput;
  /** Aborted by Ctrl-C (SIGINT) and SIGTERM; a second one ends the process at once. */
  readonly signal: AbortSignal;
}

/**
 * Runs a command as a client of the server: 0 when it is done, 1 with one line on stderr when it failed, 2 when it was used
 * wrongly. A reader that went away (`| head`) is not a failure.
 */
export async function runCommand(
  options: ConnectionOptions,
  action: (context: CommandContext) => Promise<void>,
): Promise<void> {
  const environment = readEnvironment();
  const stdout = new TextOutput(process.stdout, environment.isColourless);
  const stderr = new TextOutput(process.stderr, environment.isColourless);
  const aborter = new AbortController();
  const stop = () => {
    if (aborter.signal.aborted) process.exit(130);
    aborter.abort();
  };
  process.on('SIGINT', stop);
  process.on('SIGTERM', stop);
  let client: OpenTrailClient | undefined;
  try {
    client = await connect(options, environment);
    await action({ client, environment, clock: systemClock, stdout, stderr, signal: aborter.signal });
  } catch (error) {
    process.exitCode = await report(error, stderr, aborter.signal);
  } finally {
    process.off('SIGINT', stop);
    process.off('SIGTERM', stop);
    client?.close();
  }
}

async function report(error: unknown, stderr: TextOutput, signal: AbortSignal): Promise<number> {
  if (error instanceof OutputClosed) return 0;
  if (signal.aborted && error instanceof Error && error.name === 'AbortError') return 130;
  const isExpected = error instanceof CliError;
  const text =
    error instanceof Error ? (isExpected ? error.message : (error.stack ?? error.message)) : String(error);
  await stderr.write(`opentrail: ${isExpected ? visible(text) : text}\n`).catch(ignoreClosed);
  return isExpected ? error.exitCode : 1;
}

/** Nobody reads the error: there is no one left to tell. */
function ignoreClosed(error: unknown) {
  if (!(error instanceof OutputClosed)) throw error;
}
