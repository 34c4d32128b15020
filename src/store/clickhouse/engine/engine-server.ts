import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type EngineLane, LANE_HEADER } from './engine-options.ts';
import type { SessionLanes } from './session-lanes.ts';

/** A statement is small: event bytes never travel in one. */
const STATEMENT_BYTES_MAX = 8 * 1024 * 1024;

/** Settings of the HTTP interface, which mean nothing here because every answer is complete before it is sent. */
const IGNORED_PARAMETERS = new Set([
  'query_id',
  'database',
  'wait_end_of_query',
  'enable_http_compression',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'cancel_http_readonly_queries_on_client_close',
]);

/**
 * As much of ClickHouse's HTTP interface as `@clickhouse/client` needs: `GET /ping`, and `POST /` with the statement as
 * body. Settings belong into the statement, parameters are bound by the caller; what is not understood is refused.
 * A client that goes away stops its statement, as `cancel_http_readonly_queries_on_client_close` does on a server;
 * inserts run to their end, because half an insert must never be.
 */
export function createEngineServer(lanes: SessionLanes): Server {
  const server = createServer((request, response) => {
    answer(lanes, request, response).catch((error: unknown) => sendError(response, error));
  });
  // The client keeps its connections; one closed just when it sends would look like a dead engine.
  server.keepAliveTimeout = 0;
  server.requestTimeout = 0;
  return server;
}

async function answer(lanes: SessionLanes, request: IncomingMessage, response: ServerResponse) {
  const url = new URL(request.url ?? '/', 'http://engine');
  if (request.method === 'GET' && url.pathname === '/ping') {
    await lanes.run('control', 'SELECT 1');
    response.end('Ok.\n');
    return;
  }
  if (request.method !== 'POST' || url.pathname !== '/') {
    throw new Error(`Code: 48. DB::Exception: ${request.method} ${url.pathname} (NOT_IMPLEMENTED)`);
  }
  for (const name of url.searchParams.keys()) {
    if (!IGNORED_PARAMETERS.has(name)) {
      throw new Error(`Code: 115. DB::Exception: write ${name} into the statement (UNKNOWN_SETTING)`);
    }
  }
  const sql = await readStatement(request);
  const lane = readLane(request);
  const aborted = new AbortController();
  if (lane !== 'insert') response.once('close', () => aborted.abort());
  if (lane === 'stream') {
    await streamResult(lanes, sql, response, aborted.signal);
    return;
  }
  const result = await lanes.run(lane, sql, aborted.signal);
  response.setHeader('x-clickhouse-query-id', url.searchParams.get('query_id') ?? '');
  response.setHeader('x-clickhouse-summary', JSON.stringify({ read_rows: String(result.rowsRead) }));
  response.end(result.bytes());
}

async function streamResult(lanes: SessionLanes, sql: string, response: ServerResponse, signal: AbortSignal) {
  await lanes.stream(
    sql,
    async (bytes) => {
      if (response.write(bytes) || signal.aborted) return;
      await new Promise<void>((resolve) => {
        response.once('drain', resolve);
        response.once('close', resolve);
      });
    },
    signal,
  );
  response.end();
}

function readLane(request: IncomingMessage): EngineLane {
  const lane = request.headers[LANE_HEADER];
  return lane === 'insert' || lane === 'scan' || lane === 'stream' ? lane : 'lookup';
}

async function readStatement(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > STATEMENT_BYTES_MAX) {
      throw new Error(`Code: 62. DB::Exception: statement above ${STATEMENT_BYTES_MAX} bytes (SYNTAX_ERROR)`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function sendError(response: ServerResponse, error: unknown) {
  const message = error instanceof Error ? error.message : String(error);
  // After the first chunk only a broken connection can tell that the rest is missing.
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = 500;
  response.setHeader('x-clickhouse-exception-code', /Code: (\d+)/.exec(message)?.[1] ?? '1001');
  response.end(message);
}
