import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecognitionTable } from './recognition-table.ts';

const table = createRecognitionTable({ s3Domains: ['objects.example.org'], defaultRegion: 'us-east-1' });

/**
 * Sub-resource, then the operations for GET, PUT, DELETE, POST; `-`: none; `*`: none, taken for one of the
 * bucket itself.
 */
const BUCKET = `
abac GetBucketAbac PutBucketAbac * -
accelerate GetBucketAccelerateConfiguration PutBucketAccelerateConfiguration * -
acl GetBucketAcl PutBucketAcl * -
analytics&id=1 GetBucketAnalyticsConfiguration PutBucketAnalyticsConfiguration DeleteBucketAnalyticsConfiguration -
analytics ListBucketAnalyticsConfigurations * * -
intelligent-tiering&id=1 GetBucketIntelligentTieringConfiguration PutBucketIntelligentTieringConfiguration \
DeleteBucketIntelligentTieringConfiguration -
intelligent-tiering ListBucketIntelligentTieringConfigurations * * -
inventory&id=1 GetBucketInventoryConfiguration PutBucketInventoryConfiguration DeleteBucketInventoryConfiguration -
inventory ListBucketInventoryConfigurations * * -
metrics&id=1 GetBucketMetricsConfiguration PutBucketMetricsConfiguration DeleteBucketMetricsConfiguration -
metrics ListBucketMetricsConfigurations * * -
cors GetBucketCors PutBucketCors DeleteBucketCors -
encryption GetBucketEncryption PutBucketEncryption DeleteBucketEncryption -
lifecycle GetBucketLifecycleConfiguration PutBucketLifecycleConfiguration DeleteBucketLifecycle -
location GetBucketLocation * * -
logging GetBucketLogging PutBucketLogging * -
metadataConfiguration GetBucketMetadataConfiguration * DeleteBucketMetadataConfiguration \
CreateBucketMetadataConfiguration
metadataTable GetBucketMetadataTableConfiguration * DeleteBucketMetadataTableConfiguration \
CreateBucketMetadataTableConfiguration
metadataInventoryTable * UpdateBucketMetadataInventoryTableConfiguration * -
metadataJournalTable * UpdateBucketMetadataJournalTableConfiguration * -
notification GetBucketNotificationConfiguration PutBucketNotificationConfiguration * -
object-lock GetObjectLockConfiguration PutObjectLockConfiguration * -
ownershipControls GetBucketOwnershipControls PutBucketOwnershipControls DeleteBucketOwnershipControls -
policy GetBucketPolicy PutBucketPolicy DeleteBucketPolicy -
policyStatus GetBucketPolicyStatus * * -
publicAccessBlock GetPublicAccessBlock PutPublicAccessBlock DeletePublicAccessBlock -
replication GetBucketReplication PutBucketReplication DeleteBucketReplication -
requestPayment GetBucketRequestPayment PutBucketRequestPayment * -
session CreateSession * * -
tagging GetBucketTagging PutBucketTagging DeleteBucketTagging -
uploads ListMultipartUploads * * -
versioning GetBucketVersioning PutBucketVersioning * -
versions ListObjectVersions * * -
website GetBucketWebsite PutBucketWebsite DeleteBucketWebsite -
delete * * * DeleteObjects
list-type=2 ListObjectsV2 * * -
list-type=2&prefix=a&x-id=DeleteBucket ListObjectsV2 * * -
prefix=a ListObjects CreateBucket DeleteBucket -
x-id=GetBucketPolicy ListObjects CreateBucket DeleteBucket -
`;

const OBJECT = `
GET uploadId=u ListParts
GET uploadId=u&acl ListParts
GET acl GetObjectAcl
GET attributes GetObjectAttributes
GET legal-hold GetObjectLegalHold
GET retention GetObjectRetention
GET tagging GetObjectTagging
GET torrent GetObjectTorrent
GET versionId=1&x-id=GetObject GetObject
GET x-id=DeleteObject GetObject
GET policy GetObject
HEAD partNumber=1 HeadObject
PUT partNumber=1&uploadId=u&x-amz-copy-source UploadPartCopy
PUT partNumber=1&uploadId=u&x-id=UploadPart UploadPart
PUT acl PutObjectAcl
PUT encryption UpdateObjectEncryption
PUT legal-hold PutObjectLegalHold
PUT retention PutObjectRetention
PUT tagging PutObjectTagging
PUT renameObject RenameObject
PUT x-amz-copy-source CopyObject
PUT x-id=PutObject PutObject
POST uploads CreateMultipartUpload
POST uploadId=u CompleteMultipartUpload
POST restore RestoreObject
POST select&select-type=2 SelectObjectContent
POST select undefined
DELETE uploadId=u AbortMultipartUpload
DELETE tagging DeleteObjectTagging
DELETE versionId=1 DeleteObject
OPTIONS x=y PreflightRequest
`;

interface Styled {
  readonly host: string;
  readonly path: string;
}

const BUCKET_STYLES: readonly Styled[] = [
  { host: '127.0.0.1:4610', path: '/my.bucket' },
  { host: 's3.eu-west-1.amazonaws.com', path: '/my.bucket/' },
  { host: 'my.bucket.s3.eu-west-1.amazonaws.com', path: '/' },
  { host: 'my.bucket.objects.example.org:9000', path: '/' },
];
/** `%2F`, a plus sign, letters beyond ASCII. */
const KEY = '/a%2Fb+c/%E6%97%A5%20%25.txt';
const DECODED_KEY = 'a/b+c/日 %.txt';
const OBJECT_STYLES: readonly Styled[] = [
  { host: '127.0.0.1:4610', path: `/my.bucket${KEY}` },
  { host: 'my.bucket.s3.dualstack.eu-west-1.amazonaws.com', path: KEY },
  { host: 'my.bucket.objects.example.org', path: KEY },
];

function recognise(method: string, { host, path }: Styled, tests: string) {
  const isCopy = tests.includes('x-amz-copy-source');
  const query = tests.replace(/&?x-amz-copy-source/, '');
  const scope = 'AKIDEXAMPLE/20260101/eu-west-1/s3/aws4_request';
  const headers = ['host', host, 'authorization', `AWS4-HMAC-SHA256 Credential=${scope}, Signature=0`];
  return table.recognise({
    method,
    target: query === '' ? path : `${path}?${query}`,
    httpVersion: '1.1',
    headers: isCopy ? [...headers, 'x-amz-copy-source', 'c/d'] : headers,
    peerAddress: '127.0.0.1',
    startedAt: 0,
  });
}

test('every row of the bucket table is told, path-style and virtual-hosted', () => {
  let count = 0;
  for (const row of BUCKET.replaceAll('\\\n', '').trim().split('\n')) {
    const [tests = '', ...operations] = row.trim().split(/ +/);
    for (const [index, method] of ['GET', 'PUT', 'DELETE', 'POST'].entries()) {
      const wanted = operations[index] ?? '-';
      if (wanted === '*') continue;
      for (const styled of BUCKET_STYLES) {
        const { operation, s3, service } = recognise(method, styled, tests);
        const told = `${service} ${operation} ${s3?.bucket} ${s3?.key}`;
        const expected = `s3 ${wanted === '-' ? undefined : wanted} my.bucket undefined`;
        assert.equal(told, expected, `${method} ${styled.host} ${tests}`);
        count++;
      }
    }
  }
  assert.ok(count > 350, `${count} requests`);
});

test('every row of the object table is told in both styles, with the key decoded once', () => {
  for (const row of OBJECT.trim().split('\n')) {
    const [method = '', tests = '', wanted = ''] = row.split(' ');
    for (const styled of OBJECT_STYLES) {
      const { operation, s3 } = recognise(method, styled, tests);
      assert.equal(`${operation} ${s3?.bucket} ${s3?.key}`, `${wanted} my.bucket ${DECODED_KEY}`, row);
    }
  }
});

test('requests without a bucket, HEAD and OPTIONS of a bucket', () => {
  const root = { host: 's3.eu-west-1.amazonaws.com', path: '/' };
  assert.equal(recognise('GET', root, '').operation, 'ListBuckets');
  assert.equal(recognise('GET', root, 'x-id=ListBuckets').operation, 'ListBuckets');
  const express = { host: 's3express-control.eu-west-1.amazonaws.com', path: '/' };
  assert.equal(recognise('GET', express, '').operation, 'ListDirectoryBuckets');
  assert.equal(recognise('HEAD', BUCKET_STYLES[0] as Styled, '').operation, 'HeadBucket');
  assert.equal(recognise('OPTIONS', BUCKET_STYLES[2] as Styled, '').operation, 'PreflightRequest');
});

test('access points are buckets, by name in the host and by ARN in the path', () => {
  const named = recognise(
    'GET',
    { host: 'ap-111122223333.s3-accesspoint.eu-west-1.amazonaws.com', path: '/k' },
    '',
  );
  assert.deepEqual(named.s3, { bucket: 'ap-111122223333', key: 'k' });
  const arn = 'arn:aws:s3:eu-west-1:111122223333:accesspoint/ap';
  for (const path of [`/${encodeURIComponent(arn)}/k`, `/${arn}/k`]) {
    assert.deepEqual(recognise('GET', { host: '127.0.0.1', path }, '').s3, { bucket: arn, key: 'k' });
  }
  const alias = recognise('GET', { host: 'alias.accesspoint.s3-global.amazonaws.com', path: '/k' }, '');
  assert.deepEqual(alias.s3, { bucket: 'alias', key: 'k' });
});

test('bodies of objects are not captured, errors and settings are', () => {
  const [styled] = OBJECT_STYLES as [Styled];
  assert.equal(recognise('PUT', styled, '').requestCaptureBytes, 0);
  assert.equal(recognise('PUT', styled, 'partNumber=1&uploadId=u').requestCaptureBytes, 0);
  const download = recognise('GET', styled, '');
  assert.deepEqual([download.responseCaptureBytes, download.errorCaptureBytes], [0, 65_536]);
  assert.equal(recognise('PUT', BUCKET_STYLES[0] as Styled, 'policy').requestCaptureBytes, 1_048_576);
});

test('S3 Control is told by host and by the account header, a bucket of its path name is not', () => {
  const path = '/v20180820/configuration/publicAccessBlock';
  const control = recognise('GET', { host: '111122223333.s3-control.eu-west-1.amazonaws.com', path }, '');
  assert.equal(`${control.service} ${control.operation}`, 's3control GetPublicAccessBlock');
  const bucket = recognise('GET', { host: '127.0.0.1', path }, '');
  assert.equal(`${bucket.service} ${bucket.operation} ${bucket.s3?.bucket}`, 's3 GetObject v20180820');
});
