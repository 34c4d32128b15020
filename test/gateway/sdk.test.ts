import assert from 'node:assert/strict';
import { createHash, randomBytes } from 'node:crypto';
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2 from 'node:http2';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { IAMClient, ListUsersCommand } from '@aws-sdk/client-iam';
import { KinesisClient, ListStreamsCommand, SubscribeToShardCommand } from '@aws-sdk/client-kinesis';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { type GatewayUnderTest, startGateway } from './gateway-under-test.ts';

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const CREDENTIALS = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' };

/** A request as a service saw it, and as it looks when nothing stands between it and the SDK. */
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly rawHeaders: string[];
  readonly bodySha256: string;
  readonly bodyBytes: number;
}

async function startService(
  answer: (response: ServerResponse, request: IncomingMessage) => void,
): Promise<{ readonly url: URL; readonly seen: Seen[] }> {
  const seen: Seen[] = [];
  const server = http.createServer((request, response) => {
    const hash = createHash('sha256');
    let bodyBytes = 0;
    request.on('data', (chunk) => {
      hash.update(chunk);
      bodyBytes += chunk.length;
    });
    request.on('end', () => {
      const { method = '', url = '', rawHeaders } = request;
      seen.push({ method, url, rawHeaders, bodySha256: hash.digest('hex'), bodyBytes });
      answer(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(async () => void server.close().closeAllConnections());
  return { url: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), seen };
}

async function gatewayTo(upstream: URL, captureBytes?: number): Promise<GatewayUnderTest> {
  const gateway = await startGateway({ upstream, ...(captureBytes === undefined ? {} : { captureBytes }) });
  cleanups.push(() => gateway.close());
  return gateway;
}

const HOP_BY_HOP = new Set(['connection', 'transfer-encoding', 'keep-alive']);

/** Headers without those of the connection and those that differ from one call to the next. */
function comparable(seen: Seen | undefined): string[] {
  const pairs: string[] = [];
  for (let index = 0; index < (seen?.rawHeaders.length ?? 0); index += 2) {
    const name = seen?.rawHeaders[index] as string;
    if (HOP_BY_HOP.has(name.toLowerCase())) continue;
    const varies = /^(authorization|amz-sdk-invocation-id|x-amz-date|host)$/i.test(name);
    pairs.push(varies ? name : `${name}: ${seen?.rawHeaders[index + 1]}`);
  }
  return pairs;
}

describe('AWS SDK v3 through the gateway', () => {
  it('S3 PutObject of 20 MB from a stream: chunked signature, trailer and every header as without a gateway', async () => {
    const service = await startService((response) => response.writeHead(200, { etag: '"x"' }).end());
    const gateway = await gatewayTo(service.url, 0);
    const content = randomBytes(20 * 1_048_576);
    const put = async (endpoint: string): Promise<void> => {
      const client = new S3Client({
        endpoint,
        region: 'eu-west-1',
        credentials: CREDENTIALS,
        forcePathStyle: true,
      });
      const pieces = function* () {
        for (let at = 0; at < content.length; at += 65_536) yield content.subarray(at, at + 65_536);
      };
      const Body = Readable.from(pieces(), { objectMode: false });
      await client.send(
        new PutObjectCommand({ Bucket: 'b', Key: 'k/ü', Body, ContentLength: content.length }),
      );
      client.destroy();
    };
    await put(service.url.href);
    await put(`http://127.0.0.1:${gateway.port}`);
    const [direct, through] = service.seen;
    assert.deepEqual(comparable(through), comparable(direct));
    assert.equal(through?.url, direct?.url);
    assert.equal(through?.bodyBytes, direct?.bodyBytes);
    assert.equal(through?.bodySha256, direct?.bodySha256);
    assert.ok((through?.bodyBytes ?? 0) > content.length, 'the SDK signs the body in chunks');
    await gateway.gateway.drainPending();
    const call = gateway.recorded[0]?.call;
    assert.deepEqual([call?.outcome, call?.requestBody.sizeBytes], ['completed', through?.bodyBytes]);
    assert.equal(call?.requestBody.bytes.length, 0);
  });

  it('S3 GetObject of 20 MB arrives as it was sent', async () => {
    const content = randomBytes(20 * 1_048_576);
    const service = await startService((response) => {
      response.writeHead(200, { 'content-length': content.length, etag: '"x"' }).end(content);
    });
    const gateway = await gatewayTo(service.url);
    const client = new S3Client({
      endpoint: `http://127.0.0.1:${gateway.port}`,
      region: 'eu-west-1',
      credentials: CREDENTIALS,
      forcePathStyle: true,
    });
    const { Body } = await client.send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }));
    const got = Buffer.from((await Body?.transformToByteArray()) ?? []);
    client.destroy();
    assert.ok(got.equals(content));
  });

  it('query and JSON calls reach the service with the same bytes as without a gateway', async () => {
    const service = await startService((response) => {
      response.writeHead(200, { 'content-type': 'text/xml' });
      response.end(
        '<ListUsersResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><ListUsersResult><Users><member><UserName>ann</UserName></member></Users><IsTruncated>false</IsTruncated></ListUsersResult></ListUsersResponse>',
      );
    });
    const gateway = await gatewayTo(service.url);
    for (const endpoint of [service.url.href, `http://127.0.0.1:${gateway.port}`]) {
      const client = new IAMClient({ endpoint, region: 'us-east-1', credentials: CREDENTIALS });
      const { Users } = await client.send(new ListUsersCommand({ PathPrefix: '/x/' }));
      assert.equal(Users?.[0]?.UserName, 'ann');
      client.destroy();
    }
    const [direct, through] = service.seen;
    assert.deepEqual(comparable(through), comparable(direct));
    assert.equal(through?.bodySha256, direct?.bodySha256);
  });

  it('Kinesis over HTTP/2 in clear text: a call, and an event stream as its events happen', async () => {
    const server = http2.createServer();
    const sent: number[] = [];
    server.on('stream', (stream, headers) => {
      stream.on('error', () => {});
      stream.resume();
      stream.on('end', () => {
        if (String(headers['x-amz-target']).endsWith('ListStreams')) {
          stream.respond({ ':status': 200, 'content-type': 'application/x-amz-json-1.1' });
          stream.end('{"StreamNames":["s"],"HasMoreStreams":false}');
          return;
        }
        stream.respond({ ':status': 200, 'content-type': 'application/vnd.amazon.eventstream' });
        stream.write(eventMessage('initial-response', '{}'));
        const next = (): void => {
          sent.push(sent.length);
          stream.write(eventMessage('SubscribeToShardEvent', JSON.stringify(subscribeEvent(sent.length))));
        };
        next();
        server.on('next', next);
      });
    });
    const sessions: http2.ServerHttp2Session[] = [];
    server.on('session', (session) => void sessions.push(session));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(async () => {
      for (const session of sessions) session.destroy();
      server.close();
    });
    const gateway = await gatewayTo(new URL(`h2c://127.0.0.1:${(server.address() as AddressInfo).port}`));
    const client = new KinesisClient({
      endpoint: `http://127.0.0.1:${gateway.port}`,
      region: 'eu-west-1',
      credentials: CREDENTIALS,
    });
    assert.deepEqual((await client.send(new ListStreamsCommand({}))).StreamNames, ['s']);
    const { EventStream } = await client.send(
      new SubscribeToShardCommand({
        ConsumerARN: 'arn:aws:kinesis:eu-west-1:000000000000:stream/s/consumer/c:1',
        ShardId: 'shardId-000000000000',
        StartingPosition: { Type: 'LATEST' },
      }),
    );
    let count = 0;
    for await (const event of EventStream ?? []) {
      count += 1;
      assert.equal(event.SubscribeToShardEvent?.ContinuationSequenceNumber, String(count));
      assert.equal(sent.length, count, 'each event arrives before the next one is sent');
      if (count === 3) break;
      server.emit('next');
    }
    assert.equal(count, 3);
    client.destroy();
    await gateway.gateway.drainPending();
    assert.equal(gateway.recorded[0]?.call.head.httpVersion, '2.0');
  });
});

function subscribeEvent(sequence: number) {
  return { Records: [], ContinuationSequenceNumber: String(sequence), MillisBehindLatest: 0 };
}

/** One message of AWS's event stream encoding: prelude, headers, payload, each checked by a CRC-32. */
function eventMessage(eventType: string, payload: string): Buffer {
  const headers = Buffer.concat(
    Object.entries({
      ':message-type': 'event',
      ':event-type': eventType,
      ':content-type': 'application/json',
    }).map(([name, value]) => {
      const header = Buffer.alloc(4 + name.length + value.length);
      header.writeUInt8(name.length, 0);
      header.write(name, 1);
      header.writeUInt8(7, 1 + name.length);
      header.writeUInt16BE(value.length, 2 + name.length);
      header.write(value, 4 + name.length);
      return header;
    }),
  );
  const body = Buffer.from(payload);
  const message = Buffer.alloc(16 + headers.length + body.length);
  message.writeUInt32BE(message.length, 0);
  message.writeUInt32BE(headers.length, 4);
  message.writeUInt32BE(crc32(message.subarray(0, 8)), 8);
  headers.copy(message, 12);
  body.copy(message, 12 + headers.length);
  message.writeUInt32BE(crc32(message.subarray(0, message.length - 4)), message.length - 4);
  return message;
}
