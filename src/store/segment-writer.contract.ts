import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeJournalLine } from '../model/journal-line.ts';
import type { EventMeta, JournalEntry } from '../model/recorded-event.ts';
import type { SegmentToStore } from './event-store.ts';

const TEST_JOURNAL = '6f1c0f0e-6f0b-4c5e-9d0a-000000000001';

/** Writes sealed segments as the journal does, for tests of a store: numbers count on from one to the next. */
export class SegmentWriter {
  readonly journalId: string;
  #nextSequence = 1;
  readonly #folder: string;

  private constructor(folder: string, journalId: string) {
    this.#folder = folder;
    this.journalId = journalId;
  }

  static async open(journalId = TEST_JOURNAL): Promise<SegmentWriter> {
    return new SegmentWriter(await mkdtemp(join(tmpdir(), 'segments-')), journalId);
  }

  /** `between` lines stand before each event's: frames, blank lines. */
  async write(
    entries: readonly JournalEntry[],
    options: { readonly skip?: readonly number[]; readonly between?: string } = {},
  ): Promise<SegmentToStore> {
    const firstSequence = this.#nextSequence;
    const lines = entries.map((entry) => encodeJournalLine(this.#nextSequence++, entry));
    const path = join(this.#folder, `${firstSequence}.ndjson`);
    const content = lines.map((line) => `${options.between ?? ''}${line}\n`).join('');
    await writeFile(path, content);
    return {
      journalId: this.journalId,
      path,
      firstSequence,
      lastSequence: this.#nextSequence - 1,
      eventsCount: entries.length - (options.skip?.length ?? 0),
      contentHash: createHash('sha256').update(content).digest('hex'),
      skip: options.skip ?? [],
    };
  }

  dispose(): Promise<void> {
    return rm(this.#folder, { recursive: true, force: true });
  }
}

let eventsCount = 0;

/** An entry with the given members of event and meta over plain ones; ids are unique. */
export function entryOf(event: Record<string, unknown> = {}, meta: Partial<EventMeta> = {}): JournalEntry {
  const number = String(++eventsCount).padStart(12, '0');
  return {
    meta: {
      recordedAt: Date.UTC(2026, 2, 2, 9, 14, 6),
      origin: 'live',
      verification: 'signature',
      username: 'alice',
      resources: [],
      ...meta,
    },
    raw: JSON.stringify({
      eventVersion: '1.11',
      userIdentity: {
        type: 'IAMUser',
        arn: 'arn:aws:iam::111111111111:user/alice',
        accountId: '111111111111',
        accessKeyId: 'AKIAALICE',
        userName: 'alice',
      },
      eventTime: '2026-03-02T09:14:05Z',
      eventSource: 'iam.amazonaws.com',
      eventName: 'CreateUser',
      awsRegion: 'us-east-1',
      sourceIPAddress: '198.51.100.7',
      requestParameters: null,
      responseElements: null,
      requestID: `req-${number}`,
      eventID: `00000000-0000-4000-8000-${number}`,
      readOnly: false,
      eventType: 'AwsApiCall',
      managementEvent: true,
      recipientAccountId: '111111111111',
      eventCategory: 'Management',
      ...event,
    }),
  };
}
