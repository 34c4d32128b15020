import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import type { Catalog, PrincipalRecord, SourceObject } from './catalog.ts';

/** What every backend of the catalog holds to; each backend's test names itself and says how it is opened. */
export function describeCatalog(
  backend: string,
  open: () => Promise<{ readonly catalog: Catalog; dispose(): Promise<void> }>,
) {
  describe(`catalog on ${backend}`, () => {
    let catalog: Catalog;
    let dispose: () => Promise<void>;

    beforeEach(async () => {
      ({ catalog, dispose } = await open());
    });
    afterEach(() => dispose());

    it('answers undefined, 0 or an empty list for what was never put', async () => {
      assert.equal(await catalog.getSetting('a.b'), undefined);
      assert.equal(await catalog.getPrincipal('AKIANONE'), undefined);
      assert.equal(await catalog.getCursor('drain', 'j'), 0);
      assert.equal(await catalog.getSourceObject('u', 's'), undefined);
      assert.deepEqual(await catalog.listHolds(), []);
      assert.deepEqual(await catalog.listDropped(), []);
      assert.deepEqual(await catalog.listExplained('j', 1, 1_000), []);
      assert.equal(await catalog.deleteHold('none'), false);
      assert.equal(await catalog.deletePrincipal('none'), false);
    });

    it('keeps the last value of a setting, whatever characters it holds', async () => {
      await catalog.putSetting('server.last', 'first');
      const value = `'"; drop table settings; -- \u0000 ${'ü'.repeat(3)} 🙂`;
      await catalog.putSetting('server.last', value);
      assert.equal(await catalog.getSetting('server.last'), value);
    });

    it('never lets a learnt principal replace a configured one', async () => {
      const configured = principal('AKIA1', { source: 'configured', userIdentityJson: '{"type":"Root"}' });
      await catalog.putPrincipal(principal('AKIA1', { userIdentityJson: '{"type":"IAMUser"}' }));
      await catalog.putPrincipal(configured);
      await catalog.putPrincipal(principal('AKIA1', { userIdentityJson: '{"type":"Forged"}' }));
      assert.deepEqual({ ...(await catalog.getPrincipal('AKIA1')) }, configured);
    });

    it('replaces a learnt principal by what was learnt later', async () => {
      await catalog.putPrincipal(principal('AKIA1', { userIdentityJson: '{"a":1}' }));
      const later = principal('AKIA1', { userIdentityJson: '{"a":2}', learntAtMs: 5 });
      await catalog.putPrincipal(later);
      assert.deepEqual({ ...(await catalog.getPrincipal('AKIA1')) }, later);
    });

    it('lists the principals of one account only, by key', async () => {
      await catalog.putPrincipal(principal('AKIA2'));
      await catalog.putPrincipal(principal('AKIA1'));
      await catalog.putPrincipal(principal('AKIA3', { accountId: '222222222222' }));
      const keys = (await catalog.listPrincipals('111111111111')).map((p) => p.accessKeyId);
      assert.deepEqual(keys, ['AKIA1', 'AKIA2']);
      assert.equal(await catalog.deletePrincipal('AKIA1'), true);
      assert.equal((await catalog.listPrincipals('111111111111')).length, 1);
    });

    it('forgets principals that have expired and no others', async () => {
      await catalog.putPrincipal(principal('ASIA1', { expiresAtMs: 1_000 }));
      await catalog.putPrincipal(principal('ASIA2', { expiresAtMs: 1_001 }));
      await catalog.putPrincipal(principal('AKIA1'));
      assert.equal(await catalog.deleteExpiredPrincipals(1_000), 1);
      const keys = (await catalog.listPrincipals('111111111111')).map((p) => p.accessKeyId);
      assert.deepEqual(keys, ['AKIA1', 'ASIA2']);
    });

    it('keeps holds in the order in which they were made', async () => {
      const hold = { fromMs: 1, toMs: 2, createdBy: 'arn', reason: 'r' };
      await catalog.putHold({ ...hold, holdId: 'b', name: 'second', createdAtMs: 20 });
      await catalog.putHold({ ...hold, holdId: 'c', name: 'first', createdAtMs: 10 });
      assert.deepEqual(
        (await catalog.listHolds()).map((h) => h.name),
        ['first', 'second'],
      );
      assert.equal(await catalog.deleteHold('c'), true);
      assert.deepEqual(
        (await catalog.listHolds()).map((h) => ({ ...h })),
        [{ ...hold, holdId: 'b', name: 'second', createdAtMs: 20 }],
      );
    });

    it('keeps one cursor for each follower and journal', async () => {
      await catalog.putCursor('drain', 'j1', 10);
      await catalog.putCursor('drain', 'j2', 20);
      await catalog.putCursor('tail', 'j1', 30);
      await catalog.putCursor('drain', 'j1', Number.MAX_SAFE_INTEGER);
      assert.equal(await catalog.getCursor('drain', 'j1'), Number.MAX_SAFE_INTEGER);
      assert.equal(await catalog.getCursor('drain', 'j2'), 20);
      assert.equal(await catalog.getCursor('tail', 'j1'), 30);
    });

    it('finds a source object by name and content, the complete one first', async () => {
      await catalog.putSourceObject(sourceObject('o1', { isComplete: true, importedAtMs: 1 }));
      await catalog.putSourceObject(sourceObject('o2', { importedAtMs: 2 }));
      await catalog.putSourceObject(sourceObject('o3', { sha256: 'other' }));
      assert.equal((await catalog.getSourceObject('s3://b/k', 'hash'))?.sourceObjectId, 'o1');
      await catalog.putSourceObject(sourceObject('o2', { isComplete: true, storedCount: 9 }));
      const listed = await catalog.listSourceObjects('import-1');
      assert.deepEqual(
        listed.map((o) => o.sourceObjectId),
        ['o2', 'o3', 'o1'],
      );
      assert.deepEqual({ ...listed[0] }, sourceObject('o2', { isComplete: true, storedCount: 9 }));
    });

    it('finds many source objects at once, in the order in which they were asked for', async () => {
      await catalog.putSourceObjects([
        sourceObject('o1', { isComplete: true, importedAtMs: 1 }),
        sourceObject('o2', { importedAtMs: 3 }),
        sourceObject('o3', { sha256: 'other', importedAtMs: 1 }),
        sourceObject('o4', { sha256: 'other', importedAtMs: 2 }),
      ]);
      const uri = 's3://b/k';
      const keys = [
        { uri, sha256: 'none' },
        { uri, sha256: 'other' },
        { uri, sha256: 'hash' },
        { uri, sha256: 'other' },
      ];
      const found = await catalog.getSourceObjects(keys);
      assert.deepEqual(
        found.map((object) => object?.sourceObjectId),
        [undefined, 'o4', 'o1', 'o4'],
      );
      assert.deepEqual({ ...found[2] }, sourceObject('o1', { isComplete: true, importedAtMs: 1 }));
      assert.deepEqual(await catalog.getSourceObjects([]), []);
    });

    it('puts any number of source objects at once, whatever their names hold', async () => {
      const names = Array.from({ length: 5_000 }, (_, n) => `s3://b/${n}'"\\\n\tü🙂`);
      const objects = names.map((uri, n) => sourceObject(`o${n}`, { uri, isComplete: n % 2 === 0 }));
      await catalog.putSourceObjects(objects);
      await catalog.putSourceObjects(objects.slice(0, 1).map((o) => ({ ...o, storedCount: 7 })));
      assert.equal((await catalog.listSourceObjects('import-1')).length, 5_000);
      assert.deepEqual({ ...(await catalog.getSourceObject(names[4_999] ?? '', 'hash')) }, objects[4_999]);
      assert.equal((await catalog.getSourceObject(names[0] ?? '', 'hash'))?.storedCount, 7);
      await catalog.putSourceObjects([]);
    });

    it('keeps the first of equal import conflicts, and pages through them by key', async () => {
      const conflict = { storedSha256: 's', sourceObjectId: 'o', foundAtMs: 1, raw: '{"a":"\\u0000"}' };
      await catalog.putImportConflicts([
        { ...conflict, eventId: 'b', sha256: '1' },
        { ...conflict, eventId: 'a', sha256: '2' },
        { ...conflict, eventId: 'a', sha256: '1' },
      ]);
      await catalog.putImportConflicts([{ ...conflict, eventId: 'a', sha256: '1', raw: 'other' }]);
      const first = await catalog.listImportConflicts({ limit: 2 });
      assert.deepEqual(
        first.map((c) => ({ ...c })),
        ['1', '2'].map((sha256) => ({ ...conflict, eventId: 'a', sha256 })),
      );
      const rest = await catalog.listImportConflicts({ limit: 2, after: { eventId: 'a', sha256: '2' } });
      assert.deepEqual(
        rest.map((c) => c.eventId),
        ['b'],
      );
      assert.equal((await catalog.listImportConflicts({ eventId: 'a', limit: 9 })).length, 2);
    });

    it('puts a batch of source objects at once and replaces those that it knows', async () => {
      await catalog.putSourceObject(sourceObject('o1'));
      const batch = [
        sourceObject('o1', { isComplete: true, storedCount: 7 }),
        sourceObject('o2', { uri: `s3://b/'"; -- ${'ü'.repeat(3)}` }),
      ];
      await catalog.putSourceObjects(batch);
      await catalog.putSourceObjects([]);
      const listed = await catalog.listSourceObjects('import-1');
      assert.deepEqual(
        listed.map((o) => ({ ...o })).sort((a, b) => (a.sourceObjectId < b.sourceObjectId ? -1 : 1)),
        batch,
      );
    });

    it('keeps the bytes of an import conflict once, and pages through all of them', async () => {
      const conflict = (eventId: string, sha256: string) => ({
        eventId,
        sha256,
        storedSha256: 'stored',
        sourceObjectId: 'o1',
        foundAtMs: 5,
        raw: `{"a":"\\u0000 ü 🙂","n":1.00,"of":"${eventId}"}`,
      });
      await catalog.putImportConflicts([conflict('b', '1'), conflict('a', '2'), conflict('a', '1')]);
      await catalog.putImportConflicts([{ ...conflict('a', '1'), foundAtMs: 9 }]);
      const first = await catalog.listImportConflicts({ limit: 2 });
      assert.deepEqual(
        first.map((c) => ({ ...c })),
        [conflict('a', '1'), conflict('a', '2')],
      );
      const rest = await catalog.listImportConflicts({ limit: 2, after: { eventId: 'a', sha256: '2' } });
      assert.deepEqual(
        rest.map((c) => ({ ...c })),
        [conflict('b', '1')],
      );
      assert.equal((await catalog.listImportConflicts({ eventId: 'a', limit: 9 })).length, 2);
    });

    it('lists the explained ranges that overlap a range, each once', async () => {
      const range = { journalId: 'j', reason: 'setAside', detail: 'torn' } as const;
      await catalog.putExplained({ ...range, firstSequence: 5, lastSequence: 9 });
      await catalog.putExplained({ ...range, firstSequence: 5, lastSequence: 9, detail: 'corrupt' });
      await catalog.putExplained({ ...range, firstSequence: 20, lastSequence: 20 });
      await catalog.putExplained({ ...range, journalId: 'k', firstSequence: 7, lastSequence: 7 });
      const found = await catalog.listExplained('j', 9, 19);
      assert.deepEqual(
        found.map((r) => ({ ...r })),
        [{ ...range, firstSequence: 5, lastSequence: 9, detail: 'corrupt' }],
      );
      assert.equal((await catalog.listExplained('j', 1, 20)).length, 2);
      assert.equal((await catalog.listExplained('j', 10, 19)).length, 0);
    });

    it('keeps which sequence numbers went with a dropped partition', async () => {
      const dropped = { name: '202601', journalId: 'j', lastSequence: 9, eventsCount: 9, droppedAtMs: 1 };
      await catalog.putDropped({ ...dropped, firstSequence: 1 });
      await catalog.putDropped({ ...dropped, firstSequence: 1 });
      await catalog.putDropped({ ...dropped, firstSequence: 4 });
      assert.deepEqual(
        (await catalog.listDropped()).map((p) => p.firstSequence),
        [1, 4],
      );
    });
  });
}

function principal(accessKeyId: string, members: Partial<PrincipalRecord> = {}): PrincipalRecord {
  return {
    accessKeyId,
    accountId: '111111111111',
    userIdentityJson: '{}',
    source: 'learnt',
    learntAtMs: 1,
    expiresAtMs: null,
    ...members,
  };
}

function sourceObject(sourceObjectId: string, members: Partial<SourceObject> = {}): SourceObject {
  return {
    sourceObjectId,
    importId: 'import-1',
    uri: 's3://b/k',
    sha256: 'hash',
    importedBy: 'arn',
    importedAtMs: 0,
    storedCount: 1,
    seenBeforeCount: 2,
    conflictCount: 3,
    refusedCount: 4,
    isComplete: false,
    ...members,
  };
}
