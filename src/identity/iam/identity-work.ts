import { assert } from '../../base/assert.ts';
import {
  foldedName,
  type IdentityChange,
  type IdentityReference,
  type IdentityStore,
} from '../../store/identity-store.ts';
import { iamError } from './iam-error.ts';
import type { EntityKind, IdentityEntities } from './identity-entities.ts';

/** How often a change that lost to another one is tried; each loss means that another call got on. */
const TRIES_MAX = 8;
/** Documents that are read at once. */
const PAGE = 1_000;

/**
 * Makes one change of several documents: `plan` reads through the work, says what shall be written, and is run again from
 * the beginning where another call changed one of the documents meanwhile. It MUST have no other effects.
 *
 * Throws `ConcurrentModification` when it lost too often.
 */
export async function changeIdentities<T>(
  store: IdentityStore,
  plan: (work: IdentityWork) => Promise<T>,
): Promise<T> {
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const work = new IdentityWork(store);
    const result = await plan(work);
    const changes = work.changes();
    if (changes.length === 0 || (await store.commit(changes))) return result;
  }
  throw iamError(
    'ConcurrentModification',
    'The request was rejected because multiple requests to change this object were submitted simultaneously. ' +
      'Wait a few minutes and submit your request again.',
  );
}

interface Held {
  readonly reference: IdentityReference;
  readonly revision: number;
  body: string | undefined;
  isWritten: boolean;
}

/** What one change has read, and what it will write. */
export class IdentityWork {
  readonly #store: IdentityStore;
  readonly #held = new Map<string, Held>();

  constructor(store: IdentityStore) {
    this.#store = store;
  }

  /** As it will be after this change. */
  async get<K extends EntityKind>(
    kind: K,
    accountId: string,
    name: string,
  ): Promise<IdentityEntities[K] | undefined> {
    const { body } = await this.#hold({ kind, accountId, name });
    return body === undefined ? undefined : JSON.parse(body);
  }

  /** Makes the document or writes it anew; where it was read before, as it was read. */
  async put<K extends EntityKind>(reference: IdentityReference & { kind: K }, entity: IdentityEntities[K]) {
    const held = await this.#hold(reference);
    this.#held.set(keyOf(reference), {
      reference,
      revision: held.revision,
      body: JSON.stringify(entity),
      isWritten: true,
    });
  }

  /** Lets this change lose to any other one of the document, and any other one to it, without changing what it says. */
  async touch(kind: EntityKind, accountId: string, name: string): Promise<void> {
    const held = await this.#hold({ kind, accountId, name });
    if (held.body !== undefined) held.isWritten = true;
  }

  async delete(kind: EntityKind, accountId: string, name: string): Promise<void> {
    const held = await this.#hold({ kind, accountId, name });
    held.body = undefined;
    held.isWritten = true;
  }

  /** All documents of a kind, as they were before this change; they are not held to their revisions. */
  async list<K extends EntityKind>(kind: K, accountId: string): Promise<IdentityEntities[K][]> {
    const documents = await this.#store.list({ kind, accountId });
    return documents.map(({ body }) => JSON.parse(body));
  }

  /** As `list`, of all accounts. */
  async listAll<K extends EntityKind>(
    kind: K,
  ): Promise<{ readonly accountId: string; readonly entity: IdentityEntities[K] }[]> {
    const found: { readonly accountId: string; readonly entity: IdentityEntities[K] }[] = [];
    for (let after: IdentityReference | undefined, isMore = true; isMore; ) {
      const page = await this.#store.listAll({
        kind,
        limit: PAGE,
        ...(after === undefined ? {} : { after }),
      });
      found.push(...page.map(({ accountId, body }) => ({ accountId, entity: JSON.parse(body) })));
      after = page.at(-1);
      isMore = page.length === PAGE;
    }
    return found;
  }

  count(kind: EntityKind, accountId: string): Promise<number> {
    return this.#store.count({ kind, accountId });
  }

  changes(): IdentityChange[] {
    return [...this.#held.values()]
      .filter(({ isWritten, revision, body }) => isWritten && (revision > 0 || body !== undefined))
      .map(({ reference: { kind, accountId, name }, revision, body }) => ({
        kind,
        accountId,
        name,
        expectedRevision: revision,
        ...(body === undefined ? {} : { body }),
      }));
  }

  async #hold(reference: IdentityReference): Promise<Held> {
    const key = keyOf(reference);
    const known = this.#held.get(key);
    if (known !== undefined) return known;
    const document = await this.#store.get(reference);
    const held: Held = {
      reference: document ?? reference,
      revision: document?.revision ?? 0,
      body: document?.body,
      isWritten: false,
    };
    assert(!this.#held.has(key), 'a change reads its documents one after another');
    this.#held.set(key, held);
    return held;
  }
}

function keyOf({ kind, accountId, name }: IdentityReference): string {
  return JSON.stringify([kind, accountId, foldedName(kind, name)]);
}
