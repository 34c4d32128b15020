import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import type { CapturedCall } from '../../../model/captured-call.ts';
import { createRecognitionTable } from '../recognise/recognition-table.ts';
import { parseCbor } from './cbor.ts';
import { decode } from './decode.ts';
import { parseXml } from './xml.ts';

const table = createRecognitionTable({ s3Domains: ['objects.example.org'], defaultRegion: 'us-east-1' });

interface Hostile {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly string[];
  readonly body: Uint8Array;
  readonly isTruncated: boolean;
  readonly status: number;
  readonly answerHeaders: readonly string[];
  readonly answer: Uint8Array;
}

function decoded(hostile: Hostile) {
  const { method, target, headers, body, isTruncated, status, answerHeaders, answer } = hostile;
  const call: CapturedCall = {
    head: { method, target, httpVersion: '1.1', headers, peerAddress: '::1', startedAt: 0 },
    requestBody: { bytes: body, isTruncated, sizeBytes: body.length },
    response: {
      status,
      headers: answerHeaders,
      body: { bytes: answer, isTruncated: false, sizeBytes: answer.length },
    },
    outcome: 'completed',
    completedAt: 0,
  };
  return decode(call, table.recognise(call.head));
}

/** One request of each protocol, whose bodies are then made hostile. */
const PROTOCOLS: readonly Pick<Hostile, 'method' | 'target' | 'headers'>[] = [
  request('kms', 'POST', '/', ['X-Amz-Target', 'TrentService.CreateKey']),
  request('iam', 'POST', '/', ['Content-Type', 'application/x-www-form-urlencoded']),
  request('ec2', 'POST', '/', ['Content-Type', 'application/x-www-form-urlencoded']),
  request('monitoring', 'POST', '/service/GraniteServiceVersion20100801/operation/PutDashboard', []),
  request('lambda', 'POST', '/2015-03-31/functions', []),
  request('route53', 'POST', '/2013-04-01/hostedzone', []),
  request('s3', 'PUT', '/b?tagging', []),
  request('s3', 'PUT', '/b?policy', ['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD']),
  request('s3', 'POST', '/b', ['Content-Type', 'multipart/form-data; boundary=x']),
  request('unknown-service', 'PATCH', '/x', []),
];

function request(service: string, method: string, target: string, headers: readonly string[]) {
  const scope = `AKID/20260101/us-east-1/${service}/aws4_request`;
  return {
    method,
    target,
    headers: ['Host', 'h', 'Authorization', `AWS4-HMAC-SHA256 Credential=${scope}`, ...headers],
  };
}

const deepJson = `${'{"a":['.repeat(10_000)}1${']}'.repeat(10_000)}`;
const deepXml = `${'<a>'.repeat(10_000)}${'</a>'.repeat(10_000)}`;
const deepCbor = Buffer.concat([Buffer.alloc(10_000, 0x81), Buffer.from([0x01])]);
const laughs = `<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">${Array.from({ length: 9 }, (_, i) => `<!ENTITY ${'bcdefghij'[i]} "${`&${'abcdefghi'[i]};`.repeat(10)}">`).join('')}]><Tagging>&j;</Tagging>`;

const bodies: fc.Arbitrary<Uint8Array> = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.json().map((text) => Buffer.from(text)),
  fc.string({ unit: 'binary', maxLength: 200 }).map((text) => Buffer.from(text)),
  fc
    .array(fc.tuple(fc.string({ maxLength: 20 }), fc.string({ maxLength: 20 })), { maxLength: 20 })
    .map((pairs) => Buffer.from(pairs.map(([name, value]) => `${name}=${value}`).join('&'))),
  fc.constantFrom(
    Buffer.from(deepJson),
    Buffer.from(deepXml),
    deepCbor,
    Buffer.from(laughs),
    gzipSync(Buffer.alloc(1_000_000)),
    Buffer.from(
      `{"${'k'.repeat(100_000)}":1,"a":1,"a":2,"__proto__":{"polluted":true},"constructor":{"prototype":1}}`,
    ),
    Buffer.from('{"a":"\xff\xfe","b":1', 'latin1'),
    Buffer.from(
      `Action=X&${'a.'.repeat(5_000)}=1&__proto__.a=1&A.__proto__.member.1=x&A.member.99999999999=1`,
    ),
    Buffer.from(
      '<Tagging><__proto__>x</__proto__><constructor a="1" __proto__="2"/><A>&#x110000;&amp;&j;</A></Tagging>',
    ),
    Buffer.from([0xbf, 0x61, 0x61, 0xd8, 0x1c, 0x81, 0xd8, 0x1d, 0x00, 0xff]),
    Buffer.from([0x9b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
    Buffer.from('ffffffff;chunk-signature=0\r\nx'),
    Buffer.from('--x\r\nContent-Disposition: form-data; name="__proto__"\r\n\r\ny\r\n--x--'),
  ),
);

const extraHeaders = fc.array(
  fc.tuple(
    fc.constantFrom(
      'Content-Encoding',
      'Host',
      'X-Amz-Target',
      'Content-Type',
      'x-amz-account-id',
      'Authorization',
      'X-Amz-Meta-__proto__',
    ),
    fc.oneof(
      fc.string({ maxLength: 60 }),
      fc.constantFrom(
        'gzip',
        'br, gzip',
        'aws-chunked',
        'a'.repeat(9_000),
        '.',
        'AWS4-HMAC-SHA256',
        'Bearer',
        'AWS :',
      ),
    ),
  ),
  { maxLength: 4 },
);

const targets = fc.oneof(
  fc.webPath(),
  fc.string({ unit: 'binary', maxLength: 100 }),
  fc.constantFrom(
    '*',
    '',
    '/',
    '//',
    '/%',
    '/%zz%ff/%C3',
    `/${'a/'.repeat(5_000)}`,
    '/?&&=&=a&%=%',
    'http://evil/b?policy',
    '/b/..%2f../k',
  ),
);

test('no request and no answer makes decoding fail, whatever its parts are', () => {
  const hostile = fc.record({
    base: fc.constantFrom(...PROTOCOLS),
    target: fc.option(targets, { nil: undefined }),
    method: fc.option(fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS', 'x'), { nil: undefined }),
    extra: extraHeaders,
    body: bodies,
    isTruncated: fc.boolean(),
    status: fc.constantFrom(200, 204, 301, 400, 404, 500, 999),
    answerExtra: extraHeaders,
    answer: bodies,
  });
  fc.assert(
    fc.property(hostile, ({ base, target, method, extra, answerExtra, ...rest }) => {
      const call = decoded({
        ...rest,
        method: method ?? base.method,
        target: target ?? base.target,
        headers: [...base.headers, ...extra.flat()],
        answerHeaders: answerExtra.flat(),
      });
      const { call: _call, ...told } = call;
      // What comes out can be written as JSON, and carries no other prototype.
      assert.equal(JSON.parse(JSON.stringify(told)).recognition.region, call.recognition.region);
      assert.equal(({} as { polluted?: unknown }).polluted, undefined);
      if (call.input !== undefined) assert.equal(Object.getPrototypeOf(call.input), Object.prototype);
    }),
    { numRuns: 3_000 },
  );
});

test('a body that nests 10,000 levels, or holds entities that grow, is left out and costs little', () => {
  const started = performance.now();
  for (const [index, body] of [deepJson, deepXml, laughs].entries()) {
    for (const base of PROTOCOLS) {
      const empty = new Uint8Array(0);
      const call = decoded({
        ...base,
        body: Buffer.from(body),
        isTruncated: false,
        status: 200,
        answerHeaders: [],
        answer: empty,
      });
      if (base.headers.includes('X-Amz-Target')) assert.equal(call.input, undefined, `body ${index}`);
      assert.equal(call.s3?.xmlBody, undefined);
    }
  }
  assert.equal(parseXml(laughs), undefined);
  assert.equal(parseCbor(deepCbor), undefined);
  assert.ok(performance.now() - started < 2_000, 'hostile bodies are refused quickly');
});

test('a member named __proto__ is dropped and the members beside it are kept', () => {
  const base = PROTOCOLS[0] as (typeof PROTOCOLS)[number];
  const body = Buffer.from('{"Description":"d","__proto__":{"x":1},"Tags":[{"__proto__":1,"TagKey":"a"}]}');
  const rest = { isTruncated: false, status: 200, answerHeaders: [], answer: new Uint8Array(0) };
  assert.deepEqual(decoded({ ...base, ...rest, body }).input, { Description: 'd', Tags: [{ TagKey: 'a' }] });
});

test('a compressed body that unpacks to more than is kept is left out', () => {
  const base = PROTOCOLS[0] as (typeof PROTOCOLS)[number];
  const headers = [...base.headers, 'Content-Encoding', 'gzip'];
  const body = gzipSync(Buffer.from(`{"a":"${'x'.repeat(50_000_000)}"}`));
  const rest = { isTruncated: false, status: 200, answerHeaders: [], answer: new Uint8Array(0) };
  const call = decoded({ ...base, ...rest, headers, body });
  assert.equal(`${call.operation} ${call.input}`, 'CreateKey undefined');
});

test('XML keeps what it says: attributes, repeated children, text, CDATA, references', () => {
  const text = `<?xml version="1.0" encoding="UTF-8"?>
    <A xmlns="u" x="1 &amp; 2"><B>b</B><B/><C> &lt;c&#x20;&#99;&gt; </C><D t="1">text</D><E><![CDATA[<&amp;>]]></E></A>`;
  assert.deepEqual(parseXml(text), {
    root: 'A',
    content: {
      xmlns: 'u',
      x: '1 & 2',
      B: ['b', ''],
      C: ' <c c> ',
      D: { t: '1', content: 'text' },
      E: '<&amp;>',
    },
  });
  assert.equal(parseXml('<A/><B/>'), undefined);
  assert.equal(parseXml('no xml'), undefined);
});
