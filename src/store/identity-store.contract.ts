import assert from 'node:assert/strict';
import { afterEach, beforeEach, describe, it } from 'node:test';
import fc from 'fast-check';
import type { IdentityChange, IdentityKind, IdentityStore } from './identity-store.ts';

const ACCOUNT = '111122223333';
const OTHER = '444455556666';

/** What every backend of the identity store holds to; each backend's test names itself and says how it is opened. */
export function describeIdentityStore(
  backend: string,
  open: () => Promise<{ readonly store: IdentityStore; dispose(): Promise<void> }>,
) {
  describe(`identity store on ${backend}`, () => {
    let store: IdentityStore;
    let dispose: () => Promise<void>;

    beforeEach(async () => {
      ({ store, dispose } = await open());
    });
    afterEach(() => dispose());

    const revisionOf = async (name: string, kind: IdentityKind = 'user') =>
      (await store.get({ kind, accountId: ACCOUNT, name }))?.revision ?? 0;

    it('answers undefined, 0 or an empty list for what was never committed', async () => {
      assert.equal(await store.get({ kind: 'user', accountId: ACCOUNT, name: 'bob' }), undefined);
      assert.equal(await store.find('accessKey', 'AKIANONE'), undefined);
      assert.deepEqual(await store.list({ kind: 'user', accountId: ACCOUNT }), []);
      assert.equal(await store.count({ kind: 'user', accountId: ACCOUNT }), 0);
      assert.equal(await store.generation(), 0);
    });

    it('keeps names and bodies as they are, whatever text they hold', async () => {
      const hostile = ["'; drop table identities; --", '__proto__', 'a\u0000b', '<a>&"', 'ü🙂\n', '%_'];
      for (const name of hostile) {
        assert.equal(await store.commit([put(name, { body: JSON.stringify({ name }) })]), true, name);
      }
      for (const name of hostile) {
        const kept = await store.get({ kind: 'user', accountId: ACCOUNT, name });
        assert.equal(kept?.name, name);
        assert.deepEqual(JSON.parse(kept?.body ?? ''), { name });
      }
      assert.equal(await store.count({ kind: 'user', accountId: ACCOUNT }), hostile.length);
    });

    it('lists a kind of all accounts in pages that neither leave out nor repeat', async () => {
      const wanted: string[] = [];
      for (const accountId of [ACCOUNT, OTHER]) {
        for (const name of ['AKIAa', 'AKIAb', 'akia']) {
          await store.commit([put(name, { kind: 'accessKey', accountId }), put(name, { accountId })]);
          wanted.push(`${accountId} ${name}`);
        }
      }
      for (const limit of [1, 2, 4, 100]) {
        const found: string[] = [];
        for (let after: { accountId: string; name: string } | undefined; ; ) {
          const page = await store.listAll({
            kind: 'accessKey',
            limit,
            ...(after === undefined ? {} : { after }),
          });
          if (page.length === 0) break;
          assert.ok(page.length <= limit);
          found.push(...page.map(({ accountId, name }) => `${accountId} ${name}`));
          after = page.at(-1);
        }
        assert.deepEqual(found, wanted, `pages of ${limit}`);
      }
    });

    it('takes names of users, groups, roles and policies for the same whatever their case', async () => {
      for (const kind of ['user', 'group', 'role', 'policy'] as const) {
        assert.equal(await store.commit([put('Team/Bob', { kind })]), true);
        assert.equal(await store.commit([put('team/bob', { kind })]), false);
        assert.equal((await store.get({ kind, accountId: ACCOUNT, name: 'TEAM/BOB' }))?.name, 'Team/Bob');
        assert.equal((await store.find(kind, 'tEAM/bOB'))?.name, 'Team/Bob');
      }
      assert.equal(await store.commit([put('AKIAa', { kind: 'accessKey' })]), true);
      assert.equal(await store.get({ kind: 'accessKey', accountId: ACCOUNT, name: 'akiaA' }), undefined);
    });

    it('keeps accounts and kinds apart', async () => {
      await store.commit([put('bob'), put('bob', { kind: 'role' }), put('bob', { accountId: OTHER })]);
      assert.equal((await store.list({ kind: 'user', accountId: ACCOUNT })).length, 1);
      assert.equal((await store.list({ kind: 'role', accountId: OTHER })).length, 0);
      assert.equal((await store.find('role', 'bob'))?.accountId, ACCOUNT);
      assert.equal(await store.find('user', 'bob'), undefined, 'there are two');
    });

    it('lists by folded name, in pages that go on after a name, also one that is gone', async () => {
      const names = ['b', 'A', 'c', 'a-', 'B2', '\u{1f642}', '\uffee', 'ab'];
      for (const name of names) await store.commit([put(name)]);
      const all = (await store.list({ kind: 'user', accountId: ACCOUNT })).map((d) => d.name);
      assert.deepEqual(all, ['A', 'a-', 'ab', 'b', 'B2', 'c', '\uffee', '\u{1f642}']);
      const page = { kind: 'user', accountId: ACCOUNT, limit: 3 } as const;
      assert.deepEqual(
        (await store.list({ ...page, after: 'AB' })).map(({ name }) => name),
        ['b', 'B2', 'c'],
      );
      assert.deepEqual(
        (await store.list({ ...page, after: 'aa' })).map(({ name }) => name),
        ['ab', 'b', 'B2'],
      );
      assert.deepEqual(await store.list({ ...page, limit: 0 }), []);
    });

    it('makes a commit whole or not at all', async () => {
      await store.commit([put('bob')]);
      const generation = await store.generation();
      const wrong: IdentityChange[][] = [
        [put('carol'), put('bob')],
        [put('carol'), put('bob', { expectedRevision: 99 })],
        [put('carol'), drop('nobody', 1)],
        [drop('bob', await revisionOf('bob')), put('carol', { expectedRevision: 1 })],
      ];
      for (const changes of wrong) assert.equal(await store.commit(changes), false);
      assert.deepEqual(
        (await store.list({ kind: 'user', accountId: ACCOUNT })).map(({ name }) => name),
        ['bob'],
      );
      assert.equal(await store.generation(), generation);
    });

    it('lets one of two commits win that expect the same revision', async () => {
      await store.commit([put('bob')]);
      const expectedRevision = await revisionOf('bob');
      const tries = ['1', '2', '3', '4'].map((body) =>
        store.commit([put('bob', { body, expectedRevision })]),
      );
      const made = await Promise.all(tries);
      assert.equal(made.filter(Boolean).length, 1);
      const kept = await store.get({ kind: 'user', accountId: ACCOUNT, name: 'bob' });
      assert.equal(kept?.body, String(made.indexOf(true) + 1));
    });

    it('never gives a document that was made again the revision of the one before it', async () => {
      await store.commit([put('bob')]);
      const first = await revisionOf('bob');
      await store.commit([drop('bob', first)]);
      await store.commit([put('bob', { body: '"again"' })]);
      assert.equal(await store.commit([put('bob', { body: '"stale"', expectedRevision: first })]), false);
      assert.equal(await store.commit([drop('bob', first)]), false);
      assert.equal((await store.find('user', 'bob'))?.body, '"again"');
    });

    it('grows its generation with every successful commit', async () => {
      let last = await store.generation();
      for (const name of ['a', 'b', 'c']) {
        assert.equal(await store.commit([put(name), put(`${name}2`)]), true);
        const generation = await store.generation();
        assert.ok(generation > last);
        last = generation;
      }
      assert.equal(await store.commit([drop('a', await revisionOf('a'))]), true);
      assert.ok((await store.generation()) > last);
    });

    it('refuses a commit that changes a document twice, as a mistake of ours', async () => {
      await assert.rejects(store.commit([put('bob'), put('BOB')]), { name: 'InvariantError' });
      assert.equal(await store.count({ kind: 'user', accountId: ACCOUNT }), 0);
    });

    it('does what a plain map would, whatever is committed in whatever order', async () => {
      const step = fc.record({
        name: fc.constantFrom('a', 'A', 'b', 'c'),
        body: fc.option(fc.string(), { nil: undefined }),
        isStale: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
          const { store: fresh, dispose: end } = await open();
          const model = new Map<string, string>();
          for (const { name, body, isStale } of steps) {
            const known = await fresh.get({ kind: 'user', accountId: ACCOUNT, name });
            assert.equal(known?.body, model.get(name.toLowerCase()));
            if (body === undefined && known === undefined) continue;
            const expectedRevision = (known?.revision ?? 0) + (isStale ? 1 : 0);
            const change =
              body === undefined ? drop(name, expectedRevision) : put(name, { body, expectedRevision });
            assert.equal(await fresh.commit([change]), !isStale);
            if (isStale) continue;
            if (body === undefined) model.delete(name.toLowerCase());
            else model.set(name.toLowerCase(), body);
          }
          const kept = await fresh.list({ kind: 'user', accountId: ACCOUNT });
          assert.deepEqual(
            kept.map((d) => [d.name.toLowerCase(), d.body]),
            [...model].sort(([a], [b]) => (a < b ? -1 : 1)),
          );
          await end();
        }),
        { numRuns: 20 },
      );
    });
  });
}

function put(
  name: string,
  members: {
    readonly kind?: IdentityKind;
    readonly accountId?: string;
    readonly body?: string;
    readonly expectedRevision?: number;
  } = {},
): IdentityChange {
  return { kind: 'user', accountId: ACCOUNT, name, body: '{}', expectedRevision: 0, ...members };
}

function drop(name: string, expectedRevision: number): IdentityChange {
  return { kind: 'user', accountId: ACCOUNT, name, expectedRevision };
}
