import { readFile } from 'node:fs/promises';
import type { Clock, Timer } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Config } from './config-options.ts';

/** PEM texts of a listener. */
export interface Certificates {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly clientCa?: Buffer;
}

export type CertificatePaths = Pick<Config, 'tlsCert' | 'tlsKey' | 'tlsClientCa'>;

/** How often the files are compared with what is in use: a renewed certificate is served so long after it was written. */
const CHECK_INTERVAL_MS = 10_000;

/**
 * Serves renewed certificates without a restart: compares the files with what is in use and hands over what changed. Files
 * that cannot be read, or that do not belong together, leave what is in use, and are told in the log once for each change.
 */
export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  #inUse: Certificates;
  #refused: Certificates | undefined;
  #timer: Timer | undefined;
  #isStopped = false;

  constructor(options: CertificateWatchOptions) {
    this.#options = options;
    this.#inUse = options.inUse;
  }

  start(): void {
    if (this.#isStopped) return;
    this.#timer = this.#options.clock.after(CHECK_INTERVAL_MS, () => {
      void this.check().then(() => this.start());
    });
  }

  stop(): void {
    this.#isStopped = true;
    this.#timer?.cancel();
  }

  async check(): Promise<void> {
    const { log, renew } = this.#options;
    let found: Certificates | undefined;
    try {
      found = await readCertificates(this.#options.paths);
      if (isSame(found, this.#inUse) || (this.#refused !== undefined && isSame(found, this.#refused))) return;
      renew(found);
      this.#inUse = found;
      log.info('tls.renewed');
    } catch (error) {
      this.#refused = found;
      log.warn('tls.notRenewed', { reason: error instanceof Error ? error.message : String(error) });
    }
  }
}

export interface CertificateWatchOptions {
  readonly paths: CertificatePaths;
  readonly inUse: Certificates;
  /** Throws for what cannot be used. */
  readonly renew: (certificates: Certificates) => void;
  readonly clock: Clock;
  readonly log: Log;
}

async function readCertificates({ tlsCert, tlsKey, tlsClientCa }: CertificatePaths): Promise<Certificates> {
  const cert = await readFile(tlsCert ?? '');
  const key = await readFile(tlsKey ?? '');
  return { cert, key, ...(tlsClientCa === undefined ? {} : { clientCa: await readFile(tlsClientCa) }) };
}

function isSame(left: Certificates, right: Certificates): boolean {
  const isSameCa =
    left.clientCa === undefined || right.clientCa === undefined
      ? left.clientCa === right.clientCa
      : left.clientCa.equals(right.clientCa);
  return left.cert.equals(right.cert) && left.key.equals(right.key) && isSameCa;
}
