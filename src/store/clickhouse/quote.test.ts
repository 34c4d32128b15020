import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { ClickHouseHttp } from './clickhouse-http.ts';
import { openTestStore, type TestStore } from './embedded-store.contract.ts';
import { quoteInteger, quoteString, quoteTime } from './quote.ts';

describe('values in statements', () => {
  let opened: TestStore;
  let http: ClickHouseHttp;
  before(async () => {
    opened = await openTestStore();
    const { socketPath } = opened.engine;
    http = new ClickHouseHttp({ url: 'http://engine', socketPath, checkReady: () => undefined });
  });
  after(async () => {
    await http.close();
    await opened.dispose();
  });
  const ask = async <Row>(sql: string) =>
    (await http.query<Row>({ lane: 'lookup', operation: 'test', sql }))[0];

  it('arrive in the engine as they are, whatever text they hold', async () => {
    const hostile = fc.constantFrom(
      '\0',
      '\\',
      "'",
      '\\\\',
      "\\'",
      '/*',
      '*/',
      '--',
      ';',
      '\n',
      '$$',
      '{x:String}',
      '`',
    );
    const text = fc
      .array(fc.oneof(hostile, fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' })))
      .map((parts) => parts.join(''));
    await fc.assert(
      fc.asyncProperty(fc.array(text, { minLength: 1, maxLength: 20 }), async (values) => {
        const list = values.map((value) => quoteString(value)).join(', ');
        const row = await ask<{ values: string[] }>(`SELECT [${list}] AS values`);
        // A lone surrogate cannot be sent as UTF-8.
        assert.deepEqual(
          row?.values,
          values.map((value) => value.toWellFormed()),
        );
      }),
      { numRuns: 300 },
    );
  });

  it('stay apart when a thousand statements run at once', async () => {
    const answers = await Promise.all(
      Array.from({ length: 1_000 }, (_, index) =>
        ask<{ value: string }>(`SELECT ${quoteString(`'${index}\\`)} AS value`),
      ),
    );
    for (const [index, row] of answers.entries()) assert.equal(row?.value, `'${index}\\`);
  });

  it('are exact for integers of 64 bits, and refused where they are not', async () => {
    for (const value of [0, 1, 2 ** 53 - 1]) {
      const row = await ask<{ value: string }>(`SELECT toUInt64(${quoteInteger(value)}) AS value`);
      assert.equal(row?.value, String(value));
    }
    const largest = await ask<{ value: string }>('SELECT 18446744073709551615 AS value');
    assert.equal(largest?.value, '18446744073709551615');
    assert.throws(() => quoteInteger(2 ** 53), { name: 'InvariantError' });
    assert.throws(() => quoteInteger(1.5), { name: 'InvariantError' });
  });

  it('are exact for times, and clipped to what the engine can compare', async () => {
    for (const ms of [0, -1, 1_772_442_845_123, 4_102_444_800_000]) {
      const row = await ask<{ value: string }>(`SELECT toUnixTimestamp64Milli(${quoteTime(ms)}) AS value`);
      assert.equal(row?.value, String(ms));
    }
    const row = await ask<{ order: number }>(
      `SELECT ${quoteTime(-1e15)} < ${quoteTime(0)} AND ${quoteTime(0)} < ${quoteTime(1e15)} AS order`,
    );
    assert.equal(Number(row?.order), 1);
  });
});
