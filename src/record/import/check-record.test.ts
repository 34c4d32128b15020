import assert from 'node:assert/strict';
import { it } from 'node:test';
import fc from 'fast-check';
import { checkRecord } from './check-record.ts';

function timeOf(eventTime: string): number | undefined {
  const record = checkRecord(Buffer.from(JSON.stringify({ eventID: 'x', eventTime })), { recordedAtMs: 0 });
  return typeof record === 'string' ? undefined : record?.eventTimeMs;
}

it('takes exactly the UTC times that exist, to the millisecond', () => {
  const moments = fc.date({
    min: new Date('1970-01-01T00:00:00Z'),
    max: new Date('2199-12-31T23:59:59Z'),
    noInvalidDate: true,
  });
  fc.assert(
    fc.property(moments, (moment) => {
      assert.equal(timeOf(moment.toISOString()), moment.getTime());
      const seconds = moment.toISOString().replace(/\.\d+Z/, 'Z');
      assert.equal(timeOf(seconds), Date.parse(seconds));
    }),
  );
  assert.equal(timeOf('1970-01-01T00:00:04.035Z'), 4035, 'as the digits say');
  assert.equal(timeOf('1970-01-01T00:00:04.0359Z'), 4035, 'further digits are cut');
  assert.equal(timeOf('1970-01-01T00:00:04.5Z'), 4500);
  const wrong = [
    '2023-02-29T00:00:00Z',
    '2023-00-01T00:00:00Z',
    '2023-01-00T00:00:00Z',
    '2023-01-01T24:00:00Z',
    '2023-01-01T00:60:00Z',
  ];
  const foreign = [
    '2023-01-01T00:00:60Z',
    '2023-01-01T00:00:00',
    '2023-01-01T00:00:00+01:00',
    '2023-01-01',
    '1969-12-31T23:59:59Z',
    '2200-01-01T00:00:00Z',
    'x',
    '',
  ];
  for (const text of [...wrong, ...foreign]) assert.equal(timeOf(text), undefined, text);
});
