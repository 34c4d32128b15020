import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type GatewayUnderTest, startGateway } from './gateway-under-test.ts';
import { bodyOf, exchangeRaw, OK, type RawUpstream, startRawUpstream } from './raw-sockets.ts';

let upstream: RawUpstream;
let gateway: GatewayUnderTest;
before(async () => {
  upstream = await startRawUpstream((socket) => socket.write(OK));
  gateway = await startGateway({ upstream: upstream.url });
});
after(async () => {
  await gateway.close();
  await upstream.close();
});

const HOST = 'Host: h\r\n';
const CASES: readonly (readonly [string, string])[] = [
  [
    'Content-Length and chunked',
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  ],
  ['two Content-Lengths', `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\nContent-Length: 5\r\n\r\nabcde`],
  [
    'two equal Content-Lengths',
    `POST / HTTP/1.1\r\n${HOST}Content-Length: 4\r\nContent-Length: 4\r\n\r\nabcd`,
  ],
  ['a list of lengths', `POST / HTTP/1.1\r\n${HOST}Content-Length: 4, 4\r\n\r\nabcd`],
  ['a signed length', `POST / HTTP/1.1\r\n${HOST}Content-Length: +4\r\n\r\nabcd`],
  ['a hexadecimal length', `POST / HTTP/1.1\r\n${HOST}Content-Length: 0x4\r\n\r\nabcd`],
  ['bare line feeds', `GET / HTTP/1.1\n${HOST}X: 1\n\n`],
  ['a bare line feed in a header', `GET / HTTP/1.1\r\n${HOST}X: 1\nY: 2\r\n\r\n`],
  ['a folded header', `GET / HTTP/1.1\r\n${HOST}X: 1\r\n folded\r\n\r\n`],
  ['a blank before the colon', `POST / HTTP/1.1\r\n${HOST}Content-Length : 4\r\n\r\nabcd`],
  ['a blank before a header', `GET / HTTP/1.1\r\n ${HOST}\r\n`],
  ['a coding that hides chunked', `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  [
    'identity then chunked',
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n`,
  ],
  [
    'two Transfer-Encodings',
    `POST / HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n`,
  ],
  ['chunked in HTTP/1.0', `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['a NUL in a header', `GET / HTTP/1.1\r\n${HOST}X: a\x00b\r\n\r\n`],
  ['two Hosts', `GET / HTTP/1.1\r\n${HOST}Host: i\r\n\r\n`],
  ['no Host', 'GET / HTTP/1.1\r\nX: 1\r\n\r\n'],
  ['a Host with a path', 'GET / HTTP/1.1\r\nHost: h/../i\r\n\r\n'],
  ['a Host with user information', 'GET / HTTP/1.1\r\nHost: u@h\r\n\r\n'],
  ['an absolute target', `GET http://evil.example/ HTTP/1.1\r\n${HOST}\r\n`],
  ['a target without a path', `GET evil HTTP/1.1\r\n${HOST}\r\n`],
  ['an asterisk target', `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`],
  [
    'a Connection that names Authorization',
    `GET / HTTP/1.1\r\n${HOST}Authorization: x\r\nConnection: authorization\r\n\r\n`,
  ],
  ['a Connection that names Host', `GET / HTTP/1.1\r\n${HOST}Connection: host\r\n\r\n`],
  ['CONNECT', `CONNECT evil.example:443 HTTP/1.1\r\n${HOST}\r\n`],
  ['TRACE', `TRACE / HTTP/1.1\r\n${HOST}\r\n`],
  ['an unknown method', `WORM / HTTP/1.1\r\n${HOST}\r\n`],
  ['an unknown version', `GET / HTTP/3.7\r\n${HOST}\r\n`],
  ['an unknown expectation', `PUT / HTTP/1.1\r\n${HOST}Expect: 200-ok\r\nContent-Length: 1\r\n\r\n`],
  ['a broken HTTP/2 preface', 'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n'],
];

describe('a request that could be read in two ways', () => {
  for (const [name, request] of CASES) {
    it(`never reaches the upstream and is recorded or reported: ${name}`, async () => {
      const seenBefore = upstream.received.length;
      const recordedBefore = gateway.recorded.length + gateway.refused.length;
      const answer = await exchangeRaw(gateway.port, request);
      assert.match(answer, /^HTTP\/1.1 4(?:00|05|08|17|31) /);
      assert.ok(bodyOf(answer).startsWith('opentrail: '));
      assert.equal(upstream.received.length, seenBefore);
      await gateway.gateway.drainPending();
      // The bytes behind an unreadable length may count as a second, equally refused request.
      assert.ok(gateway.recorded.length + gateway.refused.length > recordedBefore);
    });
  }

  it('reaches it in one reading only: what stands behind a chunked body is a request of its own', async () => {
    const before = upstream.received.length;
    const answer = await exchangeRaw(
      gateway.port,
      `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /b HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`,
    );
    assert.equal(answer.split('HTTP/1.1 200').length - 1, 2);
    const seen = upstream.received.slice(before).join('');
    assert.ok(seen.includes('POST /a ') && seen.includes('GET /b '));
    await gateway.gateway.drainPending();
    assert.deepEqual(
      gateway.recorded.slice(-2).map(({ call }) => call.head.target),
      ['/a', '/b'],
    );
  });
});
