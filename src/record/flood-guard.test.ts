import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { FloodGuard } from './flood-guard.ts';
import { eventTime } from './service-event.ts';

const limits = { callsPerMinute: 60, callsPerMinuteTotal: 600, sourcesMax: 50, summariesMax: 10 };
/** When the monotonic clock of the tests began. */
const startedMs = Date.UTC(2026, 2, 2, 9, 14, 5);
const call = (sourceIPAddress: string, eventName = 'ListBuckets', atMs = 0) => ({
  sourceIPAddress,
  eventSource: 's3.amazonaws.com',
  eventName,
  eventTime: eventTime(startedMs + atMs),
});

describe('flood guard', () => {
  it('records one by one up to the rate of a source, counts what is beyond, and recovers with time', () => {
    const guard = new FloodGuard(limits, 0);
    const admitted = (count: number, atMs: number) =>
      Array.from({ length: count }, () => guard.admit(call('192.0.2.1', 'ListBuckets', atMs), atMs)).filter(
        Boolean,
      ).length;
    assert.equal(admitted(100, 0), 60);
    assert.equal(admitted(10, 5_000), 5);
    assert.equal(guard.admit(call('192.0.2.2'), 5_000), true, 'another source has its own allowance');
    assert.deepEqual(guard.takeSummaries(), [
      {
        sourceIPAddress: '192.0.2.1',
        callsCount: 45,
        firstCallTime: '2026-03-02T09:14:05Z',
        lastCallTime: '2026-03-02T09:14:10Z',
        calls: { 's3.amazonaws.com:ListBuckets': 45 },
      },
    ]);
    assert.deepEqual(guard.takeSummaries(), [], 'a summary is taken once');
  });

  it('takes the addresses of one IPv6 network as one source, and an IPv4 address in IPv6 as itself', () => {
    const guard = new FloodGuard({ ...limits, callsPerMinute: 1 }, 0);
    assert.equal(guard.admit(call('2001:db8:1:2::1'), 0), true);
    assert.equal(guard.admit(call('2001:db8:1:2:ffff::9'), 0), false);
    assert.equal(guard.admit(call('2001:db8:1:3::1'), 0), true);
    assert.equal(guard.admit(call('::ffff:192.0.2.1'), 0), true);
    assert.equal(guard.admit(call('192.0.2.1'), 0), false);
    const sources = guard.takeSummaries().map((details) => details.sourceIPAddress);
    assert.deepEqual(sources, ['2001:db8:1:2::/64', '192.0.2.1']);
  });

  it('counts every call exactly once and holds bounded memory, whatever comes from wherever', () => {
    const calls = fc.array(
      fc.record({ source: fc.integer({ min: 0, max: 300 }), name: fc.string(), stepMs: fc.nat(500) }),
      { maxLength: 1_500 },
    );
    fc.assert(
      fc.property(calls, (sequence) => {
        const guard = new FloodGuard(limits, 0);
        let nowMs = 0;
        let admitted = 0;
        for (const { source, name, stepMs } of sequence) {
          nowMs += stepMs;
          if (guard.admit(call(`10.0.${source >> 8}.${source & 255}`, name), nowMs)) admitted++;
        }
        assert.ok(admitted <= limits.callsPerMinuteTotal * (1 + nowMs / 60_000) + 1);
        const summaries = guard.takeSummaries();
        assert.ok(summaries.length <= limits.summariesMax + 1);
        for (const { calls: names } of summaries) assert.ok(Object.keys(names as object).length <= 21);
        const counted = summaries.reduce((sum, details) => sum + Number(details.callsCount), 0);
        assert.equal(admitted + counted, sequence.length);
      }),
      { numRuns: 50 },
    );
  });
});
