import { REGION_NAME } from '../model/region-name.ts';
import {
  GATEWAY_LIMIT_OPTIONS,
  HISTORY_LIMIT_OPTIONS,
  LISTEN_LIMIT_OPTIONS,
} from './config-limit-options.ts';
import {
  type ConfigOption,
  choice,
  duration,
  integer,
  list,
  optionalPath,
  optionalPattern,
  path,
  pattern,
  retention,
  size,
} from './config-option.ts';
import { parseNetwork, parseRecordMode, parseS3Domain, parseUpstream } from './config-services.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** A hundred years: longer is surely a mistake, `forever` exists. */
const RETENTION_MS_MAX = 36_500 * DAY_MS;

const SERVER_OPTIONS = {
  dataDir: path({
    flag: 'data-dir',
    group: 'Server',
    default: './data',
    doc: 'Folder that holds the journal, the event store, the catalog and the credentials; made at the first start.',
  }),
  host: pattern({
    flag: 'host',
    group: 'Server',
    default: '127.0.0.1',
    placeholder: 'ADDRESS',
    pattern: /^[\w.:%-]+$/,
    bounds: 'an address or host name of this machine',
    doc: 'Address to listen on; 0.0.0.0 or :: for every address of the machine, and then better with TLS.',
  }),
  port: integer({
    flag: 'port',
    group: 'Server',
    default: '4610',
    min: 0,
    max: 65_535,
    doc: 'Port to listen on; 0 takes any free one and prints it.',
  }),
  metricsPort: integer({
    flag: 'metrics-port',
    group: 'Server',
    default: '0',
    min: 0,
    max: 65_535,
    doc: 'Port for Prometheus metrics at /metrics, on the loopback address only; 0 turns it off.',
  }),
  account: pattern({
    flag: 'account',
    group: 'Account',
    default: '000000000000',
    placeholder: 'ID',
    pattern: /^\d{12}$/,
    bounds: 'an account id of 12 digits',
    doc: 'Account that this installation records for.',
  }),
  region: pattern({
    flag: 'region',
    group: 'Account',
    default: 'us-east-1',
    placeholder: 'REGION',
    pattern: REGION_NAME,
    bounds: 'a Region like us-east-1',
    doc: 'Region of requests whose signature names none.',
  }),
} as const;

const GATEWAY_OPTIONS = {
  upstreams: list({
    flag: 'upstream',
    group: 'Gateway',
    placeholder: '[SERVICE=]URL|embedded',
    bounds: 'http, https or h2c URLs; SERVICE is a signing name (monitoring) or an SDK id (cloudwatch)',
    doc:
      'Endpoint that calls are forwarded to, for one service or for all that have none of their own; iam=embedded, ' +
      'sts=embedded and organizations=embedded keep those with OpenTrail itself, as they are without any upstream.',
    item: parseUpstream,
  }),
  recordModes: list({
    flag: 'record',
    group: 'Gateway',
    placeholder: 'SERVICE=batch|blocking|off',
    bounds: 'a service or *, and a mode',
    doc:
      'How calls are recorded: batch answers first (the default), blocking answers when the record is durable, ' +
      'off records nothing; calls to OpenTrail itself are always recorded.',
    item: parseRecordMode,
  }),
  s3Domains: list({
    flag: 's3-domain',
    group: 'Gateway',
    placeholder: 'DOMAIN',
    bounds: 'host names',
    doc: 'Domain below which the first label of a host name is an S3 bucket (bucket.DOMAIN).',
    item: parseS3Domain,
  }),
  trustedProxies: list({
    flag: 'trusted-proxy',
    group: 'Gateway',
    placeholder: 'ADDRESS|CIDR',
    bounds: 'IP addresses and networks',
    doc: 'Proxy whose X-Forwarded-For is believed when the source address of a call is recorded.',
    item: parseNetwork,
  }),
  upstreamCa: optionalPath({
    flag: 'upstream-ca',
    group: 'TLS',
    doc: 'Certificates in PEM that https upstreams are believed with, instead of those of the system.',
  }),
  tlsCert: optionalPath({
    flag: 'tls-cert',
    group: 'TLS',
    doc: 'Certificate chain in PEM; with tls-key the port speaks TLS (HTTP/1.1 and HTTP/2).',
  }),
  tlsKey: optionalPath({
    flag: 'tls-key',
    group: 'TLS',
    doc: 'Private key in PEM that belongs to tls-cert.',
  }),
  tlsClientCa: optionalPath({
    flag: 'tls-client-ca',
    group: 'TLS',
    doc: 'Certificates in PEM: with them only clients are served that present a certificate which one of them issued.',
  }),
} as const;

const STORAGE_OPTIONS = {
  masterKeyFile: optionalPath({
    flag: 'master-key-file',
    group: 'Storage',
    doc:
      'File of the master key that seals secrets in the catalog, made at the first start; default: master-key.json in ' +
      'the data folder, but better on another disk than copies of that folder.',
  }),
  masterKeyKms: optionalPattern({
    flag: 'master-key-kms',
    group: 'Storage',
    placeholder: 'KEY',
    pattern: /^[\w:/-]{1,2048}$/,
    bounds: 'the id, alias or ARN of a key of a KMS',
    doc:
      'Key of the KMS at AWS_ENDPOINT_URL_KMS that the master key is encrypted with in its file; asked at the start, with ' +
      'the standard credentials of AWS clients.',
  }),
  historyRetentionMs: retention({
    flag: 'history-retention',
    group: 'Storage',
    default: '90d',
    min: DAY_MS,
    max: RETENTION_MS_MAX,
    doc: 'How long recorded events are kept; whole partitions are dropped, none that a hold overlaps.',
  }),
  importRetentionMs: retention({
    flag: 'import-retention',
    group: 'Storage',
    default: 'forever',
    min: DAY_MS,
    max: RETENTION_MS_MAX,
    doc: 'How long imported events are kept.',
  }),
  journalBytesMax: size({
    flag: 'journal-max-bytes',
    group: 'Storage',
    default: '10GB',
    min: 1e6,
    max: 1e15,
    doc: 'Size that the journal may grow to while the event store is down; beyond it new events are refused.',
  }),
  sealAfterMs: duration({
    flag: 'store-interval',
    group: 'Storage',
    default: '400ms',
    min: 10,
    max: MINUTE_MS,
    doc: 'How long recorded events wait for more, at most, before they go to the event store together.',
  }),
  engineMemoryBytes: size({
    flag: 'engine-memory',
    group: 'Storage',
    default: '1GB',
    min: 256e6,
    max: 1e15,
    doc: 'Memory that the engine of the event store may use, in its own process.',
  }),
  auth: choice({
    flag: 'auth',
    group: 'Behaviour',
    default: 'on',
    choices: ['on', 'off'],
    doc:
      'Whether signatures are checked: off takes every key for the root of the account, for tests of other software, ' +
      'on a loopback address only.',
  }),
  throttle: choice({
    flag: 'throttle',
    group: 'Behaviour',
    default: 'off',
    choices: ['off', 'aws'],
    doc: "Whether CloudTrail's operations are throttled as AWS does it, like LookupEvents to 2 calls a second per account and Region.",
  }),
  logLevel: choice({
    flag: 'log-level',
    group: 'Behaviour',
    default: 'info',
    choices: ['error', 'warn', 'info', 'debug'],
    doc: 'Least severe log lines that are written; debug has lines per request.',
  }),
} as const;

/** Every option but `config`, which names the file that the others may come from. */
export const CONFIG_OPTIONS = {
  ...SERVER_OPTIONS,
  ...GATEWAY_OPTIONS,
  ...STORAGE_OPTIONS,
  ...LISTEN_LIMIT_OPTIONS,
  ...GATEWAY_LIMIT_OPTIONS,
  ...HISTORY_LIMIT_OPTIONS,
} as const;

/** The option that the others may be read from: a flag and a variable, not a key. */
export const CONFIG_FILE_OPTION: ConfigOption<string | undefined> = optionalPath({
  flag: 'config',
  group: 'Server',
  doc: 'JSON file with any of these options: names without dashes in front, arrays for those that are repeatable.',
});

export type Config = {
  readonly [K in keyof typeof CONFIG_OPTIONS]: ReturnType<(typeof CONFIG_OPTIONS)[K]['parse']>;
};
