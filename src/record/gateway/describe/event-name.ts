import type { DecodedCall } from '../decoded-call.ts';
import { UNCONFIRMED } from './unconfirmed-choices.ts';

/** Lambda operations whose event name carries the date of their path, with the revision where there was a second. */
const LAMBDA_WRITES: Readonly<Record<string, string>> = {
  AddPermission: '20150331v2',
  CreateAlias: '20150331',
  CreateEventSourceMapping: '20150331',
  CreateFunction: '20150331',
  DeleteAlias: '20150331',
  DeleteEventSourceMapping: '20150331',
  DeleteFunction: '20150331',
  DeleteFunctionConcurrency: '20171031',
  DeleteLayerVersion: '20181031',
  PublishLayerVersion: '20181031',
  PublishVersion: '20150331',
  PutFunctionConcurrency: '20171031',
  RemovePermission: '20150331v2',
  TagResource: '20170331v2',
  UntagResource: '20170331v2',
  UpdateAlias: '20150331',
  UpdateEventSourceMapping: '20150331',
  UpdateFunctionCode: '20150331v2',
  UpdateFunctionConfiguration: '20150331v2',
};

/** Confirmed for reading operations. */
const LAMBDA_READS: Readonly<Record<string, string>> = {
  GetAlias: '20150331',
  GetFunction: '20150331v2',
  ListVersionsByFunction: '20150331',
};

/** Widely seen, not confirmed. */
const LAMBDA_READS_UNCONFIRMED: Readonly<Record<string, string>> = {
  GetAccountSettings: '20160819',
  GetEventSourceMapping: '20150331',
  GetFunctionConfiguration: '20150331v2',
  GetPolicy: '20150331v2',
  ListAliases: '20150331',
  ListEventSourceMappings: '20150331',
  ListFunctions: '20150331',
  ListTags: '20170331',
};

const S3_NAMES: Readonly<Record<string, string>> = {
  DeletePublicAccessBlock: 'DeleteBucketPublicAccessBlock',
  GetBucketAccelerateConfiguration: 'GetAccelerateConfiguration',
  GetBucketLifecycleConfiguration: 'GetBucketLifecycle',
  GetBucketNotificationConfiguration: 'GetBucketNotification',
  GetObjectLockConfiguration: 'GetBucketObjectLockConfiguration',
  GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
  ListObjectsV2: 'ListObjects',
  PutBucketAccelerateConfiguration: UNCONFIRMED.putAccelerateName,
  PutBucketLifecycleConfiguration: 'PutBucketLifecycle',
  PutBucketNotificationConfiguration: 'PutBucketNotification',
  PutObjectLockConfiguration: 'PutBucketObjectLockConfiguration',
  PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
};

const S3_CONTROL_NAMES: Readonly<Record<string, string>> = {
  DeletePublicAccessBlock: 'DeleteAccountPublicAccessBlock',
  GetPublicAccessBlock: 'GetAccountPublicAccessBlock',
  PutPublicAccessBlock: 'PutAccountPublicAccessBlock',
};

/** `eventName` of a call: the operation's name with CloudTrail's exceptions; what an unknown one can be called. */
export function eventNameOf(decoded: DecodedCall, eventSource: string): string {
  const { operation } = decoded;
  if (operation === undefined) return unknownName(decoded);
  const { service } = decoded.recognition;
  if (service === 'lambda') return operation + lambdaSuffix(operation);
  if (service === 's3control') return entryOf(S3_CONTROL_NAMES, operation) ?? operation;
  if (service === 's3' && eventSource.startsWith('s3.')) return entryOf(S3_NAMES, operation) ?? operation;
  return operation;
}

function lambdaSuffix(operation: string): string {
  const confirmed = entryOf(LAMBDA_WRITES, operation) ?? entryOf(LAMBDA_READS, operation);
  if (confirmed !== undefined) return confirmed;
  return UNCONFIRMED.lambdaSuffixOnReads ? (entryOf(LAMBDA_READS_UNCONFIRMED, operation) ?? '') : '';
}

/** A request whose operation cannot be told is named by its method: `UnknownPostRequest`. */
function unknownName(decoded: DecodedCall): string {
  const method = /^[A-Za-z]{1,16}$/.test(decoded.call.head.method)
    ? decoded.call.head.method.toLowerCase()
    : '';
  return `Unknown${method.charAt(0).toUpperCase()}${method.slice(1)}Request`;
}

function entryOf(table: Readonly<Record<string, string>>, key: string): string | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
