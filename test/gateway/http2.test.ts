import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, before, describe, it } from 'node:test';
import { type GatewayUnderTestOptions, startGateway } from './gateway-under-test.ts';
import { answerAlways, bodyOf, OK, rawClient, startRawUpstream } from './raw-sockets.ts';

const REPEATED_FIELDS = { strictSingleValueFields: false };
const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

let tlsFiles: { readonly cert: string; readonly key: string };
before(() => {
  const folder = mkdtempSync(join(tmpdir(), 'opentrail-tls-'));
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  execFileSync(
    'openssl',
    `req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 -out ${cert} -keyout ${key}`.split(
      ' ',
    ),
    { stdio: 'ignore' },
  );
  tlsFiles = { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
  rmSync(folder, { recursive: true });
});

async function gatewayWith(options: GatewayUnderTestOptions) {
  const gateway = await startGateway(options);
  cleanups.push(() => gateway.close());
  return gateway;
}

async function connectHttp2(url: string): Promise<http2.ClientHttp2Session> {
  const session = http2.connect(url, {
    rejectUnauthorized: false,
    maxSessionMemory: 100,
    ...REPEATED_FIELDS,
  });
  cleanups.push(async () => session.destroy());
  await new Promise<void>((resolve, reject) => {
    session.once('connect', () => resolve());
    session.once('error', reject);
  });
  return session;
}

interface Answer {
  readonly headers: string[];
  readonly body: string;
  readonly trailers: string[];
  readonly interim: string[][];
}

function answerOf(stream: http2.ClientHttp2Stream): Promise<Answer> {
  return new Promise((resolve, reject) => {
    let headers: string[] = [];
    let trailers: string[] = [];
    const interim: string[][] = [];
    let body = '';
    stream.on('headers', (_headers, _flags, raw: string[]) => void interim.push(raw));
    stream.on('response', (_headers, _flags, raw?: string[]) => {
      headers = raw ?? [];
    });
    stream.on('trailers', (_headers, _flags, raw?: string[]) => {
      trailers = raw ?? [];
    });
    stream.on('data', (chunk) => {
      body += chunk;
    });
    stream.on('error', reject);
    stream.on('close', () => resolve({ headers, body, trailers, interim }));
  });
}

async function startHttp2Upstream(
  onStream: (stream: http2.ServerHttp2Stream, raw: string[]) => void,
  isTls: boolean,
) {
  const server = (isTls ? http2.createSecureServer(tlsFiles) : http2.createServer()) as http2.Http2Server;
  server.on('stream', (stream, _headers, _flags, raw: string[]) => {
    stream.on('error', () => {});
    onStream(stream, raw);
  });
  const sessions = new Set<http2.ServerHttp2Session>();
  server.on('session', (session) => void sessions.add(session));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => {
    for (const session of sessions) session.destroy();
    server.close();
  });
  return new URL(`${isTls ? 'https' : 'h2c'}://127.0.0.1:${(server.address() as AddressInfo).port}`);
}

describe('HTTP/2 callers of an HTTP/1.1 upstream', () => {
  it('become HTTP/1.1 requests: Host from :authority, cookies joined, other headers in order', async () => {
    const upstream = await startRawUpstream(answerAlways(OK));
    const gateway = await gatewayWith({ upstream: upstream.url });
    cleanups.push(() => upstream.close());
    const session = await connectHttp2(`http://127.0.0.1:${gateway.port}`);
    const stream = session.request(
      [
        ':method',
        'POST',
        ':path',
        '/a?b',
        ':scheme',
        'http',
        ':authority',
        'svc.example',
        'x-b',
        '1',
        'cookie',
        'a=1',
        'x-a',
        '2',
        'cookie',
        'b=2',
        'x-b',
        '3',
        'te',
        'trailers',
        'content-length',
        '3',
      ],
      { endStream: false },
    );
    stream.end('END');
    const answer = await answerOf(stream);
    assert.deepEqual(answer.headers, [':status', '200', 'content-length', '2']);
    assert.equal(answer.body, 'ok');
    assert.equal(
      upstream.received[0],
      'POST /a?b HTTP/1.1\r\nhost: svc.example\r\nx-b: 1\r\ncookie: a=1; b=2\r\nx-a: 2\r\nx-b: 3\r\ncontent-length: 3\r\n\r\nEND',
    );
    await gateway.gateway.drainPending();
    assert.equal(gateway.recorded[0]?.call.head.httpVersion, '2.0');
  });

  it('get trailers, interim answers and the break of an upstream', async () => {
    const upstream = await startRawUpstream((socket, received) => {
      if (received.includes('/break')) {
        socket.end('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
      } else {
        socket.write(
          'HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-T: 1\r\n\r\n',
        );
      }
    });
    const gateway = await gatewayWith({ upstream: upstream.url });
    cleanups.push(() => upstream.close());
    const session = await connectHttp2(`http://127.0.0.1:${gateway.port}`);
    const answer = await answerOf(session.request({ ':path': '/' }));
    assert.deepEqual(answer.interim, [[':status', '103', 'link', '</a>']]);
    assert.deepEqual([answer.body, answer.trailers], ['ok', ['x-t', '1']]);
    await assert.rejects(answerOf(session.request({ ':path': '/break' })));
    await gateway.gateway.drainPending();
    assert.equal(gateway.recorded[1]?.call.outcome, 'upstreamAborted');
  });

  it('get repeated headers repeated', async () => {
    const upstream = await startRawUpstream(
      answerAlways('HTTP/1.1 200 OK\r\nContent-Type: a\r\nContent-Type: b\r\nContent-Length: 2\r\n\r\nok'),
    );
    const gateway = await gatewayWith({ upstream: upstream.url });
    cleanups.push(() => upstream.close());
    const session = await connectHttp2(`http://127.0.0.1:${gateway.port}`);
    const twice = await answerOf(session.request({ ':path': '/twice' }));
    assert.deepEqual(twice.headers.slice(2, 6), ['content-type', 'a', 'content-type', 'b']);
  });

  it('send and get bodies of 20 MB, byte for byte', async () => {
    const server = http.createServer((request, response) => {
      response.writeHead(200, { 'content-length': request.headers['content-length'] });
      request.pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(async () => void server.close().closeAllConnections());
    const upstream = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const gateway = await gatewayWith({ upstream });
    const session = await connectHttp2(`http://127.0.0.1:${gateway.port}`);
    const content = randomBytes(20 * 1_048_576);
    const stream = session.request({
      ':path': '/',
      ':method': 'POST',
      'content-length': content.length,
    });
    const chunks: Buffer[] = [];
    stream.on('data', (chunk) => void chunks.push(chunk));
    stream.end(content);
    await new Promise((resolve) => stream.on('close', resolve));
    assert.ok(Buffer.concat(chunks).equals(content));
  });

  it('that reset their stream break the upstream call off', async () => {
    const upstream = await startRawUpstream((socket, received) => {
      if (received.endsWith('\r\n\r\n')) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
    });
    const gateway = await gatewayWith({ upstream: upstream.url });
    cleanups.push(() => upstream.close());
    const session = await connectHttp2(`http://127.0.0.1:${gateway.port}`);
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => {});
    await new Promise((resolve) => stream.once('data', resolve));
    stream.close(http2.constants.NGHTTP2_CANCEL);
    await upstream.closed(0);
    while (gateway.recorded.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(gateway.recorded[0]?.call.outcome, 'clientAborted');
  });
});

for (const isTls of [false, true]) {
  describe(`HTTP/2 on both sides, ${isTls ? 'TLS' : 'clear text'}`, () => {
    const secured = (): Partial<GatewayUnderTestOptions> =>
      isTls ? { tls: tlsFiles, upstreamCa: tlsFiles.cert } : {};
    const front = (port: number): string => `${isTls ? 'https://localhost' : 'http://127.0.0.1'}:${port}`;

    it('keeps headers in order and repetition, te: trailers, and trailers both ways', async () => {
      let seen: string[] = [];
      let requestTrailers: unknown;
      const upstream = await startHttp2Upstream((stream, raw) => {
        seen = raw;
        stream.on('trailers', (trailers) => {
          requestTrailers = trailers['x-sum'];
        });
        stream.resume();
        stream.on('end', () => {
          stream.respond([':status', '201', 'x-b', '1', 'x-a', '2', 'x-b', '3'], { waitForTrailers: true });
          stream.on('wantTrailers', () => stream.sendTrailers({ 'x-t': '9' }));
          stream.end('done');
        });
      }, isTls);
      const gateway = await gatewayWith({ upstream, ...secured() });
      const session = await connectHttp2(front(gateway.port));
      const stream = session.request(
        [
          ':method',
          'POST',
          ':path',
          '/x',
          ':scheme',
          isTls ? 'https' : 'http',
          ':authority',
          'svc',
          'x-b',
          '1',
          'x-a',
          '2',
          'x-b',
          '3',
          'content-type',
          'a',
          'content-type',
          'b',
          'te',
          'trailers',
        ],
        { waitForTrailers: true, endStream: false },
      );
      stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
      stream.end('body');
      const answer = await answerOf(stream);
      assert.deepEqual(seen.slice(8), [
        ...['x-b', '1', 'x-a', '2', 'x-b', '3', 'content-type', 'a', 'content-type', 'b'],
        ...['te', 'trailers'],
      ]);
      assert.ok(seen.join(' ').includes(':authority svc'));
      assert.equal(requestTrailers, '7');
      assert.deepEqual(answer.headers.slice(0, 8), [':status', '201', 'x-b', '1', 'x-a', '2', 'x-b', '3']);
      assert.deepEqual([answer.body, answer.trailers], ['done', ['x-t', '9']]);
      await gateway.gateway.drainPending();
      assert.equal(gateway.recorded[0]?.call.head.tls?.version, isTls ? 'TLSv1.3' : undefined);
    });

    it('carries a conversation of events in both directions at once', async () => {
      const upstream = await startHttp2Upstream((stream) => {
        stream.respond([':status', '200']);
        stream.on('data', (chunk) => stream.write(`<${chunk}>`));
        stream.on('end', () => stream.end());
      }, isTls);
      const gateway = await gatewayWith({ upstream, ...secured() });
      const session = await connectHttp2(front(gateway.port));
      const stream = session.request({ ':path': '/', ':method': 'POST' });
      const done = answerOf(stream);
      for (const event of ['a', 'b', 'c']) {
        const echoed = new Promise<string>((resolve) =>
          stream.once('data', (chunk) => resolve(String(chunk))),
        );
        stream.write(event);
        assert.equal(await echoed, `<${event}>`);
      }
      stream.end();
      assert.equal((await done).body, '<a><b><c>');
    });
  });
}

describe('TLS', () => {
  it('serves HTTP/1.1 on the same port, with its details, and speaks HTTP/1.1 to an upstream without HTTP/2', async () => {
    const server = https.createServer(tlsFiles, (_request, response) => response.end('secure'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(async () => void server.close().closeAllConnections());
    const upstream = new URL(`https://localhost:${(server.address() as AddressInfo).port}`);
    const gateway = await gatewayWith({ upstream, tls: tlsFiles, upstreamCa: tlsFiles.cert });
    const body = await new Promise<string>((resolve, reject) => {
      const options = { port: gateway.port, host: '127.0.0.1', rejectUnauthorized: false, agent: false };
      const request = https.get(options, (response) => {
        let text = '';
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.on('end', () => resolve(text));
      });
      request.on('error', reject);
    });
    assert.equal(body, 'secure');
    const session = await connectHttp2(`https://localhost:${gateway.port}`);
    assert.equal((await answerOf(session.request({ ':path': '/' }))).body, 'secure');
    await gateway.gateway.drainPending();
    assert.match(gateway.recorded[0]?.call.head.tls?.cipherSuite ?? '', /^TLS_/);
  });

  it('does not forward to an upstream whose certificate is not trusted', async () => {
    const server = https.createServer(tlsFiles, (_request, response) => response.end('secret'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(async () => void server.close().closeAllConnections());
    const upstream = new URL(`https://localhost:${(server.address() as AddressInfo).port}`);
    const gateway = await gatewayWith({ upstream });
    const response = await fetch(`http://127.0.0.1:${gateway.port}/`);
    assert.equal(response.status, 502);
    assert.match(await response.text(), /SELF_SIGNED|self-signed/i);
  });
});

describe('closing the listener', () => {
  it('lets a call under way finish and takes no new one', async () => {
    const held = Promise.withResolvers<void>();
    const server = http.createServer(
      (_request, response) => void held.promise.then(() => response.end('late')),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(async () => void server.close().closeAllConnections());
    const upstream = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const gateway = await gatewayWith({ upstream });
    const { connect } = await import('node:net');
    const client = rawClient(connect({ port: gateway.port, host: '127.0.0.1' }));
    const arrived = new Promise((resolve) => server.once('request', resolve));
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await arrived;
    const closing = gateway.listener.close(5_000);
    await assert.rejects(fetch(`http://127.0.0.1:${gateway.port}/`));
    held.resolve();
    assert.match(bodyOf(await client.closed()), /late/);
    await closing;
  });

  it('breaks off what has not finished within its bound', async () => {
    const upstream = await startRawUpstream(() => {});
    cleanups.push(() => upstream.close());
    const gateway = await gatewayWith({ upstream: upstream.url });
    const session = await connectHttp2(`http://127.0.0.1:${gateway.port}`);
    const stream = session.request({ ':path': '/' });
    stream.on('error', () => {});
    session.on('error', () => {});
    await upstream.seen((received) => received.includes('GET /'));
    await gateway.listener.close(50);
    if (!stream.closed) await new Promise((resolve) => stream.once('close', resolve));
    await gateway.gateway.drainPending();
    assert.equal(gateway.recorded.length, 1);
  });
});
