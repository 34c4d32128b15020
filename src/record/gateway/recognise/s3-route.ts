import { decodePercent, queryValue, type RequestView } from './request-view.ts';

/** Which bucket and key an S3 request is about. */
export interface S3Place {
  readonly bucket: string | undefined;
  /** Decoded once; undefined at bucket level. */
  readonly key: string | undefined;
}

/**
 * Path-style requests have the bucket first in the path, virtual-hosted ones in the host.
 *
 *     s3Place('/photos/2026%2Fmay.jpg', undefined) // { bucket: 'photos', key: '2026/may.jpg' }
 */
export function s3Place(path: string, hostBucket: string | undefined): S3Place {
  const rest = path.slice(1);
  if (hostBucket !== undefined)
    return { bucket: hostBucket, key: rest === '' ? undefined : decodePercent(rest) };
  if (rest === '') return { bucket: undefined, key: undefined };
  const end = bucketEnd(rest);
  const key = rest.slice(end + 1);
  return {
    bucket: decodePercent(rest.slice(0, end)),
    key: key === '' ? undefined : decodePercent(key),
  };
}

/**
 * An access point's ARN in place of a bucket holds a slash:
 * `arn:aws:s3:eu-west-1:111122223333:accesspoint/reports`.
 */
const ARN_WITH_SLASH = /^arn:[^/]*:(?:accesspoint|outpost)\/[^/]+(?:\/accesspoint\/[^/]+)?/;

function bucketEnd(path: string): number {
  const arn = path.startsWith('arn:') ? ARN_WITH_SLASH.exec(path) : null;
  if (arn !== null) return arn[0].length;
  const slash = path.indexOf('/');
  return slash < 0 ? path.length : slash;
}

type Operations = Readonly<Partial<Record<string, string>>>;

/**
 * Sub-resource → operation by method, tried from the top. `+id` and the row after it: with and without that
 * parameter.
 */
const BUCKET_ROWS: readonly (readonly [string, Operations])[] = [
  ['abac', { GET: 'GetBucketAbac', PUT: 'PutBucketAbac' }],
  ['accelerate', { GET: 'GetBucketAccelerateConfiguration', PUT: 'PutBucketAccelerateConfiguration' }],
  ['acl', { GET: 'GetBucketAcl', PUT: 'PutBucketAcl' }],
  ...configurations('analytics', 'Analytics'),
  ...configurations('intelligent-tiering', 'IntelligentTiering'),
  ...configurations('inventory', 'Inventory'),
  ...configurations('metrics', 'Metrics'),
  ['cors', { GET: 'GetBucketCors', PUT: 'PutBucketCors', DELETE: 'DeleteBucketCors' }],
  [
    'encryption',
    { GET: 'GetBucketEncryption', PUT: 'PutBucketEncryption', DELETE: 'DeleteBucketEncryption' },
  ],
  [
    'lifecycle',
    {
      GET: 'GetBucketLifecycleConfiguration',
      PUT: 'PutBucketLifecycleConfiguration',
      DELETE: 'DeleteBucketLifecycle',
    },
  ],
  ['location', { GET: 'GetBucketLocation' }],
  ['logging', { GET: 'GetBucketLogging', PUT: 'PutBucketLogging' }],
  [
    'metadataConfiguration',
    {
      GET: 'GetBucketMetadataConfiguration',
      DELETE: 'DeleteBucketMetadataConfiguration',
      POST: 'CreateBucketMetadataConfiguration',
    },
  ],
  [
    'metadataTable',
    {
      GET: 'GetBucketMetadataTableConfiguration',
      DELETE: 'DeleteBucketMetadataTableConfiguration',
      POST: 'CreateBucketMetadataTableConfiguration',
    },
  ],
  ['metadataInventoryTable', { PUT: 'UpdateBucketMetadataInventoryTableConfiguration' }],
  ['metadataJournalTable', { PUT: 'UpdateBucketMetadataJournalTableConfiguration' }],
  ['notification', { GET: 'GetBucketNotificationConfiguration', PUT: 'PutBucketNotificationConfiguration' }],
  ['object-lock', { GET: 'GetObjectLockConfiguration', PUT: 'PutObjectLockConfiguration' }],
  [
    'ownershipControls',
    {
      GET: 'GetBucketOwnershipControls',
      PUT: 'PutBucketOwnershipControls',
      DELETE: 'DeleteBucketOwnershipControls',
    },
  ],
  ['policy', { GET: 'GetBucketPolicy', PUT: 'PutBucketPolicy', DELETE: 'DeleteBucketPolicy' }],
  ['policyStatus', { GET: 'GetBucketPolicyStatus' }],
  [
    'publicAccessBlock',
    { GET: 'GetPublicAccessBlock', PUT: 'PutPublicAccessBlock', DELETE: 'DeletePublicAccessBlock' },
  ],
  [
    'replication',
    { GET: 'GetBucketReplication', PUT: 'PutBucketReplication', DELETE: 'DeleteBucketReplication' },
  ],
  ['requestPayment', { GET: 'GetBucketRequestPayment', PUT: 'PutBucketRequestPayment' }],
  ['session', { GET: 'CreateSession' }],
  ['tagging', { GET: 'GetBucketTagging', PUT: 'PutBucketTagging', DELETE: 'DeleteBucketTagging' }],
  ['uploads', { GET: 'ListMultipartUploads' }],
  ['versioning', { GET: 'GetBucketVersioning', PUT: 'PutBucketVersioning' }],
  ['versions', { GET: 'ListObjectVersions' }],
  ['website', { GET: 'GetBucketWebsite', PUT: 'PutBucketWebsite', DELETE: 'DeleteBucketWebsite' }],
  ['delete', { POST: 'DeleteObjects' }],
  ['list-type=2', { GET: 'ListObjectsV2' }],
  [
    '',
    {
      GET: 'ListObjects',
      PUT: 'CreateBucket',
      DELETE: 'DeleteBucket',
      HEAD: 'HeadBucket',
      OPTIONS: 'PreflightRequest',
    },
  ],
];

const OBJECT_ROWS: readonly (readonly [string, Operations])[] = [
  ['uploadId', { GET: 'ListParts', POST: 'CompleteMultipartUpload', DELETE: 'AbortMultipartUpload' }],
  ['partNumber&uploadId&x-amz-copy-source', { PUT: 'UploadPartCopy' }],
  ['partNumber&uploadId', { PUT: 'UploadPart' }],
  ['acl', { GET: 'GetObjectAcl', PUT: 'PutObjectAcl' }],
  ['attributes', { GET: 'GetObjectAttributes' }],
  ['encryption', { PUT: 'UpdateObjectEncryption' }],
  ['legal-hold', { GET: 'GetObjectLegalHold', PUT: 'PutObjectLegalHold' }],
  ['retention', { GET: 'GetObjectRetention', PUT: 'PutObjectRetention' }],
  ['tagging', { GET: 'GetObjectTagging', PUT: 'PutObjectTagging', DELETE: 'DeleteObjectTagging' }],
  ['torrent', { GET: 'GetObjectTorrent' }],
  ['renameObject', { PUT: 'RenameObject' }],
  ['x-amz-copy-source', { PUT: 'CopyObject' }],
  ['uploads', { POST: 'CreateMultipartUpload' }],
  ['restore', { POST: 'RestoreObject' }],
  ['select&select-type=2', { POST: 'SelectObjectContent' }],
  [
    '',
    {
      GET: 'GetObject',
      HEAD: 'HeadObject',
      PUT: 'PutObject',
      DELETE: 'DeleteObject',
      OPTIONS: 'PreflightRequest',
    },
  ],
];

function configurations(name: string, spelling: string): (readonly [string, Operations])[] {
  return [
    [
      `${name}&id`,
      {
        GET: `GetBucket${spelling}Configuration`,
        PUT: `PutBucket${spelling}Configuration`,
        DELETE: `DeleteBucket${spelling}Configuration`,
      },
    ],
    [
      name,
      {
        GET: `ListBucket${spelling}Configurations`,
        PUT: `PutBucket${spelling}Configuration`,
        DELETE: `DeleteBucket${spelling}Configuration`,
      },
    ],
  ];
}

/** Sub-resources that make an S3 operation, for telling an unsigned S3 request by its query. */
export const S3_SUB_RESOURCES: ReadonlySet<string> = new Set(
  [...BUCKET_ROWS, ...OBJECT_ROWS].flatMap(([tests]) =>
    tests.split('&').map((test) => test.split('=')[0] ?? ''),
  ),
);

/** Rows that have an entry for a method, so that only those are tried. */
function byMethod(rows: readonly (readonly [string, Operations])[]): ReadonlyMap<string, Row[]> {
  const found = new Map<string, Row[]>();
  for (const [test, operations] of rows) {
    for (const [method, operation] of Object.entries(operations)) {
      const row = { tests: test === '' ? [] : test.split('&').map(parseTest), operation: operation ?? '' };
      found.set(method, [...(found.get(method) ?? []), row]);
    }
  }
  return found;
}

interface Row {
  readonly tests: readonly Test[];
  readonly operation: string;
}
interface Test {
  readonly name: string;
  readonly value: string | undefined;
}

function parseTest(text: string): Test {
  const [name = '', value] = text.split('=');
  return { name, value };
}

const BUCKET_ROUTES = byMethod(BUCKET_ROWS);
const OBJECT_ROUTES = byMethod(OBJECT_ROWS);

/** The operation of an S3 request; `x-id`, which the newer SDKs add, is a hint and is not believed. */
export function s3Operation(view: RequestView, place: S3Place, isExpressControl = false): string | undefined {
  if (view.method === 'POST' && view.path === '/WriteGetObjectResponse') {
    if (view.headers['x-amz-request-route'] !== undefined) return 'WriteGetObjectResponse';
  }
  if (place.bucket === undefined) {
    if (view.method === 'OPTIONS') return 'PreflightRequest';
    if (view.method !== 'GET') return undefined;
    // Both are `GET /`; signed for `s3`, only the hint tells them apart where the host does not.
    return isExpressControl ? 'ListDirectoryBuckets' : 'ListBuckets';
  }
  const routes = place.key === undefined ? BUCKET_ROUTES : OBJECT_ROUTES;
  const row = routes.get(view.method)?.find(({ tests }) => tests.every((test) => holds(test, view)));
  if (row !== undefined) return row.operation;
  return place.key === undefined && isFormUpload(view) ? 'PutObject' : undefined;
}

function holds({ name, value }: Test, view: RequestView): boolean {
  if (name === 'x-amz-copy-source') return view.headers['x-amz-copy-source'] !== undefined;
  const given = queryValue(view, name);
  return given !== undefined && (value === undefined || value === given);
}

export function isFormUpload(view: RequestView): boolean {
  return view.method === 'POST' && /^\s*multipart\/form-data/i.test(view.headers['content-type'] ?? '');
}
