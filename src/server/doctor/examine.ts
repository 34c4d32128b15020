import { ConfigError } from '../config.ts';
import type { Config } from '../config-options.ts';
import { dataPaths } from '../data-directory.ts';
import { readEnvironment } from '../environment.ts';
import { loadServerConfig } from '../load-server-config.ts';
import { findSelfCalls } from '../self-call.ts';
import { examineCredentials, examineData, examineJournal, examineMasterKey } from './examine-data.ts';
import { examineDisk, examineLibraries, examineMemory, examineNode } from './examine-machine.ts';
import { examineClock, examinePort, examineServer, examineUpstream, runningUrl } from './examine-network.ts';
import type { DoctorFinding } from './finding.ts';

export interface ExamineOptions {
  readonly flags: Readonly<Record<string, string | readonly string[]>>;
  /** Folder that relative paths count from. */
  readonly folder: string;
}

/** Looks at everything that a server needs, in the order in which it needs it; changes nothing. */
export async function* examine(options: ExamineOptions): AsyncIterable<DoctorFinding> {
  yield examineNode(process.versions.node);
  yield* examineLibraries();
  const environment = readEnvironment();
  const config = readConfig(options, environment);
  if (config instanceof ConfigError) {
    for (const message of config.problems) {
      yield {
        status: 'problem',
        subject: 'configuration',
        message,
        remedy: './opentrail serve --help lists every option',
      };
    }
    return;
  }
  yield { status: 'ok', subject: 'configuration', message: 'no unknown or unusable option' };
  const paths = dataPaths(config.dataDir);
  yield examineData(paths);
  yield* examineJournal(paths, config.journalBytesMax);
  yield await examineDisk(config.dataDir);
  yield examineMemory(config.engineMemoryBytes);
  yield examineCredentials(paths, environment);
  yield examineMasterKey(paths, config);
  const url = runningUrl(paths, config);
  const running = await examineServer(url);
  yield* running.findings;
  if (!running.isRunning) yield await examinePort(config.host, config.port);
  yield examineClock(running.clockSkewMs);
  for (const { service, url: upstream } of config.upstreams) {
    if (upstream !== undefined) yield await examineUpstream(service, upstream);
  }
  if (config.upstreams.length === 0) {
    yield {
      status: 'note',
      subject: 'upstream',
      message:
        'none is named here; a server without one answers calls to other services than CloudTrail with an error',
      remedy:
        'doctor checks those of its own --upstream, OPENTRAIL_UPSTREAM and --config: give it what the server has',
    };
  }
  yield* selfCalls(config, environment);
}

function readConfig(
  { flags, folder }: ExamineOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Config | ConfigError {
  try {
    return loadServerConfig({ flags, environment, folder });
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

/** Clients in this shell may well point at the server; a server that is started in it may not. */
function* selfCalls(
  config: Config,
  environment: Readonly<Record<string, string | undefined>>,
): Iterable<DoctorFinding> {
  const endpoints = config.upstreams.flatMap(({ url }) =>
    url === undefined ? [] : [{ where: '--upstream', url, remedy: 'name the endpoint behind it' }],
  );
  for (const message of findSelfCalls({ host: config.host, port: config.port, environment, endpoints })) {
    const status = message.startsWith('AWS_') ? 'note' : 'problem';
    yield { status, subject: 'endpoints', message: `for a server started in this shell: ${message}` };
  }
}
