import { duration, integer, size } from './config-option.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export const LISTEN_LIMIT_OPTIONS = {
  headerBytesMax: size({
    flag: 'header-max-bytes',
    group: 'Limits',
    default: '64KiB',
    min: 8_192,
    max: 1_048_576,
    doc: 'Size of a request head; larger ones are answered 431.',
  }),
  headersCountMax: integer({
    flag: 'header-max-count',
    group: 'Limits',
    default: '200',
    min: 20,
    max: 10_000,
    doc: 'Headers of one request; more are answered 431.',
  }),
  headerTimeoutMs: duration({
    flag: 'header-timeout',
    group: 'Limits',
    default: '20s',
    min: 100,
    max: HOUR_MS,
    doc: 'Time in which the head of a request must arrive.',
  }),
  requestTimeoutMs: duration({
    flag: 'request-timeout',
    group: 'Limits',
    default: '1h',
    min: SECOND_MS,
    max: 7 * DAY_MS,
    doc: 'Time in which a whole request must arrive, its body included.',
  }),
  idleTimeoutMs: duration({
    flag: 'idle-timeout',
    group: 'Limits',
    default: '16m',
    min: SECOND_MS,
    max: DAY_MS,
    doc: 'Time without a byte in either direction after which a connection is closed in the middle of a call.',
  }),
  keepAliveTimeoutMs: duration({
    flag: 'keep-alive-timeout',
    group: 'Limits',
    default: '60s',
    min: SECOND_MS,
    max: DAY_MS,
    doc: 'Time for which a connection without a call is kept open.',
  }),
  connectionsMax: integer({
    flag: 'connections-max',
    group: 'Limits',
    default: '10000',
    min: 1,
    max: 1_000_000,
    doc: 'Connections that are open at once; further ones are closed.',
  }),
  streamsMax: integer({
    flag: 'streams-max',
    group: 'Limits',
    default: '128',
    min: 1,
    max: 10_000,
    doc: 'Calls at once on one HTTP/2 connection.',
  }),
  bodyBytesMax: size({
    flag: 'body-max-bytes',
    group: 'Limits',
    default: '1MiB',
    min: 1_024,
    max: 1e9,
    doc: 'Size of the body of a call that OpenTrail answers itself, imports aside; forwarded bodies have no limit.',
  }),
  callsPerSecondMax: integer({
    flag: 'calls-per-second-max',
    group: 'Limits',
    default: '1000',
    min: 0,
    max: 1_000_000,
    doc:
      'Calls that OpenTrail answers itself to one source address a second (twice as many at once); further ones are ' +
      'answered ThrottlingException. Forwarded calls do not count; 0 is no bound.',
  }),
  failedAttemptsMax: integer({
    flag: 'failed-attempts-max',
    group: 'Limits',
    default: '20',
    min: 0,
    max: 1_000_000,
    doc:
      'Unknown keys, wrong signatures and wrong passwords of one source address before it has to wait, a second first ' +
      'and twice as long with each further one; one is forgiven every 3 seconds. Keys that were right from there before go on; 0 is no bound.',
  }),
  shutdownTimeoutMs: duration({
    flag: 'shutdown-timeout',
    group: 'Limits',
    default: '20s',
    min: 100,
    max: HOUR_MS,
    doc: 'Time that calls in flight have to finish after SIGTERM.',
  }),
} as const;

export const GATEWAY_LIMIT_OPTIONS = {
  upstreamConnectTimeoutMs: duration({
    flag: 'upstream-connect-timeout',
    group: 'Limits',
    default: '5s',
    min: 10,
    max: HOUR_MS,
    doc: 'Time in which an upstream must be reached, TLS included; then 504.',
  }),
  upstreamIdleTimeoutMs: duration({
    flag: 'upstream-idle-timeout',
    group: 'Limits',
    default: '905s',
    min: 10,
    max: DAY_MS,
    doc: 'Time without a byte from an upstream after which a call is given up; Lambda answers may take 15 minutes.',
  }),
  upstreamKeepAliveMs: duration({
    flag: 'upstream-keep-alive',
    group: 'Limits',
    default: '4s',
    min: 0,
    max: DAY_MS,
    doc: 'Time for which an unused connection to an upstream is kept; less than what the upstream itself keeps it.',
  }),
  upstreamIdleConnectionsMax: integer({
    flag: 'upstream-idle-connections-max',
    group: 'Limits',
    default: '256',
    min: 0,
    max: 100_000,
    doc: 'Unused connections that are kept to one upstream.',
  }),
  answerHeadBytesMax: size({
    flag: 'upstream-header-max-bytes',
    group: 'Limits',
    default: '64KiB',
    min: 8_192,
    max: 10_485_760,
    doc: "Size of the head of an upstream's answer; larger ones are answered 502.",
  }),
  pendingCallsMax: integer({
    flag: 'pending-calls-max',
    group: 'Limits',
    default: '4096',
    min: 1,
    max: 1_000_000,
    doc: 'Calls in batch mode that are answered and not yet durable; at the bound new ones wait.',
  }),
  pendingBytesMax: size({
    flag: 'pending-max-bytes',
    group: 'Limits',
    default: '64MiB',
    min: 1_048_576,
    max: 1e10,
    doc: 'Captured bytes that those calls may hold.',
  }),
  recordsInFlightMax: integer({
    flag: 'records-in-flight-max',
    group: 'Limits',
    default: '512',
    min: 1,
    max: 100_000,
    doc: 'Records that are made durable at the same time; they share their fsyncs.',
  }),
  intentBodyBytesMax: size({
    flag: 'intent-body-max-bytes',
    group: 'Limits',
    default: '64KiB',
    min: 0,
    max: 1e9,
    doc: "How much of a request's body is awaited in blocking mode, so that the intent can name its operation.",
  }),
  retryAfterMs: duration({
    flag: 'retry-after',
    group: 'Limits',
    default: '5s',
    min: SECOND_MS,
    max: HOUR_MS,
    doc: 'What Retry-After tells where a blocking call is refused because it cannot be recorded.',
  }),
  unverifiedPerMinute: integer({
    flag: 'unverified-per-minute',
    group: 'Limits',
    default: '600',
    min: 1,
    max: 1_000_000_000,
    doc:
      'Calls a minute and source address that are recorded one by one though nobody vouched for their caller ' +
      '(ten times as many from all sources together); those beyond are recorded as counted summaries.',
  }),
} as const;

export const HISTORY_LIMIT_OPTIONS = {
  tailsMax: integer({
    flag: 'tails-max',
    group: 'Limits',
    default: '100',
    min: 1,
    max: 10_000,
    doc: 'Tails that may be open at once; each costs one read of the event store per commit.',
  }),
  importPendingEventsMax: integer({
    flag: 'import-pending-events-max',
    group: 'Limits',
    default: '150000',
    min: 1_000,
    max: 100_000_000,
    doc: 'Events of imports that may be in the journal and not yet stored; more wait. About 250 bytes of memory each.',
  }),
  importJournalPercentMax: integer({
    flag: 'import-journal-percent-max',
    group: 'Limits',
    default: '50',
    min: 1,
    max: 100,
    doc: "Share of the journal's bound that imports may fill, in percent; the rest is left to live events.",
  }),
  importWaitMs: duration({
    flag: 'import-wait',
    group: 'Limits',
    default: '20s',
    min: SECOND_MS,
    max: HOUR_MS,
    doc: 'How long a request of an import waits for room before it is answered 503.',
  }),
} as const;
