import net, { type AddressInfo, type Socket } from 'node:net';

/** An upstream that answers with exact bytes and keeps the exact bytes that it got, connection by connection. */
export interface RawUpstream {
  readonly url: URL;
  /** What each connection has sent so far, one byte a character. */
  readonly received: string[];
  readonly sockets: Socket[];
  /** Resolves when some connection has sent what the predicate looks for. */
  seen(predicate: (received: string) => boolean): Promise<void>;
  /** Resolves when the connection with this index has closed. */
  closed(index: number): Promise<void>;
  close(): Promise<void>;
}

export async function startRawUpstream(
  onData: (socket: Socket, received: string, index: number) => void,
): Promise<RawUpstream> {
  const received: string[] = [];
  const sockets: Socket[] = [];
  const watchers = new Set<() => void>();
  const server = net.createServer((socket) => {
    const index = received.push('') - 1;
    sockets.push(socket);
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const watch of watchers) watch();
    });
    socket.on('data', (chunk) => {
      received[index] += chunk.toString('latin1');
      for (const watch of watchers) watch();
      onData(socket, received[index] as string, index);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const until = (condition: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const watch = (): void => {
        if (!condition()) return;
        watchers.delete(watch);
        resolve();
      };
      watchers.add(watch);
      watch();
    });
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    received,
    sockets,
    seen: (predicate) => until(() => received.some(predicate)),
    closed: (index) => until(() => sockets[index]?.destroyed === true),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A client on a plain socket. */
export interface RawClient {
  readonly socket: Socket;
  /** Everything that was received, one byte a character. */
  text(): string;
  send(data: string | Uint8Array): void;
  /** Resolves with what was received when the predicate holds; rejects when the connection ends before. */
  until(predicate: (text: string) => boolean): Promise<string>;
  closed(): Promise<string>;
}

export async function connectRaw(port: number): Promise<RawClient> {
  const socket = net.connect({ port, host: '127.0.0.1' });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return rawClient(socket);
}

export function rawClient(socket: Socket): RawClient {
  const chunks: Buffer[] = [];
  let isClosed = false;
  const watchers = new Set<() => void>();
  const wake = (): void => {
    for (const watch of watchers) watch();
  };
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    wake();
  });
  socket.on('error', () => {});
  socket.on('close', () => {
    isClosed = true;
    wake();
  });
  const text = (): string => Buffer.concat(chunks).toString('latin1');
  const wait = (check: () => boolean): Promise<string> =>
    new Promise((resolve, reject) => {
      const watch = (): void => {
        const isDone = check();
        if (!isDone && !isClosed) return;
        watchers.delete(watch);
        if (isDone) resolve(text());
        else reject(new Error(`the connection closed after: ${text().slice(0, 500)}`));
      };
      watchers.add(watch);
      watch();
    });
  return {
    socket,
    text,
    send: (data) => {
      if (typeof data === 'string') socket.write(data, 'latin1');
      else socket.write(data);
    },
    until: (predicate) => wait(() => predicate(text())),
    closed: () => wait(() => isClosed),
  };
}

/** Sends one request and resolves with all bytes until the connection is closed; the request must ask for that. */
export async function exchangeRaw(port: number, request: string): Promise<string> {
  const client = await connectRaw(port);
  client.send(request);
  return client.closed();
}

/** Body of a raw HTTP/1.1 answer after its head. */
export function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

/** Answers every complete request without a body, or with one that ends in `END`, in the same way. */
export function answerAlways(answer: string): (socket: Socket, received: string) => void {
  return (socket, received) => {
    if (received.endsWith('\r\n\r\n') || received.endsWith('END')) socket.write(answer, 'latin1');
  };
}

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
