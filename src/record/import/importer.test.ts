import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Worker } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { DependencyError } from '../../base/dependency-error.ts';
import { silentLog } from '../../base/log.ts';
import { noMetrics } from '../../base/metrics.ts';
import type { Journal } from '../../journal/journal.ts';
import { openJournal } from '../../journal/open-journal.ts';
import type { Position } from '../../model/recorded-event.ts';
import { systemClock } from '../../server/system/system-clock.ts';
import { systemRandom } from '../../server/system/system-random.ts';
import type { Catalog } from '../../store/catalog.ts';
import { createMemoryCatalog } from '../../store/memory/memory-catalog.ts';
import { MemoryEventStore } from '../../store/memory/memory-event-store.ts';
import { createImporter, type Importer, type ImporterLimits } from './importer.ts';

const parts = { clock: systemClock, random: systemRandom, log: silentLog, metrics: noMetrics };
const SHA256 = 'a'.repeat(64);

function record(id: string, more: object = {}): string {
  return JSON.stringify({ eventVersion: '1.08', eventTime: '2023-07-10T11:42:36Z', eventID: id, ...more });
}

async function* bodyOf(...lines: (string | Buffer)[]): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]));
  for (let from = 0; from < bytes.length; from += 1_000) yield bytes.subarray(from, from + 1_000);
}

function object(uri: string, ...records: (string | Buffer)[]): (string | Buffer)[] {
  return [`#object ${JSON.stringify({ uri, sha256: SHA256 })}`, ...records, '#end {}'];
}

function file(uri: string, stored: Buffer): Buffer {
  const sha256 = createHash('sha256').update(stored).digest('hex');
  const fields = JSON.stringify({ uri, sha256, sizeBytes: stored.length });
  return Buffer.concat([Buffer.from(`#file ${fields}\n`), stored]);
}

describe('importer', () => {
  let folder: string;
  let journal: Journal;
  let store: MemoryEventStore;
  let catalog: Catalog;
  let committed: Position;
  let listeners: ((position: Position) => void)[];
  let importer: Importer;
  let isPaused: boolean;
  let draining: AbortController;
  let drained: Promise<void>;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'opentrail-importer-'));
    journal = await openJournal({ ...parts, directory: folder, sizeBytesMax: 1 << 26 });
    store = new MemoryEventStore();
    catalog = createMemoryCatalog();
    committed = { journalId: journal.journalId, sequence: 0 };
    listeners = [];
    isPaused = false;
    draining = new AbortController();
    drained = drain();
    importer = open();
  });
  afterEach(async () => {
    draining.abort();
    await drained;
    await journal.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The way from the journal to the store, as the drain goes it. */
  async function drain(): Promise<void> {
    const { signal } = draining;
    while (!signal.aborted) {
      const segment = await journal.takeSealed({ sealAfterMs: 20, signal });
      if (segment === undefined) return;
      while (isPaused && !signal.aborted) await systemClock.sleep(5);
      await store.storeSegment({ ...segment, skip: segment.setAside.map(({ sequence }) => sequence) });
      committed = { journalId: segment.journalId, sequence: segment.lastSequence };
      for (const listener of listeners) listener(committed);
      await journal.release(segment);
    }
  }

  function open(limits: Partial<ImporterLimits> = {}): Importer {
    const commitFeed = {
      committed: () => committed,
      onCommit(listener: (position: Position) => void) {
        listeners.push(listener);
        return () => {};
      },
    };
    return createImporter({ ...parts, catalog, store, journal, commitFeed, limits });
  }

  const send = (...lines: (string | Buffer)[]) =>
    importer.importEvents({
      importId: 'import-1',
      importedBy: 'arn:aws:iam::000000000000:root',
      body: bodyOf(...lines),
      signal: new AbortController().signal,
    });
  const allStored = async () => {
    assert.equal(await importer.end('import-1', { waitMs: 10_000, signal: new AbortController().signal }), 0);
    return store.find({ accountIds: 'all' }, { limit: 10_000 });
  };

  it('stores the exact bytes, with origin, verification and provenance', async () => {
    const raw =
      '{"eventID":"1","n": 1.50e+2,"u":"\\u00e9é","eventTime":"2015-01-02T03:04:05Z","userIdentity":{"type":"IAMUser","userName":"eve"}}';
    const [outcome] = await send(...object('/logs/a.json.gz', raw));
    assert.deepEqual([outcome?.storedCount, outcome?.isComplete], [1, true]);
    const [event] = await allStored();
    assert.equal(event?.raw, raw);
    assert.deepEqual(
      [event?.meta.origin, event?.meta.verification, event?.meta.username],
      ['import', 'none', 'eve'],
    );
    const source = await catalog.getSourceObject('/logs/a.json.gz', SHA256);
    assert.equal(source?.sourceObjectId, event?.meta.sourceObjectId);
    assert.deepEqual(
      [source?.storedCount, source?.isComplete, source?.importedBy],
      [1, true, 'arn:aws:iam::000000000000:root'],
    );
  });

  it('stores an event id once: within an object, across objects, while on its way and when it is stored', async () => {
    isPaused = true;
    const twice = await send(
      ...object('/a', record('1'), record('1')),
      ...object('/b', record('1'), record('2')),
    );
    const inFlight = await send(...object('/c', record('2'), record('1')));
    isPaused = false;
    await allStored();
    const later = await send(...object('/d', record('1'), record('2')));
    importer = open();
    const afterRestart = await send(...object('/e', record('2')));
    const seen = [twice, inFlight, later, afterRestart].map((outcomes) =>
      outcomes.map(({ storedCount, seenBeforeCount }) => [storedCount, seenBeforeCount]),
    );
    assert.deepEqual(seen, [
      [
        [1, 1],
        [1, 1],
      ],
      [[0, 2]],
      [[0, 2]],
      [[0, 1]],
    ]);
    assert.equal((await allStored()).length, 2);
  });

  it('stores each event once when many requests bring the same ones at the same time', async () => {
    const ids = Array.from({ length: 500 }, (_, index) => `id-${index}`);
    const outcomes = await Promise.all(
      ['/a', '/b', '/c', '/d'].map((uri) => send(...object(uri, ...ids.map((id) => record(id))))),
    );
    const stored = outcomes.flat().reduce((sum, { storedCount }) => sum + storedCount, 0);
    const seen = outcomes.flat().reduce((sum, { seenBeforeCount }) => sum + seenBeforeCount, 0);
    assert.deepEqual([stored, seen], [500, 1_500]);
    assert.equal((await allStored()).length, 500);
  });

  it('keeps the bytes of an event that comes again with other content, and reports it', async () => {
    await send(...object('/a', record('1', { a: 1 })));
    const [outcome] = await send(...object('/b', record('0'), record('1', { a: 2 }), record('1', { a: 2 })));
    assert.deepEqual(
      [outcome?.storedCount, outcome?.conflictCount, outcome?.conflicts[0]],
      [1, 2, { index: 1, eventId: '1' }],
    );
    const kept = await catalog.listImportConflicts({ eventId: '1', limit: 10 });
    assert.deepEqual(
      kept.map(({ raw }) => raw),
      [record('1', { a: 2 })],
    );
    assert.equal(
      kept[0]?.storedSha256,
      createHash('sha256')
        .update(record('1', { a: 1 }))
        .digest('hex'),
    );
    assert.equal((await allStored()).length, 2);
  });

  it('compares with what is stored, also within a group that brings an id several times', async () => {
    await send(...object('/a', record('1', { a: 1 })));
    await allStored();
    const [outcome] = await send(
      ...object('/b', record('1', { a: 2 }), record('1', { a: 2 }), record('1', { a: 1 })),
    );
    assert.deepEqual([outcome?.conflictCount, outcome?.seenBeforeCount, outcome?.storedCount], [2, 1, 0]);
    const kept = await catalog.listImportConflicts({ eventId: '1', limit: 10 });
    const stored = createHash('sha256').update(record('1', { a: 1 }));
    assert.deepEqual(
      kept.map(({ storedSha256 }) => storedSha256),
      [stored.digest('hex')],
    );
  });

  it('knows what was accepted before its filter of stored ids began to load', async () => {
    const loading = Promise.withResolvers<void>();
    const totals = store.totals.bind(store);
    store.totals = async () => {
      await loading.promise;
      return totals();
    };
    isPaused = true;
    await send(...object('/a', record('1')));
    loading.resolve();
    await systemClock.sleep(20);
    isPaused = false;
    await allStored();
    const [again] = await send(...object('/b', record('1')));
    assert.deepEqual([again?.storedCount, again?.seenBeforeCount], [0, 1]);
  });

  it('refuses what is no event, names each with its number and reason, and stores the rest', async () => {
    const [outcome] = await send(
      ...object(
        '/a',
        record('1'),
        '[]',
        'null',
        '{"eventID":"x"',
        '{"eventTime":"2023-07-10T11:42:36Z"}',
        '{"eventID":"5","eventTime":"2023-02-30T11:42:36Z"}',
        '{"eventID":"5","eventTime":"2023-13-01T11:42:36Z"}',
        '{"eventID":"5","eventTime":"2023-02-01T24:00:00Z"}',
        '{"eventID":"6"}',
        Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]),
        record('8', { text: 'x'.repeat(1 << 20) }),
        '#refused {"reason":"cut off"}',
        record('10'),
      ),
    );
    assert.deepEqual([outcome?.storedCount, outcome?.refusedCount, outcome?.isComplete], [2, 11, false]);
    const reasons = new Map(outcome?.refusals.map(({ index, reason }) => [index, reason]));
    assert.deepEqual([...reasons.keys()], [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    assert.match(reasons.get(3) ?? '', /^not valid JSON/);
    assert.match(reasons.get(9) ?? '', /UTF-8/);
    assert.match(reasons.get(10) ?? '', /over 1 MB/);
    assert.equal(reasons.get(11), 'cut off');
    assert.deepEqual((await allStored()).map(({ raw }) => JSON.parse(raw).eventID).sort(), ['1', '10']);
  });

  it('knows an object that was imported completely, and not one that was left halfway', async () => {
    const part = (firstIndex: number, end: string, ...records: string[]) => [
      `#object ${JSON.stringify({ uri: '/a', sha256: SHA256, firstIndex })}`,
      ...records,
      end,
    ];
    const isComplete = async () => (await importer.findComplete([{ uri: '/a', sha256: SHA256 }]))[0];
    await send(...part(0, '#end {"isPartial":true}', record('0')));
    assert.equal(await isComplete(), false);
    const [second] = await send(...part(1, '#end {}', record('1'), '{'));
    assert.deepEqual(
      second?.refusals.map(({ index }) => index),
      [2],
    );
    assert.equal(await isComplete(), false, 'an object with refusals is read again');
    await send(...part(0, '#end {}', record('0'), record('1')));
    assert.equal(await isComplete(), true);
    assert.equal((await allStored()).length, 2);
    const ids = new Set((await allStored()).map(({ meta }) => meta.sourceObjectId));
    assert.equal(ids.size, 1, 'all parts have one source object');
  });

  it('waits while too much is on its way, then says why, and goes on when there is room', async () => {
    importer = open({ pendingEventsMax: 1, waitMsMax: 60 });
    isPaused = true;
    await send(...object('/a', record('1'), record('2')));
    await assert.rejects(send(...object('/b', record('3'))), (error: unknown) => {
      assert.ok(error instanceof DependencyError && error.isRetryable);
      assert.match(error.message, /2 events wait to be stored/);
      return true;
    });
    isPaused = false;
    const [again] = await send(...object('/b', record('3')));
    assert.equal(again?.storedCount, 1);
    assert.equal((await allStored()).length, 3);
  });

  it('judges nothing before what a crash left in the journal is stored', async () => {
    isPaused = true;
    await send(...object('/a', record('1')));
    importer = open({ waitMsMax: 40 });
    await assert.rejects(send(...object('/b', record('1'))), /not stored yet/);
    isPaused = false;
    await allStored();
    importer = open();
    const [outcome] = await send(...object('/b', record('1')));
    assert.deepEqual([outcome?.storedCount, outcome?.seenBeforeCount], [0, 1]);
  });

  it('reads files as they are stored, gzip or plain, many in one body, record by record as in lines', async () => {
    const raws = ['1', '2', '3', '4', '5'].map((id) => record(id, { text: `tab\t"}],[{" ü ${id}` }));
    const pretty = JSON.stringify({ Records: [JSON.parse(raws[2] ?? '')] }, undefined, '\t');
    const outcomes = await send(
      file('/a.json.gz', gzipSync(`{"Records":[${raws.slice(0, 2).join(',')}]}`)),
      file('/b.json', Buffer.from(pretty)),
      file('/empty.json', Buffer.alloc(0)),
      file('/digest.json', Buffer.from('{"digestStartTime":"2020-01-01T00:00:00Z","digestS3Bucket":"b"}')),
      ...object('/c', raws[3] ?? ''),
      file('/d.ndjson.gz', Buffer.concat([gzipSync(`${raws[4]}\n`), gzipSync('{"eventID":""}\n')])),
    );
    assert.deepEqual(
      outcomes.map(({ uri, storedCount, refusedCount, isComplete, isDigest }) => [
        ...[uri, storedCount, refusedCount, isComplete, isDigest],
      ]),
      [
        ['/a.json.gz', 2, 0, true, false],
        ['/b.json', 1, 0, true, false],
        ['/empty.json', 0, 1, false, false],
        ['/digest.json', 0, 0, true, true],
        ['/c', 1, 0, true, false],
        ['/d.ndjson.gz', 1, 1, false, false],
      ],
    );
    assert.deepEqual((await allStored()).map(({ raw }) => raw).sort(), raws);
  });

  it('keeps what a damaged file holds before its damage, and says so', async () => {
    const ids = Array.from({ length: 4_000 }, (_, index) => `${index}`);
    const random = ids.map((id) => record(id, { salt: createHash('sha256').update(id).digest('hex') }));
    const stored = gzipSync(`{"Records":[${random.join(',')}]}`);
    const torn = stored.subarray(0, stored.length - 20_000);
    const [outcome] = await send(file('/torn.json.gz', torn));
    assert.equal(outcome?.isComplete, false);
    assert.ok((outcome?.storedCount ?? 0) > 1_000);
    assert.equal(outcome?.refusals.length, 1);
    assert.match(
      outcome?.refusals[0]?.reason ?? '',
      /^damaged gzip: .*; what comes before the damage was read$/,
    );
    assert.equal(outcome?.refusals[0]?.index, outcome?.storedCount);
  });

  it('ends with the error of a body that breaks off, and finds what was stored until then as seen before', async () => {
    const ids = Array.from({ length: 9_000 }, (_, index) => record(`${index}`));
    async function* broken() {
      yield* bodyOf(`#object ${JSON.stringify({ uri: '/a', sha256: SHA256 })}`, ...ids);
      throw new Error('the client went away');
    }
    const request = { importId: 'import-1', importedBy: 'arn', signal: new AbortController().signal };
    await assert.rejects(importer.importEvents({ ...request, body: broken() }), /went away/);
    const [outcome] = await send(...object('/a', ...ids));
    assert.equal((outcome?.storedCount ?? 0) + (outcome?.seenBeforeCount ?? 0), ids.length);
    assert.equal((await allStored()).length, ids.length);
  });

  it('refuses a body that is not made of objects', async () => {
    for (const body of [
      [record('1')],
      ['#object {'],
      ['#object {"uri":"/a","sha256":"x"}'],
      ['#end {}'],
      ['#what {}'],
    ]) {
      await assert.rejects(send(...body), { code: 'InvalidParameterException' });
    }
    await assert.rejects(
      send(`#object ${JSON.stringify({ uri: '/a', sha256: SHA256 })}`, record('1')),
      /before the #end/,
    );
  });

  it('loses and doubles nothing when the reading thread is killed halfway: the request can be sent again', async () => {
    let thread: Worker | undefined;
    process.once('worker', (started) => (thread = started));
    const records = Array.from({ length: 6_000 }, (_, index) =>
      record(`k${index}`, { pad: 'x'.repeat(500) }),
    );
    const body = Buffer.from(`${object('/logs/k.json', ...records).join('\n')}\n`);
    async function* killed(): AsyncGenerator<Uint8Array> {
      yield body.subarray(0, body.length / 2);
      while (journal.head().sequence === 0) await systemClock.sleep(5);
      await thread?.terminate();
      yield body.subarray(body.length / 2);
    }
    const request = { importId: 'import-1', importedBy: 'root', signal: new AbortController().signal };
    await assert.rejects(
      importer.importEvents({ ...request, body: killed() }),
      (error: unknown) => error instanceof DependencyError && error.isRetryable,
    );
    const storedBefore = journal.head().sequence;
    assert.ok(storedBefore > 0 && storedBefore < records.length, 'it was killed at work');
    const [outcome] = await send(body.subarray(0, -1));
    assert.deepEqual(
      [outcome?.seenBeforeCount, outcome?.storedCount, outcome?.isComplete],
      [storedBefore, records.length - storedBefore, true],
    );
    const ids = (await allStored()).map(({ raw }) => (JSON.parse(raw) as { eventID: string }).eventID);
    assert.deepEqual([ids.length, new Set(ids).size], [records.length, records.length]);
  });
});
