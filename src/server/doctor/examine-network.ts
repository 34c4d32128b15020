import { createServer } from 'node:net';
import type { Config } from '../config-options.ts';
import { type DataPaths, readServerFacts } from '../data-directory.ts';
import type { Alarm } from '../health-monitor.ts';
import { systemClock } from '../system/system-clock.ts';
import type { DoctorFinding } from './finding.ts';

const TIMEOUT_MS = 3_000;
/** What a connection fails with where TLS is spoken: an unknown authority, or a certificate of the client that is missing. */
const TLS_FAILURE = /CERT|^ERR_(?:SSL|TLS)_|^UND_ERR_SOCKET$|^ECONNRESET$/;
/** SigV4 refuses more than five minutes; a minute is a clock that runs away. */
const CLOCK_SKEW_MS_MAX = 60_000;

/** Where the server of this data folder said that it is, else where the configuration says. */
export function runningUrl(paths: DataPaths, config: Config): string {
  const scheme = config.tlsCert === undefined ? 'http' : 'https';
  const host = config.host === '0.0.0.0' ? '127.0.0.1' : config.host === '::' ? '::1' : config.host;
  const bracketed = host.includes(':') ? `[${host}]` : host;
  return readServerFacts(paths)?.url ?? `${scheme}://${bracketed}:${config.port}`;
}

/** Asks `/healthz`: whether there is a server, and which alarms it has. */
export async function examineServer(
  url: string,
): Promise<{ isRunning: boolean; clockSkewMs: number | undefined; findings: DoctorFinding[] }> {
  const subject = 'server';
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    const skewMs = Date.parse(response.headers.get('date') ?? '') - systemClock.now();
    const health = (await response.json()) as { status?: string; version?: string; alarms?: Alarm[] };
    if (health.version === undefined) throw new Error('something else than opentrail answers there');
    const findings: DoctorFinding[] = [
      {
        status: 'ok',
        subject,
        message: `version ${health.version} answers on ${url}: ${health.status}`,
        serverUrl: url,
      },
      ...(health.alarms ?? []).map(
        ({ alarm, severity, message }): DoctorFinding => ({
          status: severity === 'failing' ? 'problem' : 'warning',
          subject: `alarm ${alarm}`,
          message,
        }),
      ),
    ];
    return { isRunning: true, clockSkewMs: Number.isNaN(skewMs) ? undefined : skewMs, findings };
  } catch (error) {
    const reason = reasonOf(error);
    if (url.startsWith('https:') && TLS_FAILURE.test(reason)) {
      const message = `one listens on ${url}, but doctor cannot ask it (${reason})`;
      const remedy =
        'export NODE_EXTRA_CA_CERTS with the file of its certificate authority; with --tls-client-ca use ' +
        './opentrail status --client-cert … --client-key …';
      return {
        isRunning: true,
        clockSkewMs: undefined,
        findings: [{ status: 'note', subject, message, remedy }],
      };
    }
    const message = `none answers on ${url} (${reason})`;
    const remedy = 'npm start, or ./opentrail serve';
    return {
      isRunning: false,
      clockSkewMs: undefined,
      findings: [{ status: 'note', subject, message, remedy }],
    };
  }
}

/** Whether a server could listen there. */
export function examinePort(host: string, port: number): Promise<DoctorFinding> {
  const subject = 'port';
  return new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      const isTaken = error.code === 'EADDRINUSE';
      resolve({
        status: 'problem',
        subject,
        message: isTaken
          ? `${host}:${port} is taken by another program`
          : `${host}:${port}: ${error.message}`,
        remedy: isTaken ? 'stop it, or choose another with --port' : 'choose others with --host and --port',
      });
    });
    probe.listen({ host, port }, () => {
      probe.close(() => resolve({ status: 'ok', subject, message: `${host}:${port} is free` }));
    });
  });
}

export function examineClock(serverSkewMs: number | undefined): DoctorFinding {
  const subject = 'clock';
  const now = new Date(systemClock.now()).toISOString();
  if (serverSkewMs === undefined || Math.abs(serverSkewMs) < CLOCK_SKEW_MS_MAX) {
    return {
      status: 'ok',
      subject,
      message: `${now} (signatures are refused when clocks differ by five minutes)`,
    };
  }
  const message = `${now} here, ${Math.round(serverSkewMs / 1_000)} s different on the server`;
  return { status: 'problem', subject, message, remedy: 'set both clocks, with NTP for example' };
}

/** Any answer means that the upstream is there; what it says to an unsigned request is its own affair. */
export async function examineUpstream(service: string, url: URL): Promise<DoctorFinding> {
  const subject = service === '*' ? 'upstream' : `upstream ${service}`;
  // `fetch` has no clear-text HTTP/2; a server of it answers or closes an HTTP/1 request, and both show that it is there.
  const probed = url.href.replace(/^h2c:/, 'http:');
  try {
    const response = await fetch(probed, { signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'manual' });
    return { status: 'ok', subject, message: `${url.origin} answers (status ${response.status})` };
  } catch (error) {
    return {
      status: 'problem',
      subject,
      message: `${url.host} cannot be reached: ${reasonOf(error)}`,
      remedy: 'start it, or correct --upstream; its calls are answered with 502 or 504 until then',
    };
  }
}

function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error) return (cause as NodeJS.ErrnoException).code ?? cause.message;
  return error instanceof Error ? error.message : String(error);
}
