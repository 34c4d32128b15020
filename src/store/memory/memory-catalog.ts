import type {
  Catalog,
  DroppedPartition,
  ExplainedRange,
  Hold,
  ImportConflict,
  PrincipalRecord,
  SourceObject,
} from '../catalog.ts';

/** A catalog that forgets everything at the end: for tests of what stands on a catalog. */
export function createMemoryCatalog(): Catalog {
  return new MemoryCatalog();
}

class MemoryCatalog implements Catalog {
  readonly #settings = new Map<string, string>();
  readonly #principals = new Map<string, PrincipalRecord>();
  readonly #holds = new Map<string, Hold>();
  readonly #cursors = new Map<string, number>();
  readonly #sourceObjects = new Map<string, SourceObject>();
  readonly #importConflicts = new Map<string, ImportConflict>();
  readonly #explained = new Map<string, ExplainedRange>();
  readonly #dropped = new Map<string, DroppedPartition>();

  async getSetting(name: string): Promise<string | undefined> {
    return this.#settings.get(name);
  }

  async putSetting(name: string, value: string): Promise<void> {
    this.#settings.set(name, value);
  }

  async getPrincipal(accessKeyId: string): Promise<PrincipalRecord | undefined> {
    return this.#principals.get(accessKeyId);
  }

  async putPrincipal(principal: PrincipalRecord): Promise<void> {
    const known = this.#principals.get(principal.accessKeyId);
    if (known?.source === 'configured' && principal.source === 'learnt') return;
    this.#principals.set(principal.accessKeyId, { ...principal });
  }

  async listPrincipals(accountId: string): Promise<PrincipalRecord[]> {
    return [...this.#principals.values()]
      .filter((principal) => principal.accountId === accountId)
      .sort((a, b) => compare(a.accessKeyId, b.accessKeyId));
  }

  async deletePrincipal(accessKeyId: string): Promise<boolean> {
    return this.#principals.delete(accessKeyId);
  }

  async deleteExpiredPrincipals(nowMs: number): Promise<number> {
    const expired = [...this.#principals.values()].filter(
      ({ expiresAtMs }) => expiresAtMs !== null && expiresAtMs <= nowMs,
    );
    for (const { accessKeyId } of expired) this.#principals.delete(accessKeyId);
    return expired.length;
  }

  async putHold(hold: Hold): Promise<void> {
    this.#holds.set(hold.holdId, { ...hold });
  }

  async listHolds(): Promise<Hold[]> {
    return [...this.#holds.values()].sort(
      (a, b) => a.createdAtMs - b.createdAtMs || compare(a.holdId, b.holdId),
    );
  }

  async deleteHold(holdId: string): Promise<boolean> {
    return this.#holds.delete(holdId);
  }

  async getCursor(follower: string, journalId: string): Promise<number> {
    return this.#cursors.get(key(follower, journalId)) ?? 0;
  }

  async putCursor(follower: string, journalId: string, sequence: number): Promise<void> {
    this.#cursors.set(key(follower, journalId), sequence);
  }

  async getSourceObject(uri: string, sha256: string): Promise<SourceObject | undefined> {
    return [...this.#sourceObjects.values()]
      .filter((object) => object.uri === uri && object.sha256 === sha256)
      .sort((a, b) => Number(b.isComplete) - Number(a.isComplete) || b.importedAtMs - a.importedAtMs)[0];
  }

  getSourceObjects(
    keys: readonly { readonly uri: string; readonly sha256: string }[],
  ): Promise<(SourceObject | undefined)[]> {
    return Promise.all(keys.map(({ uri, sha256 }) => this.getSourceObject(uri, sha256)));
  }

  async putSourceObject(object: SourceObject): Promise<void> {
    this.#sourceObjects.set(object.sourceObjectId, { ...object });
  }

  async putSourceObjects(objects: readonly SourceObject[]): Promise<void> {
    for (const object of objects) await this.putSourceObject(object);
  }

  async listSourceObjects(importId: string): Promise<SourceObject[]> {
    return [...this.#sourceObjects.values()]
      .filter((object) => object.importId === importId)
      .sort((a, b) => a.importedAtMs - b.importedAtMs || compare(a.sourceObjectId, b.sourceObjectId));
  }

  async putImportConflicts(conflicts: readonly ImportConflict[]): Promise<void> {
    for (const conflict of conflicts) {
      const id = key(conflict.eventId, conflict.sha256);
      if (!this.#importConflicts.has(id)) this.#importConflicts.set(id, { ...conflict });
    }
  }

  async listImportConflicts(options: {
    readonly eventId?: string;
    readonly limit: number;
    readonly after?: { readonly eventId: string; readonly sha256: string };
  }): Promise<ImportConflict[]> {
    const { eventId, limit, after } = options;
    const byKey = (a: ConflictKey, b: ConflictKey) =>
      compare(a.eventId, b.eventId) || compare(a.sha256, b.sha256);
    return [...this.#importConflicts.values()]
      .filter((conflict) => eventId === undefined || conflict.eventId === eventId)
      .filter((conflict) => after === undefined || byKey(conflict, after) > 0)
      .sort(byKey)
      .slice(0, limit);
  }

  async putExplained(range: ExplainedRange): Promise<void> {
    const { journalId, firstSequence, lastSequence, reason } = range;
    this.#explained.set(key(journalId, firstSequence, lastSequence, reason), { ...range });
  }

  async listExplained(
    journalId: string,
    firstSequence: number,
    lastSequence: number,
  ): Promise<ExplainedRange[]> {
    return [...this.#explained.values()]
      .filter((range) => range.journalId === journalId)
      .filter((range) => range.firstSequence <= lastSequence && range.lastSequence >= firstSequence)
      .sort(
        (a, b) =>
          a.firstSequence - b.firstSequence || a.lastSequence - b.lastSequence || compare(a.reason, b.reason),
      );
  }

  async putDropped(partition: DroppedPartition): Promise<void> {
    const { name, journalId, firstSequence } = partition;
    this.#dropped.set(key(name, journalId, firstSequence), { ...partition });
  }

  async listDropped(): Promise<DroppedPartition[]> {
    return [...this.#dropped.values()].sort(
      (a, b) =>
        a.droppedAtMs - b.droppedAtMs ||
        compare(a.name, b.name) ||
        compare(a.journalId, b.journalId) ||
        a.firstSequence - b.firstSequence,
    );
  }

  async close(): Promise<void> {}
}

type ConflictKey = Pick<ImportConflict, 'eventId' | 'sha256'>;

function key(...parts: readonly (string | number)[]): string {
  return JSON.stringify(parts);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
