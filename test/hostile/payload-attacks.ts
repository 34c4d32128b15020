import { gzipSync } from 'node:zlib';
import { type Attack, type AttackClass, type AttackContext, noise, request, SIGNED } from './attack.ts';

const JSON_TYPE = 'Content-Type: application/x-amz-json-1.1';
const FORM_TYPE = 'Content-Type: application/x-www-form-urlencoded';

function forwarded(context: AttackContext, headers: readonly string[], body: string): Attack {
  return { bytes: request(context, { headers, body }), expectation: 'forwarded' };
}

/** Well-formed HTTP whose content, signature or pace is hostile. */
export const payloadAttacks: readonly AttackClass[] = [
  {
    name: 'unsigned calls',
    build: (context) => ({
      bytes: request(context, { headers: [FORM_TYPE], body: 'Action=DeleteUser&UserName=x' }).replace(
        `${SIGNED}\r\n`,
        '',
      ),
      expectation: 'either',
    }),
  },
  {
    name: 'forged signatures',
    build: (context) => {
      const signature = Array.from({ length: 64 }, () => context.dice.integer(0, 15).toString(16)).join('');
      const bytes = request(context, { headers: [FORM_TYPE], body: 'Action=CreateUser&UserName=x' });
      return { bytes: bytes.replace('0'.repeat(64), signature), expectation: 'forwarded' };
    },
  },
  {
    name: 'replayed calls',
    build: (context) => {
      const once = request(context, { headers: [FORM_TYPE], body: 'Action=CreateUser&UserName=x' }).replace(
        'Connection: close\r\n',
        '',
      );
      return {
        bytes: once + request(context, { headers: [FORM_TYPE], body: 'Action=CreateUser&UserName=x' }),
        expectation: 'forwarded',
      };
    },
  },
  {
    name: 'tampered presigned URLs',
    build: (context) => {
      const expires = context.dice.pick(['0', '-1', '999999999999', 'x', '604801']);
      const line = `GET /b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIA%2F20260101%2Fus-east-1%2Fiam%2Faws4_request&X-Amz-Date=20260101T000000Z&X-Amz-Expires=${expires}&X-Amz-SignedHeaders=host&X-Amz-Signature=00 HTTP/1.1`;
      return { bytes: request(context, { line }).replace(`${SIGNED}\r\n`, ''), expectation: 'either' };
    },
  },
  {
    name: 'deeply nested JSON',
    build: (context) => {
      const depth = context.dice.integer(1_000, 20_000);
      const open = context.dice.pick(['[', '{"a":']);
      const body = open.repeat(depth) + context.dice.pick(['', (open === '[' ? ']' : '}').repeat(depth)]);
      return forwarded(context, [JSON_TYPE, 'X-Amz-Target: DynamoDB_20120810.PutItem'], body);
    },
  },
  {
    name: 'deeply nested XML',
    build: (context) => {
      const depth = context.dice.integer(500, 10_000);
      return forwarded(
        context,
        ['Content-Type: application/xml'],
        '<a>'.repeat(depth) + '</a>'.repeat(depth),
      );
    },
  },
  {
    name: 'XML with entities',
    build: (context) => {
      const body = `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "${'ha'.repeat(99)}"><!ENTITY b "${'&a;'.repeat(99)}"><!ENTITY c SYSTEM "file:///etc/passwd">]><x>&b;&c;</x>`;
      return forwarded(context, ['Content-Type: application/xml'], body);
    },
  },
  {
    name: 'floods of parameters',
    build: (context) => {
      const count = context.dice.integer(1_000, 8_000);
      const prefix = context.dice.pick(['Tags.member', 'a.b.c', '__proto__', 'x']);
      const body = `Action=CreateUser&${Array.from({ length: count }, (_, at) => `${prefix}.${at * 99_999_999}.Key=v`).join('&')}`;
      return forwarded(context, [FORM_TYPE], body);
    },
  },
  {
    name: 'bodies that are no UTF-8',
    build: (context) =>
      forwarded(
        context,
        [context.dice.pick([JSON_TYPE, FORM_TYPE])],
        noise(context.dice, context.dice.integer(1, 2_000)),
      ),
  },
  {
    name: 'CBOR that lies',
    build: (context) => {
      const body = context.dice.pick([
        '\x9f'.repeat(3_000),
        '\xbf\x7f',
        '\x5b\xff\xff\xff\xff\xff\xff\xff\xff',
        '\x1b',
        `\xa1\x61a${'\xc1'.repeat(900)}`,
        noise(context.dice, 300),
      ]);
      const line = 'POST /service/GraniteServiceVersion20100801/operation/PutMetricData HTTP/1.1';
      const headers = ['Content-Type: application/cbor', 'smithy-protocol: rpc-v2-cbor'];
      return { bytes: request(context, { line, headers, body }), expectation: 'forwarded' };
    },
  },
  {
    name: 'compressed bombs',
    build: (context) => {
      const bomb = gzipSync(Buffer.alloc(context.dice.integer(1, 5) * 1_000_000)).toString('latin1');
      return forwarded(
        context,
        [JSON_TYPE, 'Content-Encoding: gzip', 'X-Amz-Target: Logs_20140328.PutLogEvents'],
        bomb,
      );
    },
  },
  {
    name: 'signed chunks that lie about their length',
    build: (context) => {
      const headers = [
        'x-amz-content-sha256: STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        'Content-Encoding: aws-chunked',
        `x-amz-decoded-content-length: ${context.dice.pick(['-1', '5', '999999999999', 'x'])}`,
      ];
      const body = `${context.dice.pick(['5', 'fffff', '-1'])};chunk-signature=00\r\nhello\r\n0;chunk-signature=00\r\n\r\n`;
      return {
        bytes: request(context, { line: 'PUT /b/k HTTP/1.1', headers, body }),
        expectation: 'forwarded',
      };
    },
  },
  {
    name: 'targets that name no operation',
    build: (context) => {
      const target = context.dice.pick([
        '',
        '.',
        '__proto__.constructor',
        'CloudTrail_20131101.LookupEvents',
        'x'.repeat(5_000),
        'a.b.c.d',
        'toString.valueOf',
        '\xff.\xff',
      ]);
      const headers = [JSON_TYPE, `X-Amz-Target: ${target}`];
      // The target of OpenTrail's own service is answered here.
      return { bytes: request(context, { headers, body: '{}' }), expectation: 'either' };
    },
  },
  {
    name: 'text that would break out of a statement or a terminal',
    build: (context) => {
      const text = context.dice.pick([
        "x'); DROP TABLE events; --",
        '\\n\\nSELECT 1',
        '\\u001b[2J\\u001b]0;x\\u0007',
        '\\u0000',
        '$\u007bjndi:ldap://x}',
        '=cmd|x!A1',
      ]);
      return forwarded(
        context,
        [JSON_TYPE, `X-Amz-User-Agent: ${text}`, 'X-Amz-Target: AmazonSSM.PutParameter'],
        `{"Name":"${text}"}`,
      );
    },
  },
  {
    name: 'oversized heads',
    build: (context) => ({
      bytes: request(context, { headers: [`X-Big: ${'a'.repeat(context.dice.integer(70_000, 300_000))}`] }),
      expectation: 'refused',
    }),
  },
  {
    name: 'floods of headers',
    build: (context) => {
      const count = context.dice.integer(250, 5_000);
      return {
        bytes: request(context, { headers: Array.from({ length: count }, (_, at) => `X-${at}: 1`) }),
        expectation: 'refused',
      };
    },
  },
  {
    name: 'header names that are none',
    build: (context) => {
      const name = context.dice.pick(['X A', 'X(A)', '"X"', 'X\xff', '', '[x]', 'X@', 'X,Y']);
      return { bytes: request(context, { headers: [`${name}: 1`] }), expectation: 'refused' };
    },
  },
  {
    name: 'header values of any bytes',
    build: (context) => {
      const value = noise(context.dice, 60).replaceAll(/[\r\n]/g, '');
      return { bytes: request(context, { headers: [`X-A: ${value}`] }), expectation: 'either' };
    },
  },
  {
    name: 'heads that are cut off',
    build: (context) => {
      const whole = request(context, {});
      return {
        bytes: whole.slice(0, context.dice.integer(1, whole.length - 2)),
        expectation: 'refused',
        isCut: true,
      };
    },
  },
  {
    name: 'bodies that are cut off',
    build: (context) => {
      const body = 'x'.repeat(context.dice.integer(10, 5_000));
      const whole = request(context, { body });
      return {
        bytes: whole.slice(0, whole.length - context.dice.integer(1, 9)),
        expectation: 'either',
        isCut: true,
      };
    },
  },
  {
    name: 'slow heads',
    build: (context) => ({
      bytes: request(context, {}).slice(0, 60),
      expectation: 'refused',
      piecesCount: context.dice.integer(3, 6),
    }),
  },
  {
    name: 'noise',
    build: (context) => ({
      bytes: `${noise(context.dice, context.dice.integer(1, 400))}\r\n\r\n`,
      expectation: 'refused',
    }),
  },
  {
    name: 'other protocols',
    build: (context) => ({
      bytes: context.dice.pick([
        'SSH-2.0-x\r\n',
        '\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03',
        'EHLO x\r\n\r\n',
        '*1\r\n$4\r\nPING\r\n',
        '\x00\x00\x00\x01',
        'PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n',
        'PROXY TCP4 1.2.3.4 1.2.3.4 1 2\r\n',
      ]),
      expectation: 'refused',
    }),
  },
];
