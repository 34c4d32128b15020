import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { RecordScanner } from './record-scanner.ts';

const CORPUS = fileURLToPath(new URL('../../../../shared/corpora/attack-day-2023', import.meta.url));

function scan(file: Buffer | string, cuts: readonly number[] = [], recordBytesMax = 1 << 20) {
  const bytes = Buffer.from(file);
  const records: string[] = [];
  const refusals: string[] = [];
  const scanner = new RecordScanner(
    {
      record: (record) => records.push(Buffer.from(record).toString('utf8')),
      refuse: (reason) => refusals.push(reason),
    },
    recordBytesMax,
  );
  let from = 0;
  for (const cut of [...cuts.map((c) => c % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]) {
    // Some pieces are copies, as streams give them; others follow each other in memory.
    const piece = bytes.subarray(from, cut);
    scanner.push(cut % 3 === 0 ? Buffer.from(piece) : piece);
    from = cut;
  }
  scanner.end();
  return { records, refusals };
}

const cuts = fc.array(fc.nat(), { maxLength: 20 });

describe('record scanner', () => {
  it('gives every record of a list exactly as it stands there, however the file is cut into pieces', () => {
    fc.assert(
      fc.property(fc.array(fc.object({ withUnicodeString: true } as object)), cuts, (objects, at) => {
        const texts = objects.map((object) => JSON.stringify(object));
        const file = `{"v":"a]}\\"","Records":[${texts.join(',')}],"more":[{"x":"}"}]}`;
        assert.deepEqual(scan(file, at), { records: texts, refusals: [] });
      }),
    );
  });

  it('gives one event per line, lists, and a single event of a file of its own', () => {
    fc.assert(
      fc.property(fc.array(fc.object(), { minLength: 1 }), cuts, (objects, at) => {
        const texts = objects.map((object) => JSON.stringify({ id: 1, ...object }));
        const expected = { records: texts, refusals: [] };
        assert.deepEqual(scan(texts.join('\n'), at), expected);
        assert.deepEqual(scan(`${texts.join('\r\n')}\r\n`, at), expected);
        assert.deepEqual(scan(`[${texts.join(' ,\n')}]`, at), expected);
      }),
    );
  });

  it('joins a pretty-printed record to one line and changes nothing else in it', () => {
    fc.assert(
      fc.property(fc.array(fc.object(), { minLength: 1 }), cuts, (objects, at) => {
        const wrapped = objects.map((object) => ({ n: 'a b\u2028', ...object }));
        const file = JSON.stringify({ Records: wrapped }, undefined, '\t');
        assert.deepEqual(
          scan(file, at).records,
          wrapped.map((object) => JSON.stringify(object)),
        );
        const single = JSON.stringify(wrapped[0], undefined, 2);
        assert.deepEqual(scan(single, at).records, [JSON.stringify(wrapped[0])]);
      }),
    );
  });

  it('keeps the spelling of numbers, escapes and blanks', () => {
    const record = '{"a": 1.50e+02 ,"b":"\\u00e9\\/","c":12345678901234567890}';
    assert.deepEqual(scan(`\ufeff{"Records": [ ${record} ]}`).records, [record]);
  });

  it('equals the bytes of every record of real files', (context) => {
    if (!existsSync(CORPUS)) return context.skip('the real log files are not here');
    let count = 0;
    for (const file of readdirSync(CORPUS).filter((name) => name.endsWith('.json'))) {
      const text = readFileSync(join(CORPUS, file), 'utf8');
      const { records, refusals } = scan(text, [7, 1_000, 70_001]);
      assert.deepEqual(refusals, []);
      assert.equal(`{"Records":[${records.join(',')}]}`, text.trimEnd());
      count += records.length;
    }
    assert.equal(count, 2_900);
  });

  it('refuses what is cut off, with the whole records before it kept', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 1, noNaN: true }), cuts, (share, at) => {
        const texts = ['{"a":1,"b":"x\\\\"}', '{"a":2}', '{"a":3}'];
        const file = `{"Records":[${texts.join(',')}]}`;
        const part = file.slice(0, 1 + Math.floor(share * (file.length - 2)));
        const { records, refusals } = scan(part, at);
        assert.deepEqual(
          records,
          texts.filter((text) => part.includes(text)),
        );
        assert.equal(refusals.length, 1);
      }),
    );
  });

  it('refuses a broken line and goes on with the next one', () => {
    const file = '{"a":1}\n{"b":"unclosed\n{"c":3}\nnot json\n{"d":4\n{"e":5}\n';
    const { records, refusals } = scan(file);
    assert.deepEqual(records, ['{"a":1}', '{"c":3}', '{"e":5}']);
    assert.equal(refusals.length, 3);
  });

  it('refuses a file that is no JSON, empty or in another encoding, once', () => {
    const zeros = Buffer.alloc(10_000);
    for (const file of ['', ' \n', 'hello\n{"a":1}\n', zeros]) {
      const { records, refusals } = scan(file);
      assert.deepEqual([records, refusals.length], [[], 1], refusals.join());
    }
    assert.match(scan(Buffer.from('\ufeff{"a":1}', 'utf16le')).refusals[0] ?? '', /UTF-16/);
  });

  it('holds no more than one record, and refuses one that is too large', () => {
    const large = `{"a":"${'x'.repeat(5_000)}"}`;
    const every = Array.from({ length: 60 }, (_, index) => index * 100);
    for (const file of [`{"Records":[{"b":1},${large},{"c":2}]}`, `{"b":1}\n${large}\n{"c":2}`]) {
      const { records, refusals } = scan(file, every, 1_000);
      assert.deepEqual([records, refusals], [['{"b":1}', '{"c":2}'], ['over 1000 bytes']]);
    }
  });

  it('survives any bytes in any pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (bytes, at) => {
        scan(Buffer.concat([Buffer.from('{"Records":['), Buffer.from(bytes)]), at, 50);
        scan(Buffer.from(bytes), at, 50);
      }),
      { numRuns: 2_000 },
    );
  });
});
