import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { DependencyError } from '../base/dependency-error.ts';
import { silentLog } from '../base/log.ts';
import type { RecoveryFinding } from '../journal/journal.ts';
import type { JsonObject } from '../model/cloudtrail-event.ts';
import type { ServerRecorder } from '../record/recorder.ts';
import { createMemoryCatalog } from '../store/memory/memory-catalog.ts';
import { RecordingLifecycle } from './recording-lifecycle.ts';
import type { RecordingConfiguration } from './recording-strength.ts';
import { systemClock } from './system/system-clock.ts';

const configuration: RecordingConfiguration = {
  recordModes: {},
  historyRetentionMs: null,
  importRetentionMs: null,
  journalBytesMax: 1,
  unverifiedPerMinute: 1,
  trustedProxies: [],
};

describe('the events of recording itself', () => {
  let catalog: ReturnType<typeof createMemoryCatalog>;
  let recorded: [string, JsonObject][];
  let isFull: boolean;

  beforeEach(() => {
    catalog = createMemoryCatalog();
    recorded = [];
    isFull = false;
  });

  const recorder = (): ServerRecorder => ({
    admitUnverified: () => true,
    recordServiceEvent: async (name, details) => {
      if (isFull) {
        throw new DependencyError({
          dependency: 'journal',
          operation: 'append',
          isRetryable: true,
          reason: 'full',
        });
      }
      recorded.push([name, details]);
    },
    appendEntries: async (entries) => void recorded.push(['appended', { count: entries.length }]),
    record: () => Promise.reject(new Error('nothing is called here')),
    intents: { openIntent: async () => {}, cancelIntent: async () => {} },
    isGapOpen: false,
    lastRefusedMs: undefined,
    flush: async () => {},
    close: async () => {},
  });

  const keys = { rootAccessKeyId: 'AKIAONE', rootKeyOrigin: 'file', masterKeyId: 'one' };

  const start = (findings: readonly RecoveryFinding[] = [], keysInUse = keys) =>
    new RecordingLifecycle({
      catalog,
      journal: {
        journalId: 'j',
        head: () => ({ journalId: 'j', sequence: 9, hash: '' }),
        orphanedIntents: [],
        findings,
      },
      recorder: recorder(),
      configuration,
      version: '1',
      lastAliveMs: undefined,
      keys: keysInUse,
      clock: systemClock,
      log: silentLog,
    });
  const names = () => recorded.map(([name]) => name);

  it('are a start and a stop, and after a stop that was not clean a crash', async () => {
    const first = start();
    await first.begin();
    await first.end('SIGTERM');
    await first.markStopped();
    await start().begin();
    await start().begin();
    assert.deepEqual(names(), [
      'RecordingStarted',
      'RecordingStopped',
      'RecordingStarted',
      'RecordingInterrupted',
      'RecordingStarted',
    ]);
  });

  it('name what is damaged in the journal, and explain the sequence numbers that are lost with it', async () => {
    const at = { segment: '1.ndjson', offsetBytes: 7, reason: 'hash differs' };
    await start([
      { kind: 'tornTail', ...at },
      { kind: 'corruptEvent', ...at, firstSequence: 3, lastSequence: 3 },
      { kind: 'lost', ...at, firstSequence: 5, lastSequence: 8 },
    ]).begin();
    const [name, details] = recorded[0] ?? [];
    assert.equal(name, 'JournalDamaged');
    assert.equal(details?.findingsCount, 2, 'an unfinished batch at the end is no damage');
    const explained = await catalog.listExplained('j', 1, 100);
    assert.deepEqual(
      explained.map(({ firstSequence, lastSequence, reason }) => [firstSequence, lastSequence, reason]),
      [[5, 8, 'setAside']],
    );
  });

  it('tell of a root key and a master key that were replaced, once each, when there is room for it', async () => {
    await start().begin();
    await start().begin();
    assert.equal(names().filter((name) => name.endsWith('KeyReplaced')).length, 0);
    const replaced = { rootAccessKeyId: 'AKIATWO', rootKeyOrigin: 'environment', masterKeyId: 'two' };
    isFull = true;
    await start([], replaced).begin();
    isFull = false;
    await start([], replaced).begin();
    await start([], replaced).begin();
    assert.deepEqual(
      recorded.filter(([name]) => name.endsWith('KeyReplaced')),
      [
        [
          'RootKeyReplaced',
          { previousAccessKeyId: 'AKIAONE', accessKeyId: 'AKIATWO', origin: 'environment' },
        ],
        ['MasterKeyReplaced', { previousKeyId: 'one', keyId: 'two' }],
      ],
    );
  });

  it('keep no server from starting and stopping while the journal has no room', async () => {
    isFull = true;
    const full = start();
    await full.begin();
    await full.end('SIGTERM');
    assert.deepEqual(recorded, []);
  });
});
