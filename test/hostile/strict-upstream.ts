import net, { type AddressInfo } from 'node:net';

/** An upstream that reads what it gets as strictly as RFC 9112 allows, and keeps what is wrong with it. */
export interface StrictUpstream {
  readonly url: URL;
  /** How many requests came with each marker. */
  readonly seen: Map<string, number>;
  /** What was ambiguous or malformed, with the beginning of the bytes. */
  readonly violations: string[];
  close(): Promise<void>;
}

const REQUEST_LINE = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+ \/[\x21-\x7e\x80-\xff]* HTTP\/1\.1$/;
const FIELD = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+): ?([\t\x20-\x7e\x80-\xff]*)$/;
const ANSWER = 'HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\nContent-Length: 4\r\n\r\n<a/>';

export async function startStrictUpstream(): Promise<StrictUpstream> {
  const seen = new Map<string, number>();
  const violations: string[] = [];
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    let rest = '';
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (chunk) => {
      rest += chunk.toString('latin1');
      for (;;) {
        const taken = takeRequest(rest);
        if (taken === undefined) return;
        if (typeof taken === 'string') {
          violations.push(`${taken}: ${JSON.stringify(rest.slice(0, 300))}`);
          socket.destroy();
          return;
        }
        rest = rest.slice(taken.length);
        seen.set(taken.marker, (seen.get(taken.marker) ?? 0) + 1);
        socket.write(ANSWER);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    seen,
    violations,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A whole request at the beginning of the bytes; undefined when it is not complete, or what is wrong with it. */
function takeRequest(
  bytes: string,
): { readonly length: number; readonly marker: string } | string | undefined {
  const end = bytes.indexOf('\r\n\r\n');
  if (end < 0) return bytes.includes('\n') && /(^|[^\r])\n/.test(bytes) ? 'a bare line feed' : undefined;
  const lines = bytes.slice(0, end).split('\r\n');
  if (!REQUEST_LINE.test(lines[0] as string)) return 'a malformed request line';
  const values = new Map<string, string[]>();
  for (const line of lines.slice(1)) {
    const field = FIELD.exec(line);
    if (field === null) return `a malformed header ${JSON.stringify(line.slice(0, 80))}`;
    const name = (field[1] as string).toLowerCase();
    values.set(name, [...(values.get(name) ?? []), field[2] as string]);
  }
  const wrong = checkFields(values);
  if (wrong !== undefined) return wrong;
  const marker = values.get('x-marker')?.[0] ?? 'none';
  const size = bodySize(bytes.slice(end + 4), values);
  return typeof size === 'number' ? { length: end + 4 + size, marker } : size;
}

function checkFields(values: ReadonlyMap<string, readonly string[]>): string | undefined {
  if (values.get('host')?.length !== 1) return 'not exactly one Host';
  const lengths = values.get('content-length') ?? [];
  const codings = values.get('transfer-encoding') ?? [];
  if (lengths.length > 1 || codings.length > 1) return 'repeated framing';
  if (lengths.length + codings.length > 1) return 'Content-Length beside Transfer-Encoding';
  if (lengths.length === 1 && !/^\d{1,15}$/.test(lengths[0] as string)) return 'a malformed Content-Length';
  if (codings.length === 1 && codings[0] !== 'chunked') return 'another Transfer-Encoding than chunked';
  if (values.has('connection') || values.has('upgrade') || values.has('te')) return 'a hop-by-hop header';
  return undefined;
}

function bodySize(body: string, values: ReadonlyMap<string, readonly string[]>): number | string | undefined {
  const length = values.get('content-length')?.[0];
  if (length !== undefined) return body.length >= Number(length) ? Number(length) : undefined;
  if (!values.has('transfer-encoding')) return 0;
  let at = 0;
  for (;;) {
    const end = body.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const size = body.slice(at, end);
    if (!/^[0-9a-f]{1,8}$/.test(size)) return `a malformed chunk size ${JSON.stringify(size.slice(0, 40))}`;
    at = end + 2 + Number.parseInt(size, 16);
    if (size === '0') break;
    if (body.length < at + 2) return undefined;
    if (body.slice(at, at + 2) !== '\r\n') return 'a chunk that is longer than its size';
    at += 2;
  }
  for (;;) {
    const end = body.indexOf('\r\n', at);
    if (end < 0) return undefined;
    const line = body.slice(at, end);
    at = end + 2;
    if (line === '') return at;
    if (!FIELD.test(line)) return `a malformed trailer ${JSON.stringify(line.slice(0, 80))}`;
  }
}
