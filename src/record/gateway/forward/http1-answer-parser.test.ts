import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Http1AnswerParser } from './http1-answer-parser.ts';

interface Parsed {
  readonly status: number;
  readonly headers: readonly string[];
  readonly body: string;
  readonly trailers: readonly string[];
  readonly interim: readonly number[];
  readonly isReusable: boolean;
}

/** Parses bytes that arrive in pieces cut at the given places. */
function parse(bytes: Buffer, cuts: readonly number[]): Parsed | undefined {
  let head = { status: 0, headers: [] as readonly string[] };
  const chunks: Uint8Array[] = [];
  const interim: number[] = [];
  let end: { trailers: readonly string[]; isReusable: boolean } | undefined;
  const parser = new Http1AnswerParser('GET', 65_536, {
    onInformation: (status) => void interim.push(status),
    onHead: ({ status, headers }) => {
      head = { status, headers };
    },
    onData: (chunk) => void chunks.push(chunk),
    onEnd: (trailers, isReusable) => {
      end = { trailers, isReusable };
    },
  });
  const places = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (let index = 1; index < places.length; index += 1) {
    const piece = bytes.subarray(places[index - 1], places[index]);
    if (piece.length > 0) parser.execute(piece);
  }
  if (end === undefined) return undefined;
  return { ...head, ...end, body: Buffer.concat(chunks).toString('latin1'), interim };
}

const chunk = fc.uint8Array({ minLength: 1, maxLength: 300 }).map((bytes) => Buffer.from(bytes));
const field = fc.tuple(fc.stringMatching(/^X-[A-Za-z0-9-]{1,12}$/), fc.stringMatching(/^[\x21-\x7e]{0,20}$/));

describe('Http1AnswerParser', () => {
  it('reads a chunked answer alike however its bytes are cut', () => {
    fc.assert(
      fc.property(
        fc.array(chunk, { maxLength: 6 }),
        fc.array(field, { maxLength: 5 }),
        fc.array(field, { maxLength: 3 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        (chunks, fields, trailers, cuts) => {
          const lines = (list: readonly (readonly [string, string])[]): string =>
            list.map(([name, value]) => `${name}: ${value}\r\n`).join('');
          const bytes = Buffer.concat([
            Buffer.from(
              `HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 200 OK\r\n${lines(fields)}Transfer-Encoding: chunked\r\n\r\n`,
            ),
            ...chunks.map((one) =>
              Buffer.concat([Buffer.from(`${one.length.toString(16)};x=1\r\n`), one, Buffer.from('\r\n')]),
            ),
            Buffer.from(`0\r\n${lines(trailers)}\r\n`),
          ]);
          const parsed = parse(
            bytes,
            cuts.map((cut) => cut % bytes.length),
          );
          assert.deepEqual(parsed, {
            status: 200,
            headers: fields.flat(),
            body: Buffer.concat(chunks).toString('latin1'),
            trailers: trailers.flat(),
            interim: [102],
            isReusable: true,
          });
        },
      ),
    );
  });

  it('never takes a sized answer for complete before its last byte, nor the byte after it for a part of it', () => {
    fc.assert(
      fc.property(chunk, fc.array(fc.nat(), { maxLength: 6 }), (body, cuts) => {
        const head = Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
        const bytes = Buffer.concat([head, body]);
        const places = cuts.map((cut) => cut % bytes.length);
        assert.equal(parse(bytes, places)?.body, body.toString('latin1'));
        assert.equal(parse(bytes.subarray(0, -1), []), undefined);
        assert.throws(() => parse(Buffer.concat([bytes, Buffer.from('x')]), places), /more than its answer/);
      }),
    );
  });

  it('throws nothing but its own error on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (noise, hasHead) => {
        const head = hasHead ? 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n' : '';
        try {
          parse(Buffer.concat([Buffer.from(head), Buffer.from(noise)]), []);
        } catch (error) {
          assert.equal((error as Error).name, 'MalformedAnswerError');
        }
      }),
      { numRuns: 500 },
    );
  });
});
