import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { FrontRequest, FrontResponse } from '../record/gateway/exchange.ts';
import type { Alarm } from './health-monitor.ts';
import type { PrometheusMetrics } from './prometheus-metrics.ts';

export interface HealthSource {
  readonly alarms: readonly Alarm[];
}

export interface OperationsOptions {
  readonly health: HealthSource;
  /** Why the server does not take calls at present (`starting`, `stopping`), or undefined. */
  readonly unreadiness: () => string | undefined;
  readonly version: string;
}

/**
 * `/healthz`: 200 with `ok` or `degraded`, 503 with `failing` while events are refused; the alarms with what to do.
 * `/readyz`: 200 when calls are taken, else 503. Returns false for every other path.
 */
export function answerOperations(
  request: FrontRequest,
  response: FrontResponse,
  options: OperationsOptions,
): boolean {
  const path = request.url?.split('?', 1)[0];
  if (path !== '/healthz' && path !== '/readyz') return false;
  request.resume();
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    answer(request, response, 405, { message: `${path} is read with GET` });
  } else if (path === '/healthz') {
    const { alarms } = options.health;
    const isFailing = alarms.some(({ severity }) => severity === 'failing');
    const status = isFailing ? 'failing' : alarms.length > 0 ? 'degraded' : 'ok';
    answer(request, response, isFailing ? 503 : 200, { status, version: options.version, alarms });
  } else {
    const reason = options.unreadiness();
    const body = reason === undefined ? { status: 'ready' } : { status: reason };
    answer(request, response, reason === undefined ? 200 : 503, body);
  }
  return true;
}

function answer(request: FrontRequest, response: FrontResponse, status: number, body: object) {
  const bytes = Buffer.from(`${JSON.stringify(body)}\n`);
  response.statusCode = status;
  response.setHeader('content-type', 'application/json');
  response.setHeader('content-length', bytes.length);
  response.setHeader('cache-control', 'no-store');
  if (request.method === 'HEAD') response.end();
  else response.end(bytes);
}

/** Serves `/metrics` on the loopback address. Rejects with the system's error when the port is taken. */
export async function serveMetrics(
  metrics: PrometheusMetrics,
  port: number,
): Promise<{ readonly port: number; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    if (request.url?.split('?', 1)[0] !== '/metrics') {
      response.writeHead(404).end();
      return;
    }
    metrics.render().then(
      (text) => response.writeHead(200, { 'content-type': metrics.contentType }).end(text),
      (error: Error) => response.writeHead(500).end(`${error.message}\n`),
    );
  });
  await bind(server, port);
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function bind(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host: '127.0.0.1', port }, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
