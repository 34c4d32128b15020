import { assert } from '../../base/assert.ts';
import {
  foldedName,
  type IdentityChange,
  type IdentityDocument,
  type IdentityKind,
  type IdentityReference,
  type IdentityStore,
} from '../identity-store.ts';

/** An identity store that forgets everything at the end: for tests of what stands on one. */
export class MemoryIdentityStore implements IdentityStore {
  readonly #documents = new Map<string, IdentityDocument>();
  #generation = 0;

  async get(reference: IdentityReference): Promise<IdentityDocument | undefined> {
    return this.#documents.get(keyOf(reference));
  }

  async find(kind: IdentityKind, name: string): Promise<IdentityDocument | undefined> {
    const folded = foldedName(kind, name);
    const found = [...this.#documents.values()].filter(
      (document) => document.kind === kind && foldedName(kind, document.name) === folded,
    );
    return found.length === 1 ? found[0] : undefined;
  }

  async list(query: {
    readonly kind: IdentityKind;
    readonly accountId: string;
    readonly after?: string;
    readonly limit?: number;
  }): Promise<IdentityDocument[]> {
    const { kind, accountId, after, limit } = query;
    const orderOf = (name: string) => Buffer.from(foldedName(kind, name));
    return this.#of(kind, accountId)
      .map((document) => ({ document, order: orderOf(document.name) }))
      .filter(({ order }) => after === undefined || Buffer.compare(order, orderOf(after)) > 0)
      .sort((a, b) => Buffer.compare(a.order, b.order))
      .slice(0, limit)
      .map(({ document }) => document);
  }

  async listAll(query: {
    readonly kind: IdentityKind;
    readonly after?: { readonly accountId: string; readonly name: string };
    readonly limit: number;
  }): Promise<IdentityDocument[]> {
    const { kind, after, limit } = query;
    const accounts = new Set([...this.#documents.values()].map(({ accountId }) => accountId));
    const found: IdentityDocument[] = [];
    for (const accountId of [...accounts].sort()) {
      if (after !== undefined && accountId < after.accountId) continue;
      const isPart = accountId === after?.accountId;
      found.push(...(await this.list({ kind, accountId, ...(isPart ? { after: after.name } : {}) })));
    }
    return found.slice(0, limit);
  }

  async count(query: { readonly kind: IdentityKind; readonly accountId: string }): Promise<number> {
    return this.#of(query.kind, query.accountId).length;
  }

  async commit(changes: readonly IdentityChange[]): Promise<boolean> {
    const keys = changes.map(keyOf);
    assert(new Set(keys).size === keys.length, 'a commit changes each document once');
    const isExpected = changes.every(
      (change, n) => (this.#documents.get(keys[n] ?? '')?.revision ?? 0) === change.expectedRevision,
    );
    if (!isExpected) return false;
    this.#generation += 1;
    for (const change of changes) this.#apply(change, this.#generation);
    return true;
  }

  async generation(): Promise<number> {
    return this.#generation;
  }

  async close(): Promise<void> {}

  #of(kind: IdentityKind, accountId: string): IdentityDocument[] {
    return [...this.#documents.values()].filter((d) => d.kind === kind && d.accountId === accountId);
  }

  #apply(change: IdentityChange, revision: number) {
    const { kind, accountId, name, body } = change;
    if (body === undefined) this.#documents.delete(keyOf(change));
    else this.#documents.set(keyOf(change), { kind, accountId, name, body, revision });
  }
}

function keyOf({ kind, accountId, name }: IdentityReference): string {
  return JSON.stringify([kind, accountId, foldedName(kind, name)]);
}
