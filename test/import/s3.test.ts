import assert from 'node:assert/strict';
import { it } from 'node:test';
import { gzipSync } from 'node:zlib';
import { CreateBucketCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { createDataset } from '../bench/dataset.ts';
import { MotoServer } from '../harness/moto-server.ts';
import { OpenTrailServer } from '../harness/opentrail-server.ts';
import { needsProgram } from '../harness/programs.ts';
import { runCli } from './run-cli.ts';

it('imports the objects of a bucket on any S3 endpoint, large ones included, and each once', async (context) => {
  if (!needsProgram(context, 'moto_server')) return;
  await using moto = await MotoServer.start();
  await using server = await OpenTrailServer.start();
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  const s3 = new S3Client({ endpoint: moto.url, region: 'us-east-1', forcePathStyle: true, credentials });
  const count = 8_000;
  const dataset = createDataset({
    seed: 31,
    fromMs: Date.UTC(2022, 0, 1),
    toMs: Date.UTC(2022, 1, 1),
    count,
  });
  const records = Array.from({ length: count }, (_, index) => dataset.event(index));
  const put = (key: string, body: string | Buffer) =>
    s3.send(new PutObjectCommand({ Bucket: 'logs', Key: key, Body: body }));
  await s3.send(new CreateBucketCommand({ Bucket: 'logs' }));
  const prefix = 'AWSLogs/123456789012';
  await put(`${prefix}/CloudTrail/a.json.gz`, gzipSync(`{"Records":[${records.slice(0, 100).join(',')}]}`));
  // Larger than what is read into memory at once.
  await put(`${prefix}/CloudTrail/b.json`, `{"Records":[${records.join(',')}]}`);
  await put(`${prefix}/CloudTrail-Digest/c.json.gz`, gzipSync('{}'));
  await put('elsewhere/d.json', '{"Records":[');
  const env = { AWS_ENDPOINT_URL_S3: moto.url };
  const first = await runCli(server.endpoint, ['import', `s3://logs/${prefix}/`], env);
  assert.equal(first.code, 0, `${first.stdout}${first.stderr}`);
  assert.match(first.stdout, /stored {7}8,000\n {2}seen before {2}100\n/);
  assert.match(first.stdout, /skipped 1 file: digest files hold no events/);
  const again = await runCli(server.endpoint, ['import', `s3://logs/${prefix}/`], env);
  assert.match(again.stdout, /stored {7}0\n {2}seen before {2}0, and 2 files imported before\n/);
  const torn = await runCli(server.endpoint, ['import', 's3://logs'], env);
  assert.equal(torn.code, 1);
  assert.match(torn.stdout, /refused: s3:\/\/logs\/elsewhere\/d\.json, record 1: the file ends/);
  const missing = await runCli(server.endpoint, ['import', 's3://nowhere/'], env);
  assert.equal(missing.code, 1);
  assert.match(missing.stderr, /cannot list s3:\/\/nowhere\/: NoSuchBucket/);
  s3.destroy();
});
