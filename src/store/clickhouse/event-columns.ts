import type { EventAttribute } from '../event-store.ts';

/** The column of each attribute; those of resources are arrays, in which any element may match. */
export const ATTRIBUTE_COLUMNS: Readonly<Record<EventAttribute, string>> = {
  EventId: 'event_id',
  EventName: 'event_name',
  EventSource: 'event_source',
  ReadOnly: 'read_only',
  Username: 'user_name',
  ResourceType: 'resource_types',
  ResourceName: 'resource_names',
  AccessKeyId: 'access_key_id',
  AccountId: 'account_id',
  AwsRegion: 'region',
  ErrorCode: 'error_code',
  SourceIpAddress: 'source_ip_address',
  UserIdentityArn: 'user_identity_arn',
  UserIdentityType: 'user_identity_type',
  EventCategory: 'event_category',
  EventType: 'event_type',
  RequestId: 'request_id',
  Verification: 'verification',
  Origin: 'toString(origin)',
};

export function isArrayColumn(attribute: EventAttribute): boolean {
  return attribute === 'ResourceType' || attribute === 'ResourceName';
}

/** The members of `userIdentity` and of the event that are searched, as one tuple: each JSON is parsed once. */
const EVENT_TUPLE =
  'Tuple(eventID String, eventTime String, eventName String, eventSource String, eventType String, ' +
  'eventCategory String, managementEvent Nullable(Bool), readOnly Nullable(Bool), awsRegion String, ' +
  'errorCode String, sourceIPAddress String, requestID String, recipientAccountId String, ' +
  'userIdentity Tuple(type String, arn String, accountId String, accessKeyId String))';

const META_TUPLE = 'Tuple(t Int64, o String, v String, u String, r Array(Array(String)))';

/** 2026-03-02T09:14:05Z; the engine's own parser would also take the 25th hour. */
const EVENT_TIME =
  '^(19[789][0-9]|2[01][0-9][0-9])-[0-9]{2}-[0-9]{2}' +
  'T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?Z$';

/** 2199-12-31T23:59:59.999Z: later moments are no dates to every function of the engine. */
const TIME_MS_MAX = 7_258_118_399_999;

/**
 * The engine refuses a whole document for the sake of one lone surrogate escape, which JSON allows and JavaScript
 * writes. Only for what is searched it is read as U+FFFD; `raw` keeps it.
 */
function readable(column: string): string {
  return (
    `if(multiSearchAny(${column}, ['\\\\ud', '\\\\uD']) AND NOT isValidJSON(${column}), ` +
    `replaceRegexpAll(${column}, '\\\\\\\\u[dD][89a-fA-F][0-9a-fA-F]{2}', '\\\\\\\\ufffd'), ${column})`
  );
}

export interface InsertSource {
  /** A table expression with one column `line`. */
  readonly from: string;
  /** Of the journal, as a literal. */
  readonly journalId: string;
  readonly firstSequence: string;
  readonly lastSequence: string;
  /** Literals. */
  readonly skip: readonly string[];
}

/** Whoever changes an expression MUST derive the column of the stored rows again, or they are taken for tampered with. */
const COLUMNS: readonly (readonly [column: string, expression: string])[] = [
  ['sequence', 'sequence'],
  ['origin', `if(m.o = 'import', 'import', 'live')`],
  [
    'event_time',
    `coalesce(if(match(e.eventTime, '${EVENT_TIME}'), parseDateTime64BestEffortOrNull(e.eventTime, 3, 'UTC'), ` +
      `NULL), fromUnixTimestamp64Milli(least(greatest(m.t, 0), ${TIME_MS_MAX}), 'UTC'))`,
  ],
  ['event_id', 'e.eventID'],
  ['account_id', `if(e.recipientAccountId = '', e.userIdentity.accountId, e.recipientAccountId)`],
  ['region', 'e.awsRegion'],
  ['event_name', 'e.eventName'],
  ['event_source', 'e.eventSource'],
  ['event_type', 'e.eventType'],
  [
    'event_category',
    // Records older than event version 1.08 have none.
    `multiIf(e.eventCategory != '', e.eventCategory, e.eventType = 'AwsCloudTrailInsight', 'Insight', ` +
      `ifNull(e.managementEvent = false, false), 'Data', 'Management')`,
  ],
  ['read_only', `multiIf(isNull(e.readOnly), '', assumeNotNull(e.readOnly), 'true', 'false')`],
  ['error_code', 'e.errorCode'],
  ['user_name', 'm.u'],
  ['access_key_id', 'e.userIdentity.accessKeyId'],
  ['user_identity_type', 'e.userIdentity.type'],
  ['user_identity_arn', 'e.userIdentity.arn'],
  ['source_ip_address', 'e.sourceIPAddress'],
  ['request_id', 'e.requestID'],
  ['verification', 'm.v'],
  ['resource_types', 'arrayMap(pair -> pair[1], m.r)'],
  ['resource_names', 'arrayMap(pair -> pair[2], m.r)'],
  ['meta', 'meta'],
  ['raw', 'raw'],
];

/** An INSERT that lets the engine split the journal's lines and extract the columns: events never touch a statement. */
export function insertStatement(source: InsertSource, settings: string): string {
  const names = ['journal_id', ...COLUMNS.map(([column]) => column)].join(', ');
  const expressions = COLUMNS.map(([, expression]) => expression).join(',\n  ');
  const skip = source.skip.length === 0 ? '' : ` AND sequence NOT IN (${source.skip.join(', ')})`;
  return `INSERT INTO opentrail.events (${names})
SELECT ${source.journalId},
  ${expressions}
FROM (
  SELECT sequence, meta, raw, JSONExtract(${readable('meta')}, '${META_TUPLE}') AS m,
    JSONExtract(${readable('raw')}, '${EVENT_TUPLE}') AS e
  FROM (
    SELECT toUInt64OrZero(substring(line, 1, first_tab - 1)) AS sequence,
      substring(line, first_tab + 1, second_tab - first_tab - 1) AS meta, substring(line, second_tab + 1) AS raw
    FROM (
      SELECT line, position(line, '\\t') AS first_tab, position(line, '\\t', first_tab + 1) AS second_tab
      FROM ${source.from} WHERE NOT startsWith(line, '#')
    ) WHERE first_tab > 1 AND second_tab > 0
  ) WHERE sequence BETWEEN ${source.firstSequence} AND ${source.lastSequence}${skip}
)
SETTINGS ${settings}`;
}

/**
 * Stored lines with the names of those columns that are not what `insertStatement` would derive from `meta` and `raw`.
 * `conditions` are those of the rows.
 */
export function linesStatement(conditions: string, limit?: number): string {
  const derived = COLUMNS.filter(([column]) => !['sequence', 'meta', 'raw'].includes(column));
  const changed = derived.map(([column, expression]) => {
    const stored = column === 'origin' ? 'toString(origin)' : column;
    return `if(ifNull(${stored} = (${expression}), false), '', '${column}')`;
  });
  return `SELECT sequence, meta, raw, arrayFilter(name -> name != '', [
  ${changed.join(',\n  ')}
]) AS changed
FROM (
  SELECT sequence, meta, raw, ${derived.map(([column]) => column).join(', ')},
    JSONExtract(${readable('meta')}, '${META_TUPLE}') AS m, JSONExtract(${readable('raw')}, '${EVENT_TUPLE}') AS e
  FROM opentrail.events${conditions}
) ORDER BY sequence${limit === undefined ? '' : ` LIMIT ${limit}`}`;
}
