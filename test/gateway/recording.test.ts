import assert from 'node:assert/strict';
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

const SIGNED =
  'Authorization: AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/20260101/eu-west-1/iam/aws4_request, SignedHeaders=host, Signature=0\r\n';
const POST =
  `POST / HTTP/1.1\r\nHost: h\r\n${SIGNED}Connection: close\r\nContent-Length: 9\r\n\r\nAction=END`.replace(
    'Content-Length: 9',
    'Content-Length: 10',
  );
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

function gate(): { readonly open: () => void; readonly passed: Promise<void> } {
  const { promise, resolve } = Promise.withResolvers<void>();
  return { open: () => resolve(), passed: promise };
}

describe('batch', () => {
  it('answers although the record is not durable, and drains in the order in which calls ended', async () => {
    const durable = gate();
    const upstream = await startRawUpstream(answerAlways(OK));
    const gateway = await gatewayTo(upstream, { onRecord: () => durable.passed });
    for (const path of ['/1', '/2', '/3']) {
      assert.equal(bodyOf(await exchangeRaw(gateway.port, POST.replace('/', path))), 'ok');
    }
    assert.equal(gateway.recorded.length, 0);
    durable.open();
    await gateway.gateway.drainPending();
    assert.deepEqual(
      gateway.recorded.map(({ call }) => call.head.target.slice(0, 2)),
      ['/1', '/2', '/3'],
    );
  });

  it('is bounded: at the bound a new call waits and is not forwarded before there is room', async () => {
    const durable = gate();
    const upstream = await startRawUpstream(answerAlways(OK));
    const gateway = await gatewayTo(upstream, {
      limits: { pendingCallsMax: 1 },
      onRecord: () => durable.passed,
    });
    await exchangeRaw(gateway.port, POST);
    const client = await connectRaw(gateway.port);
    client.send(POST.replace('/', '/waits'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.ok(!upstream.received.join('').includes('/waits'));
    durable.open();
    assert.equal(bodyOf(await client.closed()), 'ok');
  });

  it('measures what a kill can cost', async () => {
    const observed: number[] = [];
    const noop = { add() {}, set() {}, observe() {} };
    const upstream = await startRawUpstream(answerAlways(OK));
    const gateway = await gatewayTo(upstream, {
      metrics: {
        counter: () => noop,
        gauge: () => noop,
        histogram: ({ name }) =>
          name === 'gateway_record_lag_seconds' ? { observe: (value) => void observed.push(value) } : noop,
      },
    });
    await exchangeRaw(gateway.port, POST);
    await gateway.gateway.drainPending();
    assert.equal(observed.length, 1);
    assert.ok((observed[0] as number) >= 0 && (observed[0] as number) < 1);
  });

  it('goes on when the recorder refuses', async () => {
    const upstream = await startRawUpstream(answerAlways(OK));
    const gateway = await gatewayTo(upstream, { onRecord: () => Promise.reject(new Error('full')) });
    assert.equal(bodyOf(await exchangeRaw(gateway.port, POST)), 'ok');
    await gateway.gateway.drainPending();
    assert.equal(bodyOf(await exchangeRaw(gateway.port, POST)), 'ok');
  });
});

describe('blocking', () => {
  it('forwards only after the intent is durable, which already names what is in a small body', async () => {
    const durable = gate();
    const upstream = await startRawUpstream(answerAlways(OK));
    const gateway = await gatewayTo(upstream, { mode: 'blocking', onIntent: () => durable.passed });
    const client = await connectRaw(gateway.port);
    client.send(POST);
    await new Promise((resolve) => setTimeout(resolve, 30));
    assert.equal(upstream.received.length, 0);
    durable.open();
    assert.equal(bodyOf(await client.closed()), 'ok');
    const [intent] = gateway.intents;
    assert.match(intent?.entry.raw ?? '', /"errorCode":"OutcomeUnknown"/);
    assert.equal(gateway.recorded[0]?.intentId, intent?.intentId);
    assert.equal(Buffer.from(gateway.recorded[0]?.call.requestBody.bytes ?? []).toString(), 'Action=END');
  });

  it('refuses with 503, the reason and Retry-After when no intent can be kept; the upstream sees nothing', async () => {
    const upstream = await startRawUpstream(answerAlways(OK));
    const gateway = await gatewayTo(upstream, {
      mode: 'blocking',
      onIntent: () => Promise.reject(new Error('disk full')),
    });
    const answer = await exchangeRaw(gateway.port, POST);
    assert.match(answer, /^HTTP\/1.1 503 [\s\S]*Retry-After: 5\r\n[\s\S]*cannot be recorded/);
    assert.equal(upstream.received.length, 0);
    await gateway.gateway.drainPending();
    assert.equal(gateway.recorded[0]?.call.outcome, 'refused');
  });

  for (const [name, answer, held] of [
    ['a sized answer', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', 'ok'],
    [
      'a chunked answer',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      '0\r\n\r\n',
    ],
    ['an answer without a body', 'HTTP/1.1 204 No Content\r\n\r\n', 'HTTP/1.1 204'],
  ] as const) {
    it(`holds the last bytes of ${name} back until the record is durable`, async () => {
      const durable = gate();
      const reached = gate();
      const upstream = await startRawUpstream(answerAlways(answer));
      const gateway = await gatewayTo(upstream, {
        mode: 'blocking',
        onRecord: () => {
          reached.open();
          return durable.passed;
        },
      });
      const client = await connectRaw(gateway.port);
      client.send(POST);
      await reached.passed;
      await new Promise((resolve) => setTimeout(resolve, 20));
      assert.ok(!client.text().includes(held));
      durable.open();
      assert.ok((await client.closed()).includes(held));
      assert.equal(gateway.recorded.length, 1);
    });
  }

  it('passes the events of a stream on while it lasts', async () => {
    const upstream = await startRawUpstream((socket, received) => {
      if (received.endsWith('END')) {
        socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nevent\r\n');
      }
    });
    const gateway = await gatewayTo(upstream, { mode: 'blocking' });
    const client = await connectRaw(gateway.port);
    client.send(POST);
    await client.until((text) => text.includes('event'));
    upstream.sockets[0]?.write('0\r\n\r\n');
    await client.closed();
    assert.equal(gateway.recorded.length, 1);
  });

  it('records failures of the upstream as the outcome of the intent', async () => {
    const upstream = await startRawUpstream((socket) => socket.resetAndDestroy());
    const gateway = await gatewayTo(upstream, { mode: 'blocking' });
    assert.match(await exchangeRaw(gateway.port, POST), /^HTTP\/1.1 502 /);
    assert.equal(gateway.recorded[0]?.intentId, gateway.intents[0]?.intentId);
    assert.equal(gateway.recorded[0]?.call.response?.status, 502);
  });

  it('cancels the intent of a caller that left before the call was forwarded', async () => {
    const durable = gate();
    const reached = gate();
    const upstream = await startRawUpstream(answerAlways(OK));
    const gateway = await gatewayTo(upstream, {
      mode: 'blocking',
      onIntent: () => {
        reached.open();
        return durable.passed;
      },
    });
    const client = await connectRaw(gateway.port);
    client.send(POST);
    await reached.passed;
    client.socket.destroy();
    await new Promise((resolve) => setTimeout(resolve, 30));
    durable.open();
    while (gateway.recorded.length === 0) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(gateway.cancelled, [gateway.intents[0]?.intentId]);
    assert.equal(gateway.recorded[0]?.call.outcome, 'clientAborted');
    assert.equal(upstream.received.length, 0);
  });
});

describe('off', () => {
  it('forwards and records nothing', async () => {
    const upstream = await startRawUpstream(answerAlways(OK));
    const gateway = await gatewayTo(upstream, { mode: 'off' });
    assert.equal(bodyOf(await exchangeRaw(gateway.port, POST)), 'ok');
    await gateway.gateway.drainPending();
    assert.equal(gateway.recorded.length, 0);
  });
});

describe('who and where', () => {
  const from = (forwarded: string) => POST.replace('Host: h', `Host: h\r\nX-Forwarded-For: ${forwarded}`);

  it('believes X-Forwarded-For from trusted proxies only, right to left', async () => {
    const upstream = await startRawUpstream(answerAlways(OK));
    const plain = await gatewayTo(upstream);
    await exchangeRaw(plain.port, from('192.0.2.7'));
    await plain.gateway.drainPending();
    assert.equal(plain.recorded[0]?.call.head.peerAddress, '127.0.0.1');
    const trusting = await gatewayTo(upstream, { trustedProxies: ['127.0.0.0/8', '10.0.0.0/8'] });
    for (const [header, expected] of [
      ['6.6.6.6, 192.0.2.7, 10.1.1.1', '192.0.2.7'],
      ['192.0.2.7, not an address', '127.0.0.1'],
      ['[2001:db8::1]:4711', '2001:db8::1'],
      ['::ffff:192.0.2.9', '192.0.2.9'],
      ['', '127.0.0.1'],
    ] as const) {
      await exchangeRaw(trusting.port, from(header));
      await trusting.gateway.drainPending();
      assert.equal(trusting.recorded.at(-1)?.call.head.peerAddress, expected, header);
    }
    assert.ok(upstream.received.join('').includes('X-Forwarded-For: 6.6.6.6, 192.0.2.7, 10.1.1.1\r\n'));
  });

  it('keeps how far the principal was verified', async () => {
    const upstream = await startRawUpstream((socket, received) => {
      const status = [...received.matchAll(/POST \/(\d{3})/g)].at(-1)?.[1] ?? '200';
      socket.write(`HTTP/1.1 ${status} X\r\nContent-Length: 0\r\n\r\n`);
    });
    const gateway = await gatewayTo(upstream, {
      verifySignature: async (head, body) => {
        if (head.target === '/pretended') return 'wrong';
        return head.target === '/known' && Buffer.from(body ?? []).length === 10 ? 'right' : 'unknown';
      },
    });
    for (const [path, expected] of [
      ['/known', 'signature'],
      ['/200', 'upstream'],
      ['/pretended', 'none'],
      ['/404', 'upstream'],
      ['/403', 'none'],
      ['/500', 'none'],
    ] as const) {
      await exchangeRaw(gateway.port, POST.replace('/ ', `${path} `));
      await gateway.gateway.drainPending();
      assert.equal(gateway.recorded.at(-1)?.verification, expected, path);
    }
    await exchangeRaw(gateway.port, POST.replace(SIGNED, ''));
    await gateway.gateway.drainPending();
    assert.equal(gateway.recorded.at(-1)?.verification, 'none');
  });

  it('chooses the upstream by the configuration of the signed service, never by Host', async () => {
    const iam = await startRawUpstream(answerAlways(OK));
    const other = await startRawUpstream(answerAlways(OK));
    const gateway = await gatewayTo(iam, { upstream: (name) => (name === 'iam' ? iam.url : undefined) });
    cleanups.push(() => other.close());
    await exchangeRaw(gateway.port, POST.replace('Host: h', `Host: ${other.url.host}`));
    assert.equal(other.received.length, 0);
    assert.match(iam.received[0] as string, new RegExp(`Host: ${other.url.host}\r\n`));
    const answer = await exchangeRaw(gateway.port, POST.replace('/iam/', '/sqs/'));
    assert.match(
      bodyOf(answer),
      /no upstream is configured for sqs: start opentrail with --upstream sqs=URL/,
    );
    await gateway.gateway.drainPending();
    assert.equal(gateway.recorded.at(-1)?.call.outcome, 'refused');
  });
});
