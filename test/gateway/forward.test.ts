import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, it } from 'node:test';
import { type GatewayUnderTest, type GatewayUnderTestOptions, startGateway } from './gateway-under-test.ts';
import {
  answerAlways,
  bodyOf,
  connectRaw,
  exchangeRaw,
  OK,
  type RawUpstream,
  startRawUpstream,
} from './raw-sockets.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

async function gatewayTo(
  upstream: RawUpstream,
  options: Partial<GatewayUnderTestOptions> = {},
): Promise<GatewayUnderTest> {
  const gateway = await startGateway({ upstream: upstream.url, ...options });
  cleanups.push(
    () => upstream.close(),
    () => gateway.close(),
  );
  return gateway;
}

describe('requests pass unchanged', () => {
  it('keeps target, order, case, repetition and bytes over 0x7f of every end-to-end header', async () => {
    const upstream = await startRawUpstream(answerAlways(OK));
    const { port } = await gatewayTo(upstream);
    const head =
      'GET /a%2Fb//../c+d?x=1&x=%20&Y HTTP/1.1\r\nhOsT: bucket.s3.example:99\r\nX-B: 2\r\nx-a: one\r\n' +
      'X-A:  two words \r\nAUTHORIZATION: AWS4-HMAC-SHA256 Credential=x\r\nX-Bytes: \xe9\xff\r\nX-Empty:\r\n';
    await exchangeRaw(port, `${head}Connection: close\r\n\r\n`);
    const expected = head.replace('X-A:  two words ', 'X-A: two words').replace('X-Empty:', 'X-Empty: ');
    assert.equal(upstream.received[0], `${expected}\r\n`);
  });

  it('takes away hop-by-hop headers and those that Connection names', async () => {
    const upstream = await startRawUpstream(answerAlways(OK));
    const { port } = await gatewayTo(upstream);
    await exchangeRaw(
      port,
      'GET / HTTP/1.1\r\nHost: h\r\nConnection: close, my-hop, Upgrade\r\nMy-Hop: 1\r\nKeep-Alive: timeout=3\r\n' +
        'TE: trailers\r\nUpgrade: websocket\r\nProxy-Connection: close\r\nX-Kept: 1\r\n\r\n',
    );
    assert.equal(upstream.received[0], 'GET / HTTP/1.1\r\nHost: h\r\nX-Kept: 1\r\n\r\n');
  });

  it('adds no framing to a POST without a body', async () => {
    const upstream = await startRawUpstream(answerAlways(OK));
    const { port } = await gatewayTo(upstream);
    await exchangeRaw(port, 'POST /x HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    assert.equal(upstream.received[0], 'POST /x HTTP/1.1\r\nHost: h\r\n\r\n');
  });

  it('passes chunked bodies and their trailers on', async () => {
    const upstream = await startRawUpstream((socket, received) => {
      if (received.includes('\r\n0\r\n') && received.endsWith('\r\n\r\n')) socket.write(OK);
    });
    const { port } = await gatewayTo(upstream);
    const answer = await exchangeRaw(
      port,
      'DELETE /x HTTP/1.1\r\nHost: h\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n' +
        '3;ext=1\r\nxyz\r\n2\r\nuv\r\n0\r\nX-Sum: 9\r\n\r\n',
    );
    assert.equal(bodyOf(answer), 'ok');
    const sent = upstream.received[0] as string;
    assert.match(
      sent,
      /^DELETE \/x HTTP\/1\.1\r\nHost: h\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n/,
    );
    assert.match(bodyOf(sent), /^(?:3\r\nxyz\r\n2\r\nuv\r\n|5\r\nxyzuv\r\n)0\r\nX-Sum: 9\r\n\r\n$/);
  });

  it('keeps connections to the upstream for the next call and pipelined requests in order', async () => {
    let count = 0;
    const upstream = await startRawUpstream((socket, received) => {
      const requests = received.split('\r\n\r\n').length - 1;
      for (; count < requests; count += 1) {
        socket.write(`HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n${count}`);
      }
    });
    const { port } = await gatewayTo(upstream);
    const client = await connectRaw(port);
    client.send('GET /0 HTTP/1.1\r\nHost: h\r\n\r\n');
    await client.until((text) => text.endsWith('\r\n\r\n0'));
    client.send('GET /1 HTTP/1.1\r\nHost: h\r\n\r\n');
    await client.until((text) => text.endsWith('\r\n\r\n1'));
    assert.equal(upstream.received.length, 1);
    client.socket.destroy();
  });

  it('serves HTTP/1.0 callers, with a Host for the upstream and the end of the body told by the close', async () => {
    const upstream = await startRawUpstream(
      answerAlways('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n'),
    );
    const { port } = await gatewayTo(upstream);
    const answer = await exchangeRaw(port, 'GET /old HTTP/1.0\r\nX-A: 1\r\n\r\n');
    assert.equal(bodyOf(answer), 'hi');
    assert.doesNotMatch(answer, /transfer-encoding/i);
    assert.equal(upstream.received[0], `GET /old HTTP/1.1\r\nHost: ${upstream.url.host}\r\nX-A: 1\r\n\r\n`);
  });
});

describe('answers pass unchanged', () => {
  it('keeps status text, order, case and repetition, and adds no Date', async () => {
    const upstream = await startRawUpstream(
      answerAlways(
        'HTTP/1.1 299 Very Odd\r\nx-B: 1\r\nSet-Cookie: a\r\nset-cookie: b\r\nX-A: \xe9\r\nContent-Length: 3\r\n\r\n\x00\xff\x01',
      ),
    );
    const { port } = await gatewayTo(upstream);
    const answer = await exchangeRaw(port, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    assert.equal(
      answer,
      'HTTP/1.1 299 Very Odd\r\nx-B: 1\r\nSet-Cookie: a\r\nset-cookie: b\r\nX-A: \xe9\r\nContent-Length: 3\r\n' +
        'Connection: close\r\n\r\n\x00\xff\x01',
    );
  });

  for (const [name, request, answer, expected] of [
    [
      'HEAD',
      'HEAD',
      'HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n',
      /Content-Length: 1234\r\n(?:.*\r\n)*\r\n$/,
    ],
    ['204', 'DELETE', 'HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n', /^HTTP\/1.1 204 No Content\r\nX-A: 1\r\n/],
    ['304', 'GET', 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\nContent-Length: 9\r\n\r\n', /ETag: "x"\r\n/],
  ] as const) {
    it(`knows that an answer to ${name} has no body`, async () => {
      const upstream = await startRawUpstream(answerAlways(answer));
      const gateway = await gatewayTo(upstream);
      const got = await exchangeRaw(
        gateway.port,
        `${request} / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n`,
      );
      assert.match(got, expected);
      assert.equal(bodyOf(got), '');
      await gateway.gateway.drainPending();
      assert.equal(gateway.recorded[0]?.call.outcome, 'completed');
    });
  }

  it('passes an answer that ends with the connection, and the trailers of a chunked one', async () => {
    const upstream = await startRawUpstream((socket, received) => {
      if (received.includes('GET /close')) socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the end');
      else {
        socket.write('HTTP/1.1 200 OK\r\nTrailer: X-T\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n');
        socket.write('0\r\nX-T: 7\r\n\r\n');
      }
    });
    const { port } = await gatewayTo(upstream);
    const closed = await exchangeRaw(port, 'GET /close HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    assert.match(bodyOf(closed), /^d\r\nuntil the end\r\n0\r\n\r\n$/);
    const chunked = await exchangeRaw(port, 'GET /t HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    assert.match(bodyOf(chunked), /^1\r\na\r\n0\r\nX-T: 7\r\n\r\n$/);
  });

  it('passes every interim answer on before the final one', async () => {
    const upstream = await startRawUpstream(
      answerAlways(
        'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\nX-H: 1\r\n\r\nHTTP/1.1 199 Odd\r\n\r\n' +
          OK,
      ),
    );
    const { port } = await gatewayTo(upstream);
    const answer = await exchangeRaw(port, 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n');
    assert.match(
      answer,
      /^HTTP\/1.1 102 Processing\r\n\r\nHTTP\/1.1 103 Early Hints\r\nLink: <\/a>\r\nX-H: 1\r\n\r\nHTTP\/1.1 199 \w+\r\n\r\nHTTP\/1.1 200 OK/,
    );
  });

  it('hands every event of a stream on at once', async () => {
    const upstream = await startRawUpstream((socket, received) => {
      if (received.endsWith('\r\n\r\n')) {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n');
      }
    });
    const { port } = await gatewayTo(upstream);
    const client = await connectRaw(port);
    client.send('GET /events HTTP/1.1\r\nHost: h\r\n\r\n');
    await client.until((text) => text.includes('\r\n\r\n'));
    for (const event of ['one', 'two', 'three']) {
      upstream.sockets[0]?.write(`${event.length.toString(16)}\r\n${event}\r\n`);
      await client.until((text) => text.includes(event));
    }
    upstream.sockets[0]?.write('0\r\n\r\n');
    await client.until((text) => text.endsWith('0\r\n\r\n'));
    client.socket.destroy();
  });
});

describe('Expect: 100-continue', () => {
  const HEAD =
    'PUT /x HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 7\r\nConnection: close\r\n\r\n';

  it('is answered by the upstream, not here', async () => {
    const upstream = await startRawUpstream((socket, received) => {
      if (received.endsWith('END')) socket.write(OK);
    });
    const { port } = await gatewayTo(upstream);
    const client = await connectRaw(port);
    client.send(HEAD);
    await upstream.seen((received) => received.endsWith('\r\n\r\n'));
    assert.match(upstream.received[0] as string, /Expect: 100-continue\r\n/);
    assert.equal(client.text(), '');
    upstream.sockets[0]?.write('HTTP/1.1 100 Continue\r\n\r\n');
    await client.until((text) => text === 'HTTP/1.1 100 Continue\r\n\r\n');
    client.send('bodyEND');
    assert.match(await client.closed(), /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK\r\n/);
  });

  it('closes the connection when the upstream refuses at once, so that no body is taken for a request', async () => {
    const upstream = await startRawUpstream(
      answerAlways('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'),
    );
    const { port } = await gatewayTo(upstream);
    const answer = await exchangeRaw(port, HEAD.replace('Connection: close\r\n', ''));
    assert.match(answer, /^HTTP\/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno$/);
  });
});

describe('bodies of any size', () => {
  it('streams 50 MB each way with bounded memory, byte for byte, while a slow reader reads', async () => {
    const server = http.createServer((request, response) => {
      response.writeHead(200, { 'content-length': request.headers['content-length'] });
      request.pipe(response);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const upstream = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const gateway = await startGateway({ upstream, captureBytes: 1000 });
    cleanups.push(
      async () => void server.close().closeAllConnections(),
      () => gateway.close(),
    );
    const block = randomBytes(1_048_576);
    const blocks = 50;
    const sent = createHash('sha256');
    const got = createHash('sha256');
    const before = process.memoryUsage().rss;
    let peak = 0;
    await new Promise<void>((resolve, reject) => {
      const size = block.length * blocks;
      const options = { port: gateway.port, method: 'POST', headers: { 'content-length': size } };
      const request = http.request(options, (response) => {
        response.on('data', (chunk) => {
          got.update(chunk);
          peak = Math.max(peak, process.memoryUsage().rss);
          response.pause();
          setImmediate(() => response.resume());
        });
        response.on('end', resolve);
      });
      request.on('error', reject);
      let index = 0;
      const write = (): void => {
        while (index < blocks) {
          index += 1;
          sent.update(block);
          if (!request.write(block)) {
            request.once('drain', write);
            return;
          }
        }
        request.end();
      };
      write();
    });
    assert.equal(got.digest('hex'), sent.digest('hex'));
    assert.ok(peak - before < 150e6, `memory grew by ${peak - before} bytes`);
    await gateway.gateway.drainPending();
    const call = gateway.recorded[0]?.call;
    assert.equal(call?.requestBody.sizeBytes, block.length * blocks);
    assert.equal(call?.requestBody.bytes.length, 1000);
    assert.deepEqual(Buffer.from(call?.requestBody.bytes ?? []), block.subarray(0, 1000));
    assert.equal(call?.requestBody.isTruncated, true);
  });
});
