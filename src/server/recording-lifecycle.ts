import type { Clock } from '../base/clock.ts';
import { DependencyError } from '../base/dependency-error.ts';
import type { Log } from '../base/log.ts';
import type { Journal, RecoveryFinding } from '../journal/journal.ts';
import type { JsonObject } from '../model/cloudtrail-event.ts';
import type { ServerRecorder } from '../record/recorder.ts';
import { eventTime } from '../record/service-event.ts';
import type { Catalog } from '../store/catalog.ts';
import { findWeakenings, type RecordingConfiguration } from './recording-strength.ts';

const LAST_RUN = 'server.lastRun';
const LAST_KEYS = 'server.lastKeys';
const LAST_CONFIGURATION = 'server.lastRecordingConfiguration';

/** Orphaned intents that are closed with one append. */
const ORPHANS_PER_APPEND = 500;

/** Findings that the event of a damaged journal names; all are in the log and in the ledger. */
const FINDINGS_NAMED_MAX = 50;

export interface RecordingLifecycleOptions {
  readonly catalog: Catalog;
  readonly journal: Pick<Journal, 'journalId' | 'head' | 'orphanedIntents' | 'findings'>;
  readonly recorder: ServerRecorder;
  readonly configuration: RecordingConfiguration;
  readonly version: string;
  readonly lastAliveMs: number | undefined;
  readonly keys?: KeysInUse;
  readonly clock: Clock;
  readonly log: Log;
}

/** Ids of the keys that everything stands on; they are no secrets. */
export interface KeysInUse {
  readonly rootAccessKeyId: string;
  /** `environment`, `file`, `made` */
  readonly rootKeyOrigin: string;
  readonly masterKeyId: string;
}

interface LastRun {
  readonly state: 'running' | 'stopped';
  readonly startedAtMs: number;
}

/** What the recorder records about itself when it begins and ends. */
export class RecordingLifecycle {
  readonly #options: RecordingLifecycleOptions;
  readonly #startedAtMs: number;

  constructor(options: RecordingLifecycleOptions) {
    this.#options = options;
    this.#startedAtMs = options.clock.now();
  }

  /** A crash that is found, calls whose outcome it took, what was weakened, and that recording begins. */
  async begin(): Promise<void> {
    const { catalog, configuration } = this.#options;
    const lastRun = parse<LastRun>(await catalog.getSetting(LAST_RUN));
    const isCrash = lastRun?.state === 'running';
    await this.#putState('running');
    if (isCrash) await this.#recordCrash(lastRun);
    await this.#recordDamage();
    await this.#closeOrphans();
    const before = parse<RecordingConfiguration>(await catalog.getSetting(LAST_CONFIGURATION));
    await this.#recordWeakenings(before);
    await catalog.putSetting(LAST_CONFIGURATION, JSON.stringify(configuration));
    await this.#recordKeys();
    const { journal, recorder, version } = this.#options;
    await this.#attempt(() =>
      recorder.recordServiceEvent('RecordingStarted', {
        version,
        journalId: journal.journalId,
        recordModes: configuration.recordModes,
        ...(configuration.auth === 'off' ? { auth: 'off' } : {}),
      }),
    );
  }

  /** Everything that was accepted is recorded when this is called; the journal is closed after it. */
  async end(reason: string): Promise<void> {
    const { journal, recorder } = this.#options;
    await this.#attempt(() =>
      recorder.recordServiceEvent('RecordingStopped', {
        reason,
        startTime: eventTime(this.#startedAtMs),
        lastSequence: journal.head().sequence,
      }),
    );
  }

  /** The last word of a clean stop: without it the next start finds a crash. */
  async markStopped(): Promise<void> {
    await this.#putState('stopped');
  }

  async #recordCrash(lastRun: LastRun) {
    const { journal, recorder, lastAliveMs, log } = this.#options;
    const { length: openCalls } = journal.orphanedIntents;
    log.warn('recording.crashFound', { startedAtMs: lastRun.startedAtMs, lastAliveMs, openCalls });
    await this.#attempt(() =>
      recorder.recordServiceEvent('RecordingInterrupted', {
        startTime: eventTime(lastRun.startedAtMs),
        ...(lastAliveMs === undefined ? {} : { lastAliveTime: eventTime(lastAliveMs) }),
        lastSequence: journal.head().sequence,
        callsWithoutOutcomeCount: openCalls,
      }),
    );
  }

  /**
   * What is damaged in the journal is evidence that somebody, or a disk, changed it. An unfinished batch that a crash left
   * at the end was never acknowledged and is none. Numbers that are lost go into the ledger, so that they are explained.
   */
  async #recordDamage() {
    const { journal, catalog, recorder } = this.#options;
    const damage = journal.findings.filter(({ kind }) => kind !== 'tornTail');
    for (const { kind, firstSequence, lastSequence, reason } of damage) {
      if (kind !== 'lost' || firstSequence === undefined || lastSequence === undefined) continue;
      const { journalId } = journal;
      const detail = `lost: ${reason}`;
      await catalog.putExplained({ journalId, firstSequence, lastSequence, reason: 'setAside', detail });
    }
    if (damage.length === 0) return;
    await this.#attempt(() =>
      recorder.recordServiceEvent('JournalDamaged', {
        findingsCount: damage.length,
        findings: damage.slice(0, FINDINGS_NAMED_MAX).map(toDetails),
      }),
    );
  }

  /** Blocking calls that were begun and whose outcome no one can know. */
  async #closeOrphans() {
    const { journal, recorder } = this.#options;
    const entries = journal.orphanedIntents.map(({ entry }) => entry);
    for (let first = 0; first < entries.length; first += ORPHANS_PER_APPEND) {
      await this.#attempt(() => recorder.appendEntries(entries.slice(first, first + ORPHANS_PER_APPEND)));
    }
  }

  async #recordWeakenings(before: RecordingConfiguration | undefined) {
    if (before === undefined) return;
    const { configuration, recorder, log } = this.#options;
    const changes = findWeakenings(before, configuration);
    if (changes.length === 0) return;
    log.warn('recording.weakened', { changes });
    await this.#attempt(() =>
      recorder.recordServiceEvent('RecordingWeakened', { changes: changes.map((change) => ({ ...change })) }),
    );
  }

  /**
   * A key that was replaced while the server was stopped, by whatever means, is found here. It is noted as known only when
   * that is recorded, so that without room in the journal the next start finds it again.
   */
  async #recordKeys() {
    const { catalog, keys, recorder } = this.#options;
    if (keys === undefined) return;
    const before = parse<KeysInUse>(await catalog.getSetting(LAST_KEYS)) ?? keys;
    await this.#attempt(async () => {
      if (before.rootAccessKeyId !== keys.rootAccessKeyId) {
        await recorder.recordServiceEvent('RootKeyReplaced', {
          previousAccessKeyId: before.rootAccessKeyId,
          accessKeyId: keys.rootAccessKeyId,
          origin: keys.rootKeyOrigin,
        });
      }
      if (before.masterKeyId !== keys.masterKeyId) {
        await recorder.recordServiceEvent('MasterKeyReplaced', {
          previousKeyId: before.masterKeyId,
          keyId: keys.masterKeyId,
        });
      }
      await catalog.putSetting(LAST_KEYS, JSON.stringify(keys));
    });
  }

  async #putState(state: LastRun['state']) {
    const run: LastRun = { state, startedAtMs: this.#startedAtMs };
    await this.#options.catalog.putSetting(LAST_RUN, JSON.stringify(run));
  }

  /** A journal without room must not keep the server from starting or stopping; the recorder counts the refusal. */
  async #attempt(action: () => Promise<void>) {
    try {
      await action();
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error;
      this.#options.log.error('recording.lifecycleUnrecorded', { error });
    }
  }
}

function toDetails(finding: RecoveryFinding): JsonObject {
  const { kind, segment, offsetBytes, reason, firstSequence, lastSequence } = finding;
  return {
    kind,
    segment,
    offsetBytes,
    reason,
    ...(firstSequence === undefined ? {} : { firstSequence }),
    ...(lastSequence === undefined ? {} : { lastSequence }),
  };
}

function parse<T>(text: string | undefined): T | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as T);
}
