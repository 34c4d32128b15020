/**
 * The load generator of the gateway bench, in a process of its own: prepared bytes on plain sockets, so that it costs far
 * less than what it measures. One order in by message, one result out.
 */
import net from 'node:net';

export interface LoadOrder {
  readonly port: number;
  /** Head of the request and size of its body. */
  readonly head: string;
  readonly bodyText: string;
  /** A body of this many bytes instead of `bodyText` when it is not 0. */
  readonly bodyBytes: number;
  readonly connections: number;
  readonly durationMs: number;
  /** Requests a second at fixed times, answered or not; 0 = each connection sends when it is answered. */
  readonly ratePerSecond: number;
}

export interface LoadResult {
  readonly answersCount: number;
  readonly failuresCount: number;
  readonly elapsedMs: number;
  /** From the time at which a request was due to the end of its answer; milliseconds. */
  readonly latenciesMs: readonly number[];
}

class Connection {
  readonly #socket: net.Socket;
  readonly #done: (isOk: boolean) => void;
  #head = '';
  #remaining = -1;
  #isOk = false;

  constructor(port: number, done: (isOk: boolean) => void) {
    this.#done = done;
    this.#socket = net.connect({ port, host: '127.0.0.1', noDelay: true });
    this.#socket.on('data', (chunk) => this.#take(chunk));
    this.#socket.on('error', () => done(false));
  }

  send(request: readonly Buffer[]): void {
    for (const part of request) this.#socket.write(part);
  }

  close(): void {
    this.#socket.destroy();
  }

  #take(chunk: Buffer): void {
    let bytes = chunk.length;
    if (this.#remaining < 0) {
      const before = this.#head.length;
      this.#head += chunk.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const length = /content-length: (\d+)/i.exec(this.#head.slice(0, end))?.[1];
      this.#isOk = this.#head.startsWith('HTTP/1.1 200') && length !== undefined;
      this.#remaining = Number(length ?? 0);
      bytes = chunk.length - (end + 4 - before);
      this.#head = '';
    }
    this.#remaining -= bytes;
    if (this.#remaining > 0) return;
    this.#remaining = -1;
    this.#done(this.#isOk);
  }
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const body = order.bodyBytes > 0 ? Buffer.alloc(order.bodyBytes, 'x') : Buffer.from(order.bodyText);
  const head = Buffer.from(order.head, 'latin1');
  const request = body.length > 65_536 ? [head, body] : [Buffer.concat([head, body])];
  const latenciesMs: number[] = [];
  let failuresCount = 0;
  const start = performance.now();
  const endMs = start + order.durationMs;
  await (order.ratePerSecond > 0 ? openLoop() : closedLoop());
  return {
    answersCount: latenciesMs.length,
    failuresCount,
    elapsedMs: performance.now() - start,
    latenciesMs,
  };

  function closedLoop(): Promise<unknown> {
    const one = (): Promise<void> =>
      new Promise((resolve) => {
        let sentMs = performance.now();
        const connection = new Connection(order.port, (isOk) => {
          const nowMs = performance.now();
          if (isOk) latenciesMs.push(nowMs - sentMs);
          else failuresCount += 1;
          if (nowMs >= endMs || !isOk) {
            connection.close();
            resolve();
            return;
          }
          sentMs = nowMs;
          connection.send(request);
        });
        connection.send(request);
      });
    return Promise.all(Array.from({ length: order.connections }, one));
  }

  async function openLoop(): Promise<void> {
    const free: Connection[] = [];
    const dueTimes = new Map<Connection, number>();
    const all: Connection[] = [];
    const waiting: number[] = [];
    const dispatch = (connection: Connection, dueMs: number): void => {
      dueTimes.set(connection, dueMs);
      connection.send(request);
    };
    for (let index = 0; index < order.connections; index += 1) {
      const connection: Connection = new Connection(order.port, (isOk) => {
        if (isOk) latenciesMs.push(performance.now() - (dueTimes.get(connection) as number));
        else failuresCount += 1;
        const next = waiting.shift();
        if (next === undefined) free.push(connection);
        else dispatch(connection, next);
      });
      free.push(connection);
      all.push(connection);
    }
    let sent = 0;
    while (performance.now() < endMs) {
      const due = Math.floor(((performance.now() - start) * order.ratePerSecond) / 1000);
      for (; sent < due; sent += 1) {
        const dueMs = start + (sent * 1000) / order.ratePerSecond;
        const connection = free.pop();
        if (connection === undefined) waiting.push(dueMs);
        else dispatch(connection, dueMs);
      }
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    while (free.length + failuresCount < order.connections && performance.now() < endMs + 5_000) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    for (const connection of all) connection.close();
  }
}

process.on('message', (order: LoadOrder) => {
  void run(order).then((result) => process.send?.(result));
});
process.on('disconnect', () => process.exit(0));
