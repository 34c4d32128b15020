import assert from 'node:assert/strict';
import net, { type AddressInfo } from 'node:net';
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

const GET = 'GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n';
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

async function onlyRecord(gateway: GatewayUnderTest) {
  await gateway.gateway.drainPending();
  assert.equal(gateway.recorded.length, 1);
  return gateway.recorded[0] as NonNullable<(typeof gateway.recorded)[0]>;
}

describe('an upstream that fails', () => {
  it('refuses connections: 502 that says what to check, recorded', async () => {
    const server = net.createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const port = (server.address() as AddressInfo).port;
    await new Promise<void>((resolve) => server.close(() => resolve()));
    const gateway = await startGateway({ upstream: new URL(`http://127.0.0.1:${port}`) });
    cleanups.push(() => gateway.close());
    const answer = await exchangeRaw(gateway.port, GET);
    assert.match(answer, /^HTTP\/1.1 502 /);
    assert.match(bodyOf(answer), /^opentrail: .*ECONNREFUSED.*check that it is running\n$/);
    const record = await onlyRecord(gateway);
    assert.equal(record.call.outcome, 'upstreamUnreachable');
    assert.equal(record.call.response?.status, 502);
    assert.equal(record.verification, 'none');
  });

  it('hangs before its answer: 504 after the configured silence', async () => {
    const upstream = await startRawUpstream(() => {});
    const gateway = await gatewayTo(upstream, { limits: { upstreamIdleTimeoutMs: 80 } });
    const answer = await exchangeRaw(gateway.port, GET);
    assert.match(answer, /^HTTP\/1.1 504 /);
    assert.match(bodyOf(answer), /silent for 80 ms/);
    await upstream.closed(0);
    assert.equal((await onlyRecord(gateway)).call.response?.status, 504);
  });

  it('hangs halfway through its answer: the caller is cut off, not told a shorter answer', async () => {
    const upstream = await startRawUpstream(
      answerAlways('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n'),
    );
    const gateway = await gatewayTo(upstream, { limits: { upstreamIdleTimeoutMs: 80 } });
    const answer = await exchangeRaw(gateway.port, GET);
    assert.match(answer, /4\r\nhalf\r\n$/);
    const record = await onlyRecord(gateway);
    assert.equal(record.call.outcome, 'upstreamAborted');
    assert.equal(Buffer.from(record.call.response?.body.bytes ?? []).toString(), 'half');
  });

  it('resets before and in the middle of its answer', async () => {
    const upstream = await startRawUpstream((socket, received) => {
      if (received.startsWith('GET /half')) {
        socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () => socket.resetAndDestroy());
      } else socket.resetAndDestroy();
    });
    const gateway = await gatewayTo(upstream);
    assert.match(await exchangeRaw(gateway.port, GET), /^HTTP\/1.1 502 /);
    const half = await exchangeRaw(gateway.port, GET.replace('/', '/half'));
    assert.doesNotMatch(half, /Content-Length: 4\r\n/);
    await gateway.gateway.drainPending();
    assert.equal(gateway.recorded[0]?.call.outcome, 'upstreamUnreachable');
    assert.notEqual(gateway.recorded[1]?.call.outcome, 'completed');
  });

  for (const [name, answer] of [
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc'],
    [
      'a length and chunks',
      'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    ['a folded header', 'HTTP/1.1 200 OK\r\nX-A: 1\r\n b\r\nContent-Length: 0\r\n\r\n'],
    ['a control character', 'HTTP/1.1 200 OK\r\nX-A: \x01\r\nContent-Length: 0\r\n\r\n'],
    ['another coding', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n'],
    ['a switch of protocols', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n'],
    ['no HTTP at all', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a negative length', 'HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n'],
    ['an endless head', `HTTP/1.1 200 OK\r\nX: ${'a'.repeat(70_000)}`],
  ] as const) {
    it(`answers with ${name}: 502 and a connection that is not used again`, async () => {
      const upstream = await startRawUpstream(answerAlways(answer));
      const gateway = await gatewayTo(upstream);
      assert.match(await exchangeRaw(gateway.port, GET), /^HTTP\/1.1 502 /);
      await upstream.closed(0);
      assert.equal((await onlyRecord(gateway)).call.outcome, 'upstreamUnreachable');
    });
  }

  it('sends more than it announced: the rest is no answer to the next caller', async () => {
    const upstream = await startRawUpstream((socket, _received, index) => {
      socket.write(index === 0 ? `${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nEVIL` : OK);
    });
    const gateway = await gatewayTo(upstream);
    assert.equal(bodyOf(await exchangeRaw(gateway.port, GET)), 'ok');
    await upstream.closed(0);
    assert.equal(bodyOf(await exchangeRaw(gateway.port, GET)), 'ok');
  });

  it('announces more than it sends: the caller sees the break', async () => {
    const upstream = await startRawUpstream((socket, received) => {
      if (received.endsWith('\r\n\r\n')) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfour');
    });
    const gateway = await gatewayTo(upstream);
    const answer = await exchangeRaw(gateway.port, GET);
    assert.match(answer, /Content-Length: 10\r\n/);
    assert.ok(bodyOf(answer).length < 10);
    assert.equal((await onlyRecord(gateway)).call.outcome, 'upstreamAborted');
  });

  it('closes a kept connection in the moment of a GET: it is sent again, a POST is not', async () => {
    let connections = 0;
    const upstream = await startRawUpstream((socket, received) => {
      const requests = received.split('\r\n\r\n').length - 1;
      if (requests === 1) {
        connections += 1;
        socket.write(OK);
      } else socket.resetAndDestroy();
    });
    const gateway = await gatewayTo(upstream);
    await exchangeRaw(gateway.port, GET);
    assert.match(await exchangeRaw(gateway.port, GET), /^HTTP\/1.1 200 /);
    assert.equal(connections, 2);
    const post = 'POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 3\r\n\r\nEND';
    assert.match(await exchangeRaw(gateway.port, post), /^HTTP\/1.1 502 /);
    assert.equal(connections, 2);
  });
});

describe('a caller that leaves', () => {
  it('while it sends: the upstream is told, the call recorded', async () => {
    const upstream = await startRawUpstream(() => {});
    const gateway = await gatewayTo(upstream);
    const client = await connectRaw(gateway.port);
    client.send('PUT / HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nhalf');
    await upstream.seen((received) => received.endsWith('half'));
    client.socket.destroy();
    await upstream.closed(0);
    const record = await onlyRecordSoon(gateway);
    assert.equal(record.call.outcome, 'clientAborted');
    assert.equal(record.call.requestBody.sizeBytes, 4);
  });

  it('while it is answered: the upstream is told, the call recorded with what was answered', async () => {
    const upstream = await startRawUpstream(
      answerAlways('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'),
    );
    const gateway = await gatewayTo(upstream);
    const client = await connectRaw(gateway.port);
    client.send('GET / HTTP/1.1\r\nHost: h\r\n\r\n');
    await client.until((text) => text.endsWith('half'));
    client.socket.destroy();
    await upstream.closed(0);
    const record = await onlyRecordSoon(gateway);
    assert.equal(record.call.outcome, 'clientAborted');
    assert.equal(record.call.response?.status, 200);
  });
});

/** The gateway sees a caller's leave a moment after its upstream does. */
async function onlyRecordSoon(gateway: GatewayUnderTest) {
  while (gateway.recorded.length === 0) await new Promise((resolve) => setImmediate(resolve));
  return onlyRecord(gateway);
}
