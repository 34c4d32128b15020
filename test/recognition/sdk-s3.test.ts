import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import {
  CopyObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  ListObjectsV2Command,
  PutBucketTaggingCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { CapturingServer, signed, summary } from './capturing-server.ts';

const server = new CapturingServer();
before(() => server.start());
after(() => server.stop());

test('S3: buckets, keys, queries and bodies as S3 names them', async () => {
  const client = new S3Client({ ...server.settings, forcePathStyle: true });
  const Key = 'a/ü+ %2F/日本.txt';
  let call = await server.decoded(
    client,
    new GetObjectCommand({ Bucket: 'my.bucket', Key, VersionId: 'v1' }),
  );
  assert.equal(summary(call), `s3 s3 rest-xml GetObject ${signed}`);
  assert.deepEqual([call.s3?.bucket, call.s3?.key], ['my.bucket', Key]);
  assert.deepEqual(Object.fromEntries(call.s3?.query ?? []), { versionId: 'v1', 'x-id': 'GetObject' });
  assert.equal(call.recognition.responseCaptureBytes, 0);
  assert.ok((call.recognition.errorCaptureBytes ?? 0) > 0);

  call = await server.decoded(client, new PutObjectCommand({ Bucket: 'b', Key, Body: 'content' }));
  assert.equal(summary(call), `s3 s3 rest-xml PutObject ${signed}`);
  assert.equal(call.recognition.requestCaptureBytes, 0);
  assert.equal(call.input, undefined);

  call = await server.decoded(client, new CopyObjectCommand({ Bucket: 'b', Key, CopySource: 'c/d' }));
  assert.equal(call.operation, 'CopyObject');

  call = await server.decoded(
    client,
    new ListObjectsV2Command({ Bucket: 'b', Prefix: 'a b', Delimiter: '/' }),
  );
  assert.equal(call.operation, 'ListObjectsV2');
  assert.deepEqual(Object.fromEntries(call.s3?.query ?? []), {
    'list-type': '2',
    delimiter: '/',
    prefix: 'a b',
  });

  const Tagging = { TagSet: [{ Key: 'a', Value: 'true' }] };
  call = await server.decoded(client, new PutBucketTaggingCommand({ Bucket: 'b', Tagging }));
  assert.equal(call.operation, 'PutBucketTagging');
  assert.equal(call.s3?.xmlRoot, 'Tagging');
  assert.deepEqual(call.s3?.xmlBody, {
    xmlns: 'http://s3.amazonaws.com/doc/2006-03-01/',
    TagSet: { Tag: { Key: 'a', Value: 'true' } },
  });

  const Delete = { Objects: [{ Key: 'x' }, { Key: 'y&z' }] };
  call = await server.decoded(client, new DeleteObjectsCommand({ Bucket: 'b', Delete }));
  assert.equal(call.operation, 'DeleteObjects');
  const body = call.s3?.xmlBody as unknown as { readonly Object: unknown };
  assert.deepEqual(body.Object, [{ Key: 'x' }, { Key: 'y&z' }]);
});
