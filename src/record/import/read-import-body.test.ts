import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, it } from 'node:test';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { ImportBodyError, readImportBody } from './read-import-body.ts';
import { countOf, type Mark, rawAt } from './record-batch.ts';

const RECORD = '{"eventID":"1","eventTime":"2023-07-10T11:42:36Z"}';

function file(stored: Buffer, claimed: object = {}): Buffer {
  const sha256 = createHash('sha256').update(stored).digest('hex');
  const fields = JSON.stringify({ uri: '/a', sha256, sizeBytes: stored.length, ...claimed });
  return Buffer.concat([Buffer.from(`#file ${fields}\n`), stored, Buffer.from('\n')]);
}

async function read(body: Buffer, cuts: readonly number[] = []): Promise<{ raws: string[]; marks: Mark[] }> {
  const ends = [...cuts.map((cut) => cut % (body.length + 1)).sort((a, b) => a - b), body.length];
  const pieces = ends.map((end, index) => body.subarray(ends[index - 1] ?? 0, end));
  const raws: string[] = [];
  const marks: Mark[] = [];
  for await (const batch of readImportBody(iterate(pieces), { recordedAtMs: 0 })) {
    marks.push(...batch.marks.map((mark) => ({ ...mark, at: mark.at + raws.length })));
    for (let at = 0; at < countOf(batch); at++) raws.push(Buffer.from(rawAt(batch, at)).toString());
  }
  return { raws, marks };
}

async function* iterate(pieces: readonly Buffer[]): AsyncGenerator<Buffer> {
  yield* pieces;
}

describe('the body of an import', () => {
  it('is read the same however it is cut into pieces, files and lines in turn', async () => {
    const object = `#object ${JSON.stringify({ uri: '/l', sha256: 'b'.repeat(64) })}\n${RECORD}\n#end {}\n`;
    const parts = [file(gzipSync(`[${RECORD},${RECORD}]`)), Buffer.from(object), file(Buffer.from(RECORD))];
    const body = Buffer.concat([...parts, ...parts]);
    const whole = await read(body);
    assert.deepEqual(whole.raws, Array(8).fill(RECORD));
    const shape = whole.marks.map(({ kind, at }) => `${kind} ${at}`).slice(0, 6);
    assert.deepEqual(shape, ['begin 0', 'end 2', 'begin 2', 'end 3', 'begin 3', 'end 4']);
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(), { maxLength: 30 }), async (cuts) => {
        assert.deepEqual(await read(body, cuts), whole);
      }),
    );
  });

  it('is cut where the brackets say, whatever looks like the place between two records', async () => {
    const between = '},{"eventVersion"';
    const member = fc.constantFrom<object>(
      { text: between },
      { list: [{ eventVersion: '1' }, { eventVersion: '2' }, { eventVersion: [] }] },
      { text: `]}${between}:"${between}` },
      { né: '\\"' },
    );
    const record = fc.tuple(fc.boolean(), fc.array(member, { maxLength: 3 })).map(([isFirst, members]) => {
      const rest = { eventID: '1', eventTime: '2023-07-10T11:42:36Z', members };
      return JSON.stringify(isFirst ? { eventVersion: '1.08', ...rest } : rest);
    });
    await fc.assert(
      fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 12 }), async (records) => {
        const { raws } = await read(file(gzipSync(`{"Records":[${records.join(',')}]}`)));
        assert.deepEqual(raws, records);
      }),
    );
  });

  it('gives a file that inflates to a thousand times its size without holding it', async () => {
    const blank = Buffer.alloc(1 << 20, ' ');
    const bomb = gzipSync(
      Buffer.concat([Buffer.from(`[${RECORD}`), ...Array(80).fill(blank), Buffer.from(']')]),
    );
    assert.ok(bomb.length < 100_000);
    const before = process.memoryUsage().rss;
    const { raws } = await read(Buffer.concat(Array(4).fill(file(bomb))));
    assert.deepEqual(raws, Array(4).fill(RECORD));
    assert.ok(process.memoryUsage().rss - before < 150 << 20);
  });

  it('is refused when the bytes of a file are not those that its hash was taken of', async () => {
    const stored = gzipSync(`[${RECORD}]`);
    for (const [claimed, message] of [
      [{ sha256: 'a'.repeat(64) }, /do not have its sha256/],
      [{ sizeBytes: stored.length + 5 }, /ends within a #file/],
      [{ sizeBytes: 1 << 30 }, /at most/],
      [{ sizeBytes: -1 }, /at most/],
      [{ sha256: 'x' }, /64 hex digits/],
    ] as const) {
      await assert.rejects(read(file(stored, claimed)), (error: unknown) => {
        assert.ok(error instanceof ImportBodyError);
        assert.match(error.message, message);
        return true;
      });
    }
    await assert.rejects(read(file(stored).subarray(0, -1)), /a line break must follow/);
  });
});
