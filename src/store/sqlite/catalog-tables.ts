/** Tables of the catalog as Kysely sees them. Times are milliseconds since 1970 UTC, booleans 0 or 1. */
export interface CatalogTables {
  settings: { name: string; value: string };
  principals: {
    accessKeyId: string;
    accountId: string;
    userIdentityJson: string;
    source: 'configured' | 'learnt';
    learntAtMs: number;
    expiresAtMs: number | null;
  };
  holds: {
    holdId: string;
    name: string;
    fromMs: number;
    toMs: number;
    createdAtMs: number;
    createdBy: string;
    reason: string;
  };
  cursors: { follower: string; journalId: string; sequence: number };
  sourceObjects: {
    sourceObjectId: string;
    importId: string;
    uri: string;
    sha256: string;
    importedBy: string;
    importedAtMs: number;
    storedCount: number;
    seenBeforeCount: number;
    conflictCount: number;
    refusedCount: number;
    isComplete: number;
  };
  importConflicts: {
    eventId: string;
    sha256: string;
    storedSha256: string;
    sourceObjectId: string;
    foundAtMs: number;
    raw: string;
  };
  explainedRanges: {
    journalId: string;
    firstSequence: number;
    lastSequence: number;
    reason: 'duplicate' | 'setAside';
    detail: string;
  };
  droppedPartitions: {
    name: string;
    journalId: string;
    firstSequence: number;
    lastSequence: number;
    eventsCount: number;
    droppedAtMs: number;
  };
}
