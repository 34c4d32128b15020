/** A principal that was told or learnt: what an access key id resolves to. */
export interface PrincipalRecord {
  readonly accessKeyId: string;
  readonly accountId: string;
  /** `userIdentity` without `accessKeyId`, as JSON. */
  readonly userIdentityJson: string;
  /** `configured` beats `learnt`. */
  readonly source: 'configured' | 'learnt';
  readonly learntAtMs: number;
  /** Temporary credentials only. */
  readonly expiresAtMs: number | null;
}

/** Keeps retention from dropping any partition that overlaps its range. */
export interface Hold {
  readonly holdId: string;
  readonly name: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly createdAtMs: number;
  readonly createdBy: string;
  readonly reason: string;
}

/** A file or S3 object that events were imported from. */
export interface SourceObject {
  readonly sourceObjectId: string;
  readonly importId: string;
  /** Absolute path or `s3://` URI as the importing client named it. */
  readonly uri: string;
  readonly sha256: string;
  readonly importedBy: string;
  readonly importedAtMs: number;
  readonly storedCount: number;
  readonly seenBeforeCount: number;
  readonly conflictCount: number;
  readonly refusedCount: number;
  readonly isComplete: boolean;
}

/**
 * An imported record whose event id is stored already with other content: kept whole beside the event store, because
 * ids are unique there, and never dropped in silence.
 */
export interface ImportConflict {
  readonly eventId: string;
  /** SHA-256 of `raw`, lower-case hex; with `eventId` the identity of a conflict. */
  readonly sha256: string;
  /** SHA-256 of the event that is stored under the id. */
  readonly storedSha256: string;
  readonly sourceObjectId: string;
  readonly foundAtMs: number;
  /** The record exactly as it was in the source object. */
  readonly raw: string;
}

/** Sequence numbers that the store does not hold, with the reason; followers and `verify` account for each number. */
export interface ExplainedRange {
  readonly journalId: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly reason: 'duplicate' | 'setAside';
  readonly detail: string;
}

/** A partition that retention dropped: which sequence numbers went with it. */
export interface DroppedPartition {
  readonly name: string;
  readonly journalId: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly eventsCount: number;
  readonly droppedAtMs: number;
}

/**
 * Everything that is not an event: principals, holds, cursors, imports, ledgers. Small, transactional, durable:
 * a call that has resolved survives a crash. Keys of `getSetting` are dotted names owned by one module each.
 */
export interface Catalog {
  getSetting(name: string): Promise<string | undefined>;
  putSetting(name: string, value: string): Promise<void>;

  getPrincipal(accessKeyId: string): Promise<PrincipalRecord | undefined>;
  putPrincipal(principal: PrincipalRecord): Promise<void>;
  listPrincipals(accountId: string): Promise<PrincipalRecord[]>;
  deletePrincipal(accessKeyId: string): Promise<boolean>;
  deleteExpiredPrincipals(nowMs: number): Promise<number>;

  putHold(hold: Hold): Promise<void>;
  listHolds(): Promise<Hold[]>;
  deleteHold(holdId: string): Promise<boolean>;

  getCursor(follower: string, journalId: string): Promise<number>;
  putCursor(follower: string, journalId: string, sequence: number): Promise<void>;

  getSourceObject(uri: string, sha256: string): Promise<SourceObject | undefined>;
  /** `getSourceObject` of many at once, in their order. */
  getSourceObjects(
    keys: readonly { readonly uri: string; readonly sha256: string }[],
  ): Promise<(SourceObject | undefined)[]>;
  /** One whose id is there already gets its time, counts and completeness; what it is of and from MUST be the same. */
  putSourceObject(object: SourceObject): Promise<void>;
  /** All in one transaction: small files come by the hundred thousand, and each transaction is one fsync. */
  putSourceObjects(objects: readonly SourceObject[]): Promise<void>;
  listSourceObjects(importId: string): Promise<SourceObject[]>;

  /** All in one transaction; one that is kept already (`eventId`, `sha256`) stays as it is. */
  putImportConflicts(conflicts: readonly ImportConflict[]): Promise<void>;
  /** In the order of (`eventId`, `sha256`), at most `limit`; `after` continues behind a page's last conflict. */
  listImportConflicts(options: {
    readonly eventId?: string;
    readonly limit: number;
    readonly after?: { readonly eventId: string; readonly sha256: string };
  }): Promise<ImportConflict[]>;

  putExplained(range: ExplainedRange): Promise<void>;
  listExplained(journalId: string, firstSequence: number, lastSequence: number): Promise<ExplainedRange[]>;

  putDropped(partition: DroppedPartition): Promise<void>;
  listDropped(): Promise<DroppedPartition[]>;

  close(): Promise<void>;
}
