import assert from 'node:assert/strict';
import { it } from 'node:test';
import { InvalidArgumentError } from 'commander';
import { parseTimeArgument, resolveTime } from './time-argument.ts';

const NOW_MS = Date.UTC(2026, 2, 2, 12);

it('takes times ago, ISO times and seconds since 1970; without a zone they are UTC', () => {
  const cases: [string, string][] = [
    ['90s', '2026-03-02T11:58:30.000Z'],
    ['30m', '2026-03-02T11:30:00.000Z'],
    ['2h', '2026-03-02T10:00:00.000Z'],
    ['7d', '2026-02-23T12:00:00.000Z'],
    ['1w', '2026-02-23T12:00:00.000Z'],
    ['5y', '2021-03-03T12:00:00.000Z'],
    ['999y', '1970-01-01T00:00:00.000Z'],
    ['2026-03-02', '2026-03-02T00:00:00.000Z'],
    ['2026-03-02T09:14', '2026-03-02T09:14:00.000Z'],
    ['2026-03-02T09:14:05.5', '2026-03-02T09:14:05.500Z'],
    ['2026-03-02T09:14:05Z', '2026-03-02T09:14:05.000Z'],
    ['2026-03-02T09:14:05+01:00', '2026-03-02T08:14:05.000Z'],
    ['1772442845', '2026-03-02T09:14:05.000Z'],
  ];
  for (const [text, time] of cases) {
    assert.equal(new Date(resolveTime(parseTimeArgument(text), NOW_MS)).toISOString(), time, text);
  }
});

it('refuses anything else and says what it takes', () => {
  for (const text of ['', 'yesterday', '2x', '-2h', '2026-13-01', '2026-03-02 09:14', '12', '1h30m']) {
    assert.throws(() => parseTimeArgument(text), InvalidArgumentError, text);
  }
});
