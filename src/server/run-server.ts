import { DependencyError } from '../base/dependency-error.ts';
import type { Log } from '../base/log.ts';
import { ConfigError } from './config.ts';
import type { Config } from './config-options.ts';
import { dataPaths } from './data-directory.ts';
import { createJsonLog } from './json-log.ts';
import { createPrometheusMetrics } from './prometheus-metrics.ts';
import { readyText } from './ready-text.ts';
import { type RunningServer, startServer } from './start-server.ts';
import { holdProcess } from './system/hold-process.ts';
import { systemClock } from './system/system-clock.ts';
import { systemRandom } from './system/system-random.ts';

/** What a stop may take beside the time that calls in flight have: flushing, the last insert, closing. */
const STOP_MS_MAX = 10_000;

/**
 * A signal that comes so soon after the first is the same one: Ctrl-C reaches the server from the terminal and once more
 * from npm, which must not turn a clean stop into a crash.
 */
const SAME_SIGNAL_MS = 500;

/** SIGHUP is what a terminal sends when it is closed. */
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

/** 128 + 15: what a shell reports of a process that SIGTERM ended. */
const EXIT_CODE_NOW = 143;

/**
 * Runs a server until SIGTERM, SIGINT or SIGHUP has stopped it; resolves with the exit code. A second signal ends it at once.
 * What the operator has to read is text on the standard output and error; everything else is the log, JSON lines on the
 * standard error.
 */
export async function runServer(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
  version: string,
): Promise<number> {
  const log = createJsonLog({ level: config.logLevel });
  const hold = holdProcess();
  endOnBug(log);
  // A reader that went away (`| head`) is no reason to stop recording; there is nobody left to tell.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});
  try {
    const signals = watchSignals(log);
    const server = await startServer({
      config,
      environment,
      version,
      clock: systemClock,
      random: systemRandom,
      log,
      metrics: createPrometheusMetrics(),
    });
    const { rootCredentials: credentialsPath, masterKey } = dataPaths(config.dataDir);
    const masterKeyPath = config.masterKeyFile ?? masterKey;
    const { url, metricsUrl, root } = server;
    process.stdout.write(readyText({ url, metricsUrl, root, credentialsPath, masterKeyPath, config }));
    await stopInTime(server, await signals, { config, log });
    return 0;
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof DependencyError)) throw error;
    // What is wrong with a configuration is for whoever wrote it; a stack trace would only hide it.
    if (error instanceof DependencyError) log.error('server.startFailed', { error });
    const problems = error instanceof ConfigError ? error.problems : [error.message];
    for (const problem of problems) process.stderr.write(`opentrail: ${problem}\n`);
    if (error instanceof DependencyError) {
      process.stderr.write('opentrail: ./opentrail doctor checks this machine and explains\n');
    }
    return 1;
  } finally {
    hold.release();
  }
}

/** Resolves with the first signal; the second one ends the process, whatever it is doing. */
function watchSignals(log: Log): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let stoppingSinceMs: number | undefined;
    const onSignal = (signal: NodeJS.Signals) => {
      const nowMs = systemClock.monotonicMs();
      if (stoppingSinceMs === undefined) {
        stoppingSinceMs = nowMs;
        resolve(signal);
      } else if (nowMs - stoppingSinceMs > SAME_SIGNAL_MS) {
        log.warn('server.endedAtOnce', { signal });
        process.exit(EXIT_CODE_NOW);
      }
    };
    for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
  });
}

async function stopInTime(
  server: RunningServer,
  signal: NodeJS.Signals,
  { config, log }: { readonly config: Config; readonly log: Log },
): Promise<void> {
  const boundMs = config.shutdownTimeoutMs + STOP_MS_MAX;
  const watchdog = systemClock.after(boundMs, () => {
    log.error('server.stopTookTooLong', { boundMs });
    process.exit(1);
  });
  await server.stop(signal);
  watchdog.cancel();
}

/** An error that nobody handles is a bug: what was acknowledged is durable, so end visibly rather than go on in doubt. */
function endOnBug(log: Log) {
  const end = (error: unknown) => {
    log.error('server.crashed', { error });
    process.exit(1);
  };
  process.on('uncaughtException', end);
  process.on('unhandledRejection', end);
}
