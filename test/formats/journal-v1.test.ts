import assert from 'node:assert/strict';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { createJournalBench, takeAll, testEntry } from '../../src/journal/journal-under-test.ts';
import { decodeJournalLine, decodeMeta, encodeJournalLine } from '../../src/model/journal-line.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';
import { verifyHistory } from '../../src/verify/history-chain.ts';

// A journal as version 1 left it on disk: one segment released, one waiting, an intent without an outcome.
// Never to be written anew: what a newer version makes of it is what it makes of its users' files.
const EXAMPLE = fileURLToPath(new URL('./journal-v1', import.meta.url));

const imported = {
  meta: {
    recordedAt: 1_790_000_000_003,
    origin: 'import',
    verification: 'none',
    username: 'alice',
    resources: [
      { type: 'AWS::S3::Bucket', name: 'arn:aws:s3:::logs' },
      { type: null, name: 'x' },
    ],
    sourceObjectId: 'object-1',
  },
  raw: testEntry(3).raw,
} as const;

describe('a journal of version 1', () => {
  it('is read with its events, chain, heads and open intents', async () => {
    const bench = createJournalBench({ clock: systemClock, random: systemRandom });
    try {
      cpSync(EXAMPLE, bench.directory, { recursive: true });
      // Only the public half of the key is kept with the example.
      const key = 'MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f';
      const pem = `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`;
      writeFileSync(join(bench.directory, 'head-key.pem'), pem);
      const journal = await bench.open();
      assert.deepEqual(journal.findings, []);
      assert.equal(journal.head().sequence, 5);
      assert.deepEqual(journal.orphanedIntents, [
        { intentId: 'intent-1', entry: testEntry(50, { intentId: 'intent-1' }) },
      ]);
      const [segment] = await takeAll(journal);
      assert.ok(segment);
      const waiting = readFileSync(segment.path, 'utf8')
        .split('\n')
        .filter((line) => /^\d/.test(line));
      const outcome = testEntry(51, { intentId: 'intent-2' });
      assert.deepEqual(waiting, [encodeJournalLine(4, testEntry(4)), encodeJournalLine(5, outcome)]);
      const line = encodeJournalLine(3, imported);
      assert.deepEqual(decodeMeta(decodeJournalLine(line)?.metaJson ?? ''), imported.meta);
      const released = [encodeJournalLine(1, testEntry(1)), encodeJournalLine(2, testEntry(2)), line];
      const report = await verifyHistory({
        journalId: journal.journalId,
        links: journal.readChain(1, 5),
        heads: journal.readHeads(1),
        lines: (async function* () {
          for (const [index, text] of [...released, ...waiting].entries())
            yield { sequence: index + 1, line: text };
        })(),
        explained: [],
        publicKeyPem: readFileSync(join(EXAMPLE, 'head-key.pub.pem'), 'utf8'),
      });
      assert.deepEqual(report.findings, []);
      assert.equal(report.signedThrough, 5);
      assert.equal(report.linksVerified, 3);
      await journal.close();
    } finally {
      bench.remove();
    }
  });
});
