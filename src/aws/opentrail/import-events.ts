import { DependencyError } from '../../base/dependency-error.ts';
import { ApiError } from '../../model/api-error.ts';
import type { Json, JsonObject } from '../../model/cloudtrail-event.ts';
import type { ObjectOutcome } from '../../record/import/import-stream.ts';
import type { Importer } from '../../record/import/importer.ts';
import type { Catalog, ImportConflict } from '../../store/catalog.ts';
import { requireInstallationAccount } from './access.ts';
import type { Caller, OpenTrailCall, OpenTrailOperation } from './operation.ts';

/** Objects per `FindImportedObjects`: a request of about 1 MB. */
const OBJECTS_MAX = 1_000;
/** Conflicts per page: each can hold 1 MB. */
const CONFLICTS_MAX = 50;
/** How long `EndImport` waits for the store; clients call it again while something is pending. */
const END_WAIT_MS = 10_000;
/** Seconds after which a client that was refused for want of room tries again. */
const RETRY_AFTER_SECONDS = 2;

/**
 * The operations through which log files are imported: `BeginImport`, then the others, then `EndImport`. A log file says
 * itself which accounts its events are of, so that whoever imports writes into the history of any account.
 */
export function createImportOperations(options: {
  readonly importer: Importer;
  readonly catalog: Catalog;
  readonly installationAccountId: string;
}): OpenTrailOperation[] {
  const operations = [
    beginImport(options.importer),
    findImportedObjects(options.importer),
    importEvents(options.importer),
    endImport(options.importer),
    listImportConflicts(options.catalog),
  ];
  return operations.map((operation) => ({
    ...operation,
    async run(call) {
      requireInstallationAccount(call.caller, options.installationAccountId, operation.action);
      return operation.run(call);
    },
  }));
}

function beginImport(importer: Importer): OpenTrailOperation {
  return {
    name: 'BeginImport',
    action: 'opentrail:ImportEvents',
    isReadOnly: false,
    takesBody: false,
    summary: 'Opens an import and answers its `ImportId`; takes no parameters.',
    async run({ caller }) {
      const { importId } = await importer.begin(nameOf(caller));
      return { kind: 'json', output: { ImportId: importId } };
    },
  };
}

function findImportedObjects(importer: Importer): OpenTrailOperation {
  return {
    name: 'FindImportedObjects',
    action: 'opentrail:ImportEvents',
    isReadOnly: true,
    takesBody: false,
    summary:
      'Of up to 1000 `Objects` (`Uri`, `Sha256`), answers in `AreComplete`, in their order, which were imported completely before.',
    async run({ input }) {
      const objects = objectsOf(input.Objects);
      return { kind: 'json', output: { AreComplete: await importer.findComplete(objects) } };
    },
  };
}

function importEvents(importer: Importer): OpenTrailOperation {
  return {
    name: 'ImportEvents',
    action: 'opentrail:ImportEvents',
    isReadOnly: false,
    takesBody: true,
    summary:
      'Stores the records of the body in the history: a line `#file {"uri":…,"sha256":…,"sizeBytes":…}` and the bytes of a log file as it is stored (gzip or plain, up to 8 MB), then a line break; or lines `#object {"uri":…,"sha256":…,"firstIndex":…}`, one record per line, `#refused {"reason":…}` for what the client could not read, `#end {"isPartial":…}`. Query parameter `ImportId`. Answers in `Objects` what became of the records of each object.',
    async run(call) {
      const importId = textOf(call.input, 'ImportId');
      try {
        const objects = await importer.importEvents({
          importId,
          importedBy: nameOf(call.caller),
          body: call.body,
          signal: call.signal,
        });
        return { kind: 'json', output: { Objects: objects.map(wireOutcome) } };
      } catch (error) {
        throw toRetryable(error);
      }
    },
  };
}

function endImport(importer: Importer): OpenTrailOperation {
  return {
    name: 'EndImport',
    action: 'opentrail:ImportEvents',
    isReadOnly: false,
    takesBody: false,
    summary:
      'Waits up to 10 seconds until the events of `ImportId` can be looked up; answers in `PendingCount` how many cannot yet.',
    async run({ input, signal }: OpenTrailCall) {
      const importId = textOf(input, 'ImportId');
      const pendingCount = await importer.end(importId, { waitMs: END_WAIT_MS, signal });
      return { kind: 'json', output: { PendingCount: pendingCount } };
    },
  };
}

function listImportConflicts(catalog: Catalog): OpenTrailOperation {
  return {
    name: 'ListImportConflicts',
    action: 'opentrail:ListImportConflicts',
    isReadOnly: true,
    takesBody: false,
    summary:
      'Imported records whose event id is stored already with other content, with their exact bytes; by `EventId` where given, 50 a page (`NextToken`).',
    async run({ input }) {
      const after = typeof input.NextToken === 'string' ? parseToken(input.NextToken) : undefined;
      const conflicts = await catalog.listImportConflicts({
        limit: CONFLICTS_MAX,
        ...(typeof input.EventId === 'string' ? { eventId: input.EventId } : {}),
        ...(after === undefined ? {} : { after }),
      });
      const last = conflicts.length === CONFLICTS_MAX ? conflicts.at(-1) : undefined;
      const nextToken = last === undefined ? {} : { NextToken: `${last.sha256}.${last.eventId}` };
      return { kind: 'json', output: { Conflicts: conflicts.map(wireConflict), ...nextToken } };
    },
  };
}

function wireOutcome(outcome: ObjectOutcome): JsonObject {
  return {
    Uri: outcome.uri,
    Sha256: outcome.sha256,
    StoredCount: outcome.storedCount,
    SeenBeforeCount: outcome.seenBeforeCount,
    ConflictCount: outcome.conflictCount,
    RefusedCount: outcome.refusedCount,
    IsComplete: outcome.isComplete,
    IsDigest: outcome.isDigest,
    FirstEventTime: outcome.firstEventTimeMs / 1000,
    LastEventTime: outcome.lastEventTimeMs / 1000,
    Refusals: outcome.refusals.map(({ index, reason }) => ({ Index: index, Reason: reason })),
    Conflicts: outcome.conflicts.map(({ index, eventId }) => ({ Index: index, EventId: eventId })),
  };
}

function wireConflict(conflict: ImportConflict): JsonObject {
  return {
    EventId: conflict.eventId,
    Sha256: conflict.sha256,
    StoredSha256: conflict.storedSha256,
    SourceObjectId: conflict.sourceObjectId,
    FoundAt: conflict.foundAtMs / 1000,
    CloudTrailEvent: conflict.raw,
  };
}

/** Who imported, for the provenance: the ARN where there is one. */
function nameOf({ userIdentity, accountId }: Caller): string {
  return userIdentity.arn ?? userIdentity.principalId ?? accountId;
}

/** No room, or the engine is away: the same request may be sent again, and nothing is stored twice. */
function toRetryable(error: unknown): unknown {
  if (!(error instanceof DependencyError) || !error.isRetryable) return error;
  return new ApiError('ServiceUnavailableException', error.message, {
    isPlatform: true,
    status: 503,
    retryAfterSeconds: RETRY_AFTER_SECONDS,
    cause: error,
  });
}

function textOf(input: JsonObject, name: string): string {
  const value = input[name];
  if (typeof value === 'string' && value !== '' && value.length <= 256) return value;
  throw new ApiError('InvalidParameterException', `${name} must be text of 1 to 256 characters`);
}

function objectsOf(value: Json | undefined): { uri: string; sha256: string }[] {
  if (!Array.isArray(value) || value.length > OBJECTS_MAX) {
    throw new ApiError('InvalidParameterException', `Objects must be a list of at most ${OBJECTS_MAX}`);
  }
  return (value as readonly JsonObject[]).map((object) => {
    const { Uri: uri, Sha256: sha256 } = object ?? {};
    if (typeof uri === 'string' && typeof sha256 === 'string') return { uri, sha256 };
    throw new ApiError('InvalidParameterException', 'each of Objects must have Uri and Sha256');
  });
}

function parseToken(token: string): { eventId: string; sha256: string } {
  const dot = token.indexOf('.');
  if (dot === 64) return { sha256: token.slice(0, dot), eventId: token.slice(dot + 1) };
  throw new ApiError('InvalidNextTokenException', 'NextToken is not one that this operation gave');
}
