import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findWeakenings, type RecordingConfiguration, recordModeOf } from './recording-strength.ts';

const base: RecordingConfiguration = {
  recordModes: {},
  historyRetentionMs: 90 * 86_400_000,
  importRetentionMs: null,
  journalBytesMax: 1e10,
  unverifiedPerMinute: 600,
  trustedProxies: [],
};

const weakened = (before: Partial<RecordingConfiguration>, after: Partial<RecordingConfiguration>) =>
  findWeakenings({ ...base, ...before }, { ...base, ...after }).map(
    (change) => `${change.option}: ${change.before} -> ${change.after}`,
  );

describe('a configuration that records less than the one before', () => {
  it('is found in every mode that became weaker, set for the service or for all', () => {
    assert.deepEqual(weakened({ recordModes: { s3: 'blocking' } }, {}), ['record s3: blocking -> batch']);
    assert.deepEqual(weakened({}, { recordModes: { s3: 'off' } }), ['record s3: batch -> off']);
    assert.deepEqual(weakened({ recordModes: { sqs: 'batch' } }, { recordModes: { '*': 'off' } }), [
      'record *: batch -> off',
      'record sqs: batch -> off',
    ]);
  });

  it('is found in shorter retention, smaller bounds and new trust', () => {
    assert.deepEqual(weakened({}, { historyRetentionMs: 86_400_000, importRetentionMs: 86_400_000 }), [
      'history-retention: 7776000000 ms -> 86400000 ms',
      'import-retention: forever -> 86400000 ms',
    ]);
    assert.deepEqual(
      weakened({}, { journalBytesMax: 1e9, unverifiedPerMinute: 6, trustedProxies: ['10.0.0.1'] }),
      [
        'journal-max-bytes: 10000000000 -> 1000000000',
        'unverified-per-minute: 600 -> 6',
        'trusted-proxy: not trusted -> 10.0.0.1',
      ],
    );
  });

  it('is not seen where recording stays or becomes stronger', () => {
    assert.deepEqual(weakened({ recordModes: { s3: 'off' } }, { recordModes: { s3: 'blocking' } }), []);
    assert.deepEqual(weakened({ recordModes: { s3: 'blocking' } }, { recordModes: { '*': 'blocking' } }), []);
    assert.deepEqual(weakened({ trustedProxies: ['10.0.0.1'] }, { historyRetentionMs: null }), []);
  });

  it('takes no mode from what every object inherits', () => {
    assert.equal(recordModeOf({}, 'constructor'), 'batch');
    assert.equal(recordModeOf({ '*': 'blocking' }, 'toString'), 'blocking');
  });
});
