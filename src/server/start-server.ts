import { readFileSync } from 'node:fs';
import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import type { EventDraft } from '../model/cloudtrail-event.ts';
import { eventTime, OPENTRAIL_SOURCE } from '../record/service-event.ts';
import { type Certificates, CertificateWatch } from './certificate-watch.ts';
import { type Composition, compose } from './compose.ts';
import { ConfigError } from './config.ts';
import type { Config } from './config-options.ts';
import { type DataDirectory, openDataDirectory } from './data-directory.ts';
import { createDispatch } from './dispatch.ts';
import { HealthMonitor } from './health-monitor.ts';
import type { Refusal } from './listen/http1-server.ts';
import { type Listener, listen } from './listen.ts';
import { openIdentity } from './open-identity.ts';
import { openMasterKeyFile } from './open-master-key-file.ts';
import { openStorage, type Storage } from './open-storage.ts';
import { type OperationsOptions, serveMetrics } from './operations-endpoints.ts';
import type { PrometheusMetrics } from './prometheus-metrics.ts';
import { RecordingLifecycle } from './recording-lifecycle.ts';
import { recordingConfiguration } from './recording-strength.ts';
import { loadRootCredentials, type RootCredentials } from './root-credentials.ts';
import { findSelfCalls } from './self-call.ts';

export interface ServerOptions {
  readonly config: Config;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly version: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: PrometheusMetrics;
}

export interface RunningServer {
  /** `http://127.0.0.1:4610` */
  readonly url: string;
  readonly metricsUrl: string | undefined;
  readonly root: RootCredentials;
  /**
   * Stops accepting, lets calls finish for the configured time, records the stop, and closes everything. What is not yet
   * in the event store stays in the journal for the next start.
   */
  stop(reason: string): Promise<void>;
}

/** How often the data folder is marked as alive: how exactly the next start can tell when a crash was. */
const ALIVE_INTERVAL_MS = 2_000;
/** Time that the event store has at a stop to take what is recorded; the rest waits in the journal. */
const FINAL_DRAIN_MS = 3_000;

/** Time that an insert or a drop in flight has to end before the engine is killed under it. */
const ENGINE_GRACE_MS = 2_000;

/** Starts a server; resolves when it takes calls. Rejects with a `ConfigError` where the operator has to do something. */
export async function startServer(options: ServerOptions): Promise<RunningServer> {
  await using stack = new AsyncDisposableStack();
  const { config, environment, log, metrics, random } = options;
  refuseSelfCalls(options, config.port);
  const directory = openDataDirectory(config.dataDir);
  stack.defer(() => directory.release());
  const { paths } = directory;
  const root = loadRootCredentials({
    path: paths.rootCredentials,
    accountId: config.account,
    environment,
    random,
  });
  const storage = await openStorage({ ...options, paths }, stack);
  const identity = await openIdentity(
    {
      ...options,
      ...storage,
      accountId: config.account,
      root,
      masterKeyFile: openMasterKeyFile({ config, paths, environment }),
      failedAttemptsMax: config.failedAttemptsMax,
    },
    stack,
  );
  const stopping = new AbortController();
  const composition = await compose({
    ...options,
    paths,
    root,
    storage,
    identity,
    stopSignal: stopping.signal,
  });
  stack.defer(() => composition.close());
  const health = new HealthMonitor({
    ...options,
    dataDir: config.dataDir,
    journal: storage.journal,
    feed: storage.drain,
    store: storage.store,
    recorder: composition.recorder,
  });
  const lifecycle = new RecordingLifecycle({
    ...options,
    ...storage,
    recorder: composition.recorder,
    configuration: recordingConfiguration(config),
    lastAliveMs: directory.lastAliveMs,
    keys: {
      rootAccessKeyId: root.accessKeyId,
      rootKeyOrigin: root.origin,
      masterKeyId: identity.masterKeyId,
    },
  });
  const running = new Server({ options, directory, storage, composition, health, lifecycle, stopping, root });
  const exporter = config.metricsPort === 0 ? undefined : await bindMetrics(metrics, config.metricsPort);
  if (exporter !== undefined) stack.defer(() => exporter.close());
  await running.start(exporter?.port);
  running.owned = stack.move();
  log.info('server.ready', { url: running.url, metricsUrl: running.metricsUrl, dataDir: config.dataDir });
  return running;
}

interface ServerParts {
  readonly options: ServerOptions;
  readonly directory: DataDirectory;
  readonly storage: Storage;
  readonly composition: Composition;
  readonly health: HealthMonitor;
  readonly lifecycle: RecordingLifecycle;
  readonly stopping: AbortController;
  readonly root: RootCredentials;
}

class Server implements RunningServer {
  readonly #parts: ServerParts;
  #listener: Listener | undefined;
  #certificateWatch: CertificateWatch | undefined;
  #alive: Timer | undefined;
  #metricsPort: number | undefined;
  /** What is closed at the end, newest first. */
  owned: AsyncDisposableStack | undefined;

  constructor(parts: ServerParts) {
    this.#parts = parts;
  }

  get root(): RootCredentials {
    return this.#parts.root;
  }

  get url(): string {
    const { config } = this.#parts.options;
    const host = config.host.includes(':') ? `[${config.host}]` : config.host;
    return `${config.tlsCert === undefined ? 'http' : 'https'}://${host}:${this.#listener?.port}`;
  }

  get metricsUrl(): string | undefined {
    return this.#metricsPort === undefined ? undefined : `http://127.0.0.1:${this.#metricsPort}/metrics`;
  }

  async start(metricsPort: number | undefined): Promise<void> {
    const { options, storage, health, lifecycle, directory } = this.#parts;
    this.#metricsPort = metricsPort;
    const listener = await this.#listen();
    try {
      refuseSelfCalls(options, listener.port);
      await lifecycle.begin();
      storage.drain.start();
      storage.retention.start();
      await health.check();
      health.start();
      directory.announce({ pid: process.pid, url: this.url, version: options.version });
      this.#keepAlive();
    } catch (error) {
      await listener.close(0);
      throw error;
    }
  }

  async stop(reason: string): Promise<void> {
    const { options, storage, composition, health, lifecycle, stopping } = this.#parts;
    const { config, log, clock } = options;
    log.info('server.stopping', { reason });
    stopping.abort(new Error('the server is stopping'));
    this.#certificateWatch?.stop();
    await this.#listener?.close(config.shutdownTimeoutMs);
    await composition.gateway.drainPending();
    await composition.recorder.flush();
    await lifecycle.end(reason);
    await composition.recorder.close();
    health.stop();
    this.#alive?.cancel();
    await this.#drainFor(FINAL_DRAIN_MS);
    const writing = Promise.all([storage.retention.stop(), storage.drain.stop()]);
    // An engine that hangs must not keep the journal from being closed: it is killed, and what it did not take stays.
    await Promise.race([writing, clock.sleep(ENGINE_GRACE_MS)]);
    await storage.journal.close();
    await lifecycle.markStopped();
    await storage.store.close();
    await writing;
    await this.owned?.disposeAsync();
    log.info('server.stopped', { reason });
  }

  /** Waits until the event store holds everything, or the time is over. */
  async #drainFor(timeMs: number): Promise<void> {
    const { options, storage } = this.#parts;
    const deadline = new AbortController();
    const timer = options.clock.after(timeMs, () => deadline.abort(new Error('time is over')));
    const { sequence } = storage.journal.head();
    await storage.drain.waitForCommit(sequence, deadline.signal).catch((error: unknown) => {
      options.log.info('server.leftInJournal', { error, sequence });
    });
    timer.cancel();
  }

  async #listen(): Promise<Listener> {
    const { options, composition } = this.#parts;
    const { config, metrics, log, clock } = options;
    const operations: OperationsOptions = {
      health: this.#parts.health,
      unreadiness: () => this.#unreadiness(),
      version: options.version,
    };
    try {
      const certificates = readCertificates(config);
      this.#listener = await listen({
        host: config.host,
        port: config.port,
        ...(certificates === undefined ? {} : { tls: certificates }),
        handler: createDispatch({ ...composition.routing, operations, clock }),
        onRefused: (refusal) => this.#recordRefusal(refusal),
        limits: config,
        log,
        metrics,
        clock,
      });
      if (certificates !== undefined) this.#watchCertificates(this.#listener, certificates);
      return this.#listener;
    } catch (error) {
      throw explainListening(error, config);
    }
  }

  #watchCertificates(listener: Listener, inUse: Certificates) {
    const { config, clock, log } = this.#parts.options;
    const renew = (certificates: Certificates) => listener.renewTls(certificates);
    this.#certificateWatch = new CertificateWatch({ paths: config, inUse, renew, clock, log });
    this.#certificateWatch.start();
  }

  #unreadiness(): string | undefined {
    if (this.#parts.stopping.signal.aborted) return 'stopping';
    return this.owned === undefined ? 'starting' : undefined;
  }

  /** Bytes that are no HTTP name no caller and no operation, and still somebody sent them. */
  #recordRefusal({ peerAddress, status, reason }: Refusal) {
    const { options, composition } = this.#parts;
    const { config, clock, log } = options;
    const draft: EventDraft = {
      userIdentity: { type: 'Unknown' },
      eventTime: eventTime(clock.now()),
      eventSource: OPENTRAIL_SOURCE,
      eventName: 'UnreadableRequest',
      awsRegion: config.region,
      sourceIPAddress: peerAddress,
      errorCode: status === 0 ? 'ConnectionClosed' : `Http${status}`,
      errorMessage: reason,
      requestParameters: null,
      responseElements: null,
      readOnly: true,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: config.account,
      eventCategory: 'Management',
    };
    composition.recorder.record(draft, { verification: 'none' }).catch((error: unknown) => {
      // Counted by the recorder as a refusal, like every event that has no room.
      log.debug('server.refusalUnrecorded', { error });
    });
  }

  #keepAlive() {
    const { directory, options } = this.#parts;
    void directory.touch(options.clock.now());
    this.#alive = options.clock.after(ALIVE_INTERVAL_MS, () => this.#keepAlive());
  }
}

function refuseSelfCalls({ config, environment }: ServerOptions, port: number) {
  if (port === 0) return;
  const endpoints = config.upstreams.flatMap(({ service, url }) => {
    const where = service === '*' ? '--upstream' : `--upstream ${service}`;
    return url === undefined
      ? []
      : [{ where, url, remedy: 'name the endpoint behind it, or another --port' }];
  });
  const problems = findSelfCalls({ host: config.host, port, environment, endpoints });
  if (problems.length > 0) throw new ConfigError(problems);
}

function readCertificates({ tlsCert, tlsKey, tlsClientCa }: Config): Certificates | undefined {
  if (tlsCert === undefined || tlsKey === undefined) return undefined;
  return {
    cert: readPem(tlsCert),
    key: readPem(tlsKey),
    ...(tlsClientCa === undefined ? {} : { clientCa: readPem(tlsClientCa) }),
  };
}

function readPem(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new ConfigError([`${path}: cannot be read: ${(error as Error).message}`]);
  }
}

async function bindMetrics(metrics: PrometheusMetrics, port: number) {
  try {
    return await serveMetrics(metrics, port);
  } catch (error) {
    throw explainPort(error, `127.0.0.1:${port}`, '--metrics-port');
  }
}

function explainListening(error: unknown, config: Config): unknown {
  if (error instanceof ConfigError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code?.startsWith('ERR_OSSL') || code?.startsWith('ERR_TLS')) {
    return new ConfigError([`--tls-cert, --tls-key or --tls-client-ca cannot be used: ${message}`]);
  }
  return explainPort(error, `${config.host}:${config.port}`, '--port');
}

function explainPort(error: unknown, address: string, option: string): unknown {
  const { code } = error as NodeJS.ErrnoException;
  switch (code) {
    case 'EADDRINUSE':
      return new ConfigError([
        `${address} is taken by another program: stop it, or choose another with ${option}`,
      ]);
    case 'EACCES':
      return new ConfigError([
        `${address} may not be used by this user: choose one above 1023 with ${option}`,
      ]);
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ConfigError([`${address} is no address of this machine: choose another with --host`]);
    default:
      return error;
  }
}
