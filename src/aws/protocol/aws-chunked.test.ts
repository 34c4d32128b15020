import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { Clock } from '../../base/clock.ts';
import type { RequestHead } from '../../model/captured-call.ts';
import { createSignatureVerifier } from './sigv4.ts';

describe('A streamed body', () => {
  // The example of Amazon S3's documentation for signed chunks.
  const documented = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  };
  const chunks = [
    ['a'.repeat(65536), 'ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648'],
    ['a'.repeat(1024), '0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497'],
    ['', 'b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9'],
  ] as const;
  const wire = chunks
    .map(([data, signature]) => `${data.length.toString(16)};chunk-signature=${signature}\r\n${data}\r\n`)
    .join('');
  const head: RequestHead = {
    method: 'PUT',
    target: '/examplebucket/chunkObject.txt',
    httpVersion: '1.1',
    peerAddress: '127.0.0.1',
    startedAt: Date.UTC(2013, 4, 24),
    headers: [
      ...[
        'Host',
        's3.amazonaws.com',
        'x-amz-date',
        '20130524T000000Z',
        'x-amz-storage-class',
        'REDUCED_REDUNDANCY',
      ],
      ...['x-amz-content-sha256', 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD', 'Content-Encoding', 'aws-chunked'],
      ...['x-amz-decoded-content-length', '66560', 'Content-Length', '66824'],
      'Authorization',
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request,' +
        'SignedHeaders=content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class,' +
        'Signature=4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
    ],
  };
  const clock = { now: () => Date.UTC(2013, 4, 24) } as Clock;
  const verifier = createSignatureVerifier({ credentials: async () => documented, clock });

  async function open(body: string, step: number, of: RequestHead = head): Promise<string> {
    const parts: Uint8Array[] = [];
    for await (const part of verifier.openBody(of, cut(body, step))) parts.push(part);
    return Buffer.concat(parts).toString('latin1');
  }

  test("is S3's documented example, in pieces of any size", async () => {
    assert.equal((await verifier.verify(head, undefined)).isValid, true);
    for (const step of [1000, 65_536, 100_000]) assert.equal(await open(wire, step), 'a'.repeat(66_560));
  });

  test('is rejected with any byte changed, lost or added, and no byte of a wrong chunk comes out', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(wire.length - 1),
        fc.constantFrom('change', 'lose', 'cut', 'add'),
        async (at, how) => {
          const was = wire[at];
          const changed =
            how === 'change'
              ? wire.slice(0, at) + String.fromCharCode((was?.charCodeAt(0) ?? 0) ^ 1) + wire.slice(at + 1)
              : how === 'lose'
                ? wire.slice(0, at) + wire.slice(at + 1)
                : how === 'cut'
                  ? wire.slice(0, at)
                  : `${wire.slice(0, at)}b${wire.slice(at)}`;
          await assert.rejects(open(changed, 30_000), { name: 'PayloadMismatchError' });
        },
      ),
      {
        numRuns: 60,
        examples: [
          [0, 'change'],
          [wire.length - 1, 'lose'],
          [65_700, 'cut'],
        ],
      },
    );
  });

  test('without chunk signatures has its trailer taken off', async () => {
    const unsigned: RequestHead = {
      ...head,
      headers: head.headers.map((value) =>
        value.startsWith('STREAMING') ? 'STREAMING-UNSIGNED-PAYLOAD-TRAILER' : value,
      ),
    };
    assert.equal(await open('3\r\nabc\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n', 4, unsigned), 'abc');
    await assert.rejects(open('3\r\nabcd\r\n0\r\n\r\n', 4, unsigned), { name: 'PayloadMismatchError' });
    await assert.rejects(open('3\r\nab', 4, unsigned), { name: 'PayloadMismatchError' });
    await assert.rejects(open('ffffffff\r\n', 4, unsigned), { name: 'PayloadMismatchError' });
    await assert.rejects(open('0\r\n\r\nGET / HTTP/1.1\r\n', 4, unsigned), { name: 'PayloadMismatchError' });
  });
});

async function* cut(body: string, step: number): AsyncIterable<Uint8Array> {
  for (let at = 0; at < body.length; at += step) yield Buffer.from(body.slice(at, at + step), 'latin1');
}
