import { type AttackClass, noise, request, SIGNED } from './attack.ts';

/** Requests that try to choose where they go, or what stands in their first line. */
export const targetAttacks: readonly AttackClass[] = [
  {
    name: 'absolute targets',
    build: (context) => {
      const scheme = context.dice.pick(['http', 'https', 'ftp', 'HTTP', 'file']);
      const line = `GET ${scheme}://${context.decoy}/x HTTP/1.1`;
      return { bytes: request(context, { line }), expectation: 'refused' };
    },
  },
  {
    name: 'targets that are no paths',
    build: (context) => {
      const target = context.dice.pick([
        '*',
        context.decoy,
        '?a=b',
        '#x',
        'x',
        '@evil',
        ':80/x',
        '\\\\x',
        '',
      ]);
      const method = context.dice.pick(['GET', 'OPTIONS', 'POST']);
      return { bytes: request(context, { line: `${method} ${target} HTTP/1.1` }), expectation: 'refused' };
    },
  },
  {
    name: 'paths that look like hosts',
    build: (context) => ({
      bytes: request(context, { line: `GET //${context.decoy}/x?u=http://${context.decoy} HTTP/1.1` }),
      expectation: 'forwarded',
    }),
  },
  {
    name: 'dots, escapes and separators in paths',
    build: (context) => {
      const path = context.dice.pick([
        '/../../etc/passwd',
        '/%2e%2e/%2e%2e',
        '/a/./b//c',
        '/%00',
        '/%ZZ%',
        '/a;b=c',
        '/a\\b',
        '/%c0%af',
        '/%252e',
        '/{}|^`"<>',
        '/%0d%0aX:1',
      ]);
      return { bytes: request(context, { line: `GET ${path} HTTP/1.1` }), expectation: 'either' };
    },
  },
  {
    name: 'bytes that are no UTF-8 in targets',
    build: (context) => {
      const bytes = noise(context.dice, 12, 0x80);
      return { bytes: request(context, { line: `GET /${bytes} HTTP/1.1` }), expectation: 'either' };
    },
  },
  {
    name: 'control characters and blanks in targets',
    build: (context) => {
      const inner = context.dice.pick([' ', '\t', '\x00', '\x7f', '\x01', '\x0b', '  HTTP/1.1 ']);
      return { bytes: request(context, { line: `GET /a${inner}b HTTP/1.1` }), expectation: 'either' };
    },
  },
  {
    name: 'very long targets',
    build: (context) => ({
      bytes: request(context, { line: `GET /${'a'.repeat(context.dice.integer(60_000, 200_000))} HTTP/1.1` }),
      expectation: 'either',
    }),
  },
  {
    name: 'Host of another server',
    build: (context) => ({
      bytes: request(context, { host: `Host: ${context.decoy}` }),
      expectation: 'forwarded',
    }),
  },
  {
    name: 'malformed Hosts',
    build: (context) => {
      const value = context.dice.pick([
        `a@${context.decoy}`,
        'a/b',
        'a b',
        'a:b',
        'a:999999',
        '[::1',
        'a,b',
        'a?b',
        'a#b',
        '\xff',
        'a\\b',
        '[x]:1',
        'http://a',
      ]);
      return { bytes: request(context, { host: `Host: ${value}` }), expectation: 'refused' };
    },
  },
  {
    name: 'two Hosts or none',
    build: (context) => {
      const host = context.dice.pick(['', `Host: a\r\nHost: ${context.decoy}`, 'Host: a\r\nhost: a']);
      return { bytes: request(context, { host }), expectation: 'refused' };
    },
  },
  {
    name: 'headers that name another upstream',
    build: (context) => {
      const name = context.dice.pick([
        'X-Forwarded-Host',
        'X-Host',
        'X-Original-URL',
        'X-Rewrite-URL',
        'Forwarded',
        'X-Forwarded-Server',
        'X-Upstream',
        'X-Opentrail-Upstream',
        'Proxy-Host',
        'Location',
        'X-HTTP-Method-Override',
        'Referer',
        'Origin',
      ]);
      const value = name === 'Forwarded' ? `host=${context.decoy}` : `http://${context.decoy}/`;
      return { bytes: request(context, { headers: [`${name}: ${value}`] }), expectation: 'forwarded' };
    },
  },
  {
    name: 'X-Forwarded-For of a stranger',
    build: (context) => {
      const value = context.dice.pick([
        '1.2.3.4',
        '127.0.0.1',
        '::1, 10.0.0.1',
        "'; drop table events; --",
        '\xff',
        'a'.repeat(9_000),
      ]);
      return {
        bytes: request(context, { headers: [`X-Forwarded-For: ${value}`] }),
        expectation: 'forwarded',
      };
    },
  },
  {
    name: 'CONNECT',
    build: (context) => {
      const target = context.dice.pick([context.decoy, 'evil.example:443', '/', '*']);
      return { bytes: request(context, { line: `CONNECT ${target} HTTP/1.1` }), expectation: 'refused' };
    },
  },
  {
    name: 'TRACE and its kind',
    build: (context) => {
      const method = context.dice.pick([
        'TRACE',
        'TRACK',
        'DEBUG',
        'get',
        'G\x00T',
        'GET\t',
        'A'.repeat(5_000),
        '"GET"',
        '',
      ]);
      return { bytes: request(context, { line: `${method} / HTTP/1.1` }), expectation: 'refused' };
    },
  },
  {
    name: 'HTTP versions that do not exist',
    build: (context) => {
      const version = context.dice.pick([
        'HTTP/3.7',
        'HTTP/1.2',
        'HTTP/1.1.1',
        'HTTP/0.9',
        'http/1.1',
        'HTTP/1',
        'HTTPS/1.1',
        'XTTP/1.1',
        'HTTP/2.0',
        '',
      ]);
      return { bytes: request(context, { line: `GET / ${version}` }), expectation: 'refused' };
    },
  },
  {
    name: 'upgrades',
    build: (context) => {
      const headers = context.dice.pick([
        ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', 'Sec-WebSocket-Key: x'],
        ['Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
        ['Upgrade: TLS/1.3'],
      ]);
      const bytes = request(context, { line: 'GET / HTTP/1.1', headers }).replace(
        'Connection: close',
        'Connection: close, Upgrade, HTTP2-Settings',
      );
      return { bytes, expectation: 'forwarded' };
    },
  },
  {
    name: 'Connection that takes headers away',
    build: (context) => {
      const name = context.dice.pick([
        'Authorization',
        'Host',
        'Content-Length',
        'X-Amz-Date',
        'X-Marker',
        'Cookie',
        'X-Forwarded-For',
      ]);
      const bytes = request(context, { body: 'x' }).replace(
        'Connection: close',
        `Connection: close, ${name}`,
      );
      return { bytes, expectation: 'refused' };
    },
  },
  {
    name: 'expectations',
    build: (context) => {
      const value = context.dice.pick(['200-ok', '100-continue, x', 'x'.repeat(2_000), '']);
      const headers = [`Expect: ${value}`];
      return { bytes: request(context, { headers, body: 'x' }), expectation: 'refused' };
    },
  },
  {
    name: 'credentials that are none',
    build: (context) => {
      const value = context.dice.pick([
        '',
        'AWS4-HMAC-SHA256',
        'AWS4-HMAC-SHA256 Credential=',
        'AWS4-HMAC-SHA256 Credential=////, SignedHeaders=, Signature=',
        `AWS4-HMAC-SHA256 Credential=${'A/'.repeat(3_000)}`,
        'Bearer x',
        'Basic eDp5',
        'AWS AKIA:x',
        'AWS4-ECDSA-P256-SHA256 Credential=a/b/c/d, Signature=x',
        'AWS4-HMAC-SHA256 Credential=__proto__/20260101/constructor/toString/aws4_request',
      ]);
      return {
        bytes: request(context, {}).replace(SIGNED, `Authorization: ${value}`),
        expectation: 'either',
      };
    },
  },
];
