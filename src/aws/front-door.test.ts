import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, before, beforeEach, describe, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import {
  CloudTrailClient,
  CreateTrailCommand,
  DescribeTrailsCommand,
  LookupEventsCommand,
} from '@aws-sdk/client-cloudtrail';
import { KMSClient, ListKeysCommand } from '@aws-sdk/client-kms';
import { ListBucketsCommand, S3Client } from '@aws-sdk/client-s3';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { aliceKey, FrontDoorServer, rootKey } from './front/front-door-server.contract.ts';
import type { OpenTrailOperation } from './opentrail/operation.ts';

let server: FrontDoorServer;

const echo: OpenTrailOperation = {
  name: 'Echo',
  action: 'opentrail:Echo',
  isReadOnly: false,
  takesBody: true,
  summary: 'Answers the size of its body.',
  async run({ body, input }) {
    let size = 0;
    for await (const chunk of body) size += chunk.length;
    return { kind: 'json', output: { Size: size, ...input } };
  },
};
const broken: OpenTrailOperation = {
  ...echo,
  name: 'Broken',
  takesBody: false,
  isReadOnly: true,
  run: () => Promise.reject(new TypeError('a secret detail')),
};

/** Resolves when the operation that answers never is at work. */
const patientCalled = Promise.withResolvers<void>();
const patient: OpenTrailOperation = {
  ...echo,
  name: 'Patient',
  takesBody: false,
  isReadOnly: true,
  run: ({ signal }) => {
    patientCalled.resolve();
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
  },
};

before(async () => {
  server = await FrontDoorServer.start({ added: [echo, broken, patient] });
});
after(() => server.stop());
beforeEach(() => {
  server.recorded.length = 0;
});

const targets = [
  'CloudTrail_20131101.LookupEvents',
  'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.LookupEvents',
];

function cloudTrail(body: string, headers: Record<string, string> = { 'x-amz-target': targets[0] ?? '' }) {
  return server.post('/', body, { service: 'cloudtrail', headers });
}

async function errorOf(answer: Response): Promise<{ code: string; status: number; message: string }> {
  const body = (await answer.json()) as { __type: string; message?: string; Message?: string };
  return { code: body.__type, status: answer.status, message: body.message ?? body.Message ?? '' };
}

function lastRecord() {
  assert.equal(server.recorded.length, 1);
  return server.recorded[0] as (typeof server.recorded)[number];
}

describe('The front door answers', () => {
  test('both spellings of the target, with a request id that the record has too', async () => {
    for (const target of targets) {
      const answer = await cloudTrail('{}', { 'x-amz-target': target });
      assert.equal(answer.status, 200);
      assert.equal(answer.headers.get('content-type'), 'application/x-amz-json-1.1');
      assert.match(answer.headers.get('x-amzn-requestid') ?? '', /^[0-9a-f-]{36}$/);
    }
  });

  test('an empty body as {}, null as absent, and ignores unknown members', async () => {
    for (const body of ['', '{}', '{"NextToken":null,"Other":[1]}', '{"MaxResults":5e0}']) {
      assert.equal((await cloudTrail(body)).status, 200, body);
    }
  });

  test('a body that is gzip as declared, and refuses one that is not', async () => {
    const target = targets[0] ?? '';
    const headers = { 'x-amz-target': target, 'content-encoding': 'gzip' };
    const packed = gzipSync('{"MaxResults":99}');
    const signed = await post(packed, headers);
    assert.equal((await errorOf(signed)).code, 'InvalidMaxResultsException');
    assert.deepEqual(server.recorded[0]?.draft.requestParameters, { maxResults: 99 });
    assert.equal((await errorOf(await cloudTrail('{}', headers))).code, 'MalformedHttpRequestException');
    const brotli = await cloudTrail('{}', { 'x-amz-target': target, 'content-encoding': 'br' });
    assert.equal((await errorOf(brotli)).code, 'MalformedHttpRequestException');
  });

  test('a client that waits for 100-continue, and asks only for a body that it reads', async () => {
    const head = 'Host: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n';
    const read = await exchange(`POST / HTTP/1.1\r\nX-Amz-Target: ${targets[0]}\r\n${head}`, '{}');
    assert.match(read, /^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 400 /);
    const unread = await exchange(`POST /opentrail/v1/Echo HTTP/1.1\r\n${head}`, '');
    assert.match(unread, /^HTTP\/1.1 400 /);
    for (const text of [read, unread]) assert.match(text, /MissingAuthenticationTokenException/);
  });

  /** Sends the head, the body once it is asked for, and returns all that came back up to the error. */
  async function exchange(head: string, body: string): Promise<string> {
    const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
    await once(socket, 'connect');
    socket.write(head);
    let text = '';
    for await (const chunk of socket) {
      text += chunk;
      if (text.endsWith('100 Continue\r\n\r\n')) socket.write(body);
      if (text.includes('__type')) break;
    }
    socket.destroy();
    return text;
  }

  async function post(body: Uint8Array, headers: Record<string, string>): Promise<Response> {
    return server.post('/', body as never, { service: 'cloudtrail', headers });
  }
});

describe('The front door refuses, and records that it did,', () => {
  test('each fault of a signature with the name that CloudTrail has for it', async () => {
    const send = async (client: CloudTrailClient) => {
      const error = await client.send(new LookupEventsCommand({})).catch((cause) => cause);
      return [error.name, error.$metadata.httpStatusCode];
    };
    const unknown = server.client({ accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' });
    assert.deepEqual(await send(unknown), ['UnrecognizedClientException', 400]);
    const wrong = server.client({ ...rootKey, secretAccessKey: 'x' });
    assert.deepEqual(await send(wrong), ['InvalidSignatureException', 400]);
    const token = server.client({ ...rootKey, sessionToken: 'x' });
    assert.deepEqual(await send(token), ['UnrecognizedClientException', 400]);
    const bare = await fetch(server.url, {
      method: 'POST',
      headers: { 'x-amz-target': targets[0] ?? '' },
      body: '{}',
    });
    assert.deepEqual(await errorOf(bare), {
      code: 'MissingAuthenticationTokenException',
      status: 400,
      message: 'Missing Authentication Token',
    });
    assert.deepEqual(
      server.recorded.map(({ draft, verification }) => [
        draft.errorCode,
        draft.userIdentity.type,
        verification,
      ]),
      [
        ['UnrecognizedClientException', 'Unknown', 'none'],
        ['InvalidSignatureException', 'Unknown', 'none'],
        ['UnrecognizedClientException', 'Unknown', 'none'],
        ['MissingAuthenticationTokenException', 'Unknown', 'none'],
      ],
    );
  });

  test('a signature for another service', async () => {
    const answer = await server.post('/opentrail/v1/GetStatus', '{}', { service: 'cloudtrail-data' });
    assert.equal(answer.status, 404);
    const other = await server.post('/opentrail/v1/GetStatus', '{}', { service: 'iam' });
    assert.match(await other.text(), /no upstream for iam/);
  });

  test('an old signature', async () => {
    server.clock.shiftMs = 6 * 60_000;
    const client = new CloudTrailClient({
      endpoint: server.url,
      region: 'us-east-1',
      credentials: rootKey,
      maxAttempts: 1,
    });
    const error = await client.send(new LookupEventsCommand({})).catch((cause) => cause);
    server.clock.shiftMs = 0;
    assert.equal(error.name, 'InvalidSignatureException');
    assert.match(error.message, /^Signature expired: \d{8}T\d{6}Z is now earlier than/);
  });

  test('an unknown operation, before it looks at the body', async () => {
    for (const target of [
      'CloudTrail_20131101.Nope',
      'CloudTrail_20131101.constructor',
      'Other.LookupEvents',
      '',
    ]) {
      const answer = await cloudTrail('not json', { 'x-amz-target': target });
      assert.equal((await errorOf(answer)).code, 'UnknownOperationException', target);
    }
    const own = await server.post('/opentrail/v1/Nope', '{}');
    assert.deepEqual([own.status, (await errorOf(own)).code], [404, 'UnknownOperationException']);
    assert.equal(server.recorded.length, 5);
    assert.equal(server.recorded[0]?.verification, 'signature');
  });

  test('a body that is not what it should be with SerializationException', async () => {
    const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
    for (const body of [
      '{',
      '[]',
      'null',
      '"x"',
      `{"LookupAttributes":${deep}}`,
      '{"MaxResults":"5"}',
      '{"MaxResults":1.5}',
      '{"MaxResults":true}',
      '{"NextToken":5}',
      '{"LookupAttributes":{}}',
      '{"LookupAttributes":["x"]}',
      '{"StartTime":"yesterday"}',
      '{"StartTime":{}}',
    ]) {
      assert.deepEqual(
        await errorOf(await cloudTrail(body)).then(({ code, status }) => [code, status]),
        ['SerializationException', 400],
        body.slice(0, 60),
      );
    }
  });

  test('a body that is too large with 413, whether declared or not', async () => {
    const large = 'x'.repeat(4 * 1024 * 1024 + 1);
    const declared = await cloudTrail(large);
    assert.deepEqual(
      [declared.status, (await errorOf(declared)).code],
      [413, 'RequestEntityTooLargeException'],
    );
    assert.equal(lastRecord().draft.errorCode, 'RequestEntityTooLargeException');
    const bomb = gzipSync(large);
    const headers = { 'x-amz-target': targets[0] ?? '', 'content-encoding': 'gzip' };
    const unpacked = await server.post('/', bomb as never, { service: 'cloudtrail', headers });
    assert.equal((await errorOf(unpacked)).code, 'RequestEntityTooLargeException');
  });

  test('whoever is not root with AccessDeniedException', async () => {
    const error = await server
      .client(aliceKey)
      .send(new LookupEventsCommand({}))
      .catch((cause) => cause);
    assert.equal(error.name, 'AccessDeniedException');
    assert.match(
      error.message,
      /^User: arn:aws:iam::111111111111:user\/alice is not authorized to perform: cloudtrail:/,
    );
    const { draft, verification } = lastRecord();
    assert.deepEqual([draft.errorCode, verification], ['AccessDenied', 'signature']);
    assert.equal(draft.userIdentity.arn, 'arn:aws:iam::111111111111:user/alice');
  });

  test('an operation that is not built, saying so', async () => {
    for (const command of [
      new DescribeTrailsCommand({}),
      new CreateTrailCommand({ Name: 'x', S3BucketName: 'b' }),
    ]) {
      const error = await server
        .client()
        .send(command as DescribeTrailsCommand)
        .catch((cause) => cause);
      assert.equal(error.name, 'UnsupportedOperationException');
      assert.match(error.message, /is not built in this version of OpenTrail/);
    }
    const data = await server.post('/PutAuditEvents?channelArn=arn%3Ax', '{"auditEvents":[]}', {
      service: 'cloudtrail-data',
    });
    assert.equal(data.headers.get('x-amzn-errortype'), 'UnsupportedOperationException');
    assert.equal(data.status, 400);
    assert.equal(server.recorded.length, 3);
  });

  test('services without an upstream, in the error form of their protocol', async () => {
    const shared = { endpoint: server.url, region: 'us-east-1', credentials: rootKey, maxAttempts: 1 };
    const s3 = await new S3Client({ ...shared, forcePathStyle: true })
      .send(new ListBucketsCommand({}))
      .catch((e) => e);
    assert.deepEqual([s3.name, s3.$metadata.httpStatusCode], ['NotImplemented', 501]);
    const sts = await new STSClient(shared).send(new GetCallerIdentityCommand({})).catch((e) => e);
    assert.equal(sts.name, 'UnsupportedOperation');
    assert.match(sts.message, /--upstream sts=URL/);
    const kms = await new KMSClient(shared).send(new ListKeysCommand({})).catch((e) => e);
    assert.equal(kms.name, 'UnsupportedOperationException');
    const forged = { ...shared, credentials: { ...rootKey, secretAccessKey: 'x' } };
    const denied = await new STSClient(forged).send(new GetCallerIdentityCommand({})).catch((e) => e);
    assert.equal(denied.name, 'SignatureDoesNotMatch');
    const unknown = { ...shared, credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' } };
    const bucket = await new S3Client({ ...unknown, forcePathStyle: true })
      .send(new ListBucketsCommand({}))
      .catch((e) => e);
    assert.equal(bucket.name, 'InvalidAccessKeyId');
    assert.equal(server.recorded.length, 5);
  });

  test('what a bug of its own breaks with a request id and no detail', async () => {
    const answer = await server.post('/opentrail/v1/Broken', '{}');
    const error = await errorOf(answer);
    assert.deepEqual([error.code, error.status], ['InternalFailure', 500]);
    assert.doesNotMatch(error.message, /secret/);
    assert.equal(lastRecord().draft.errorCode, 'InternalFailure');
  });
});

describe('While nothing can be recorded', () => {
  before(() => {
    server.isJournalFull = true;
  });
  after(() => {
    server.isJournalFull = false;
  });

  test('reads are still answered', async () => {
    assert.equal((await cloudTrail('{}')).status, 200);
    assert.equal(server.recorded.length, 0);
  });

  test('changes are refused and not made', async () => {
    const answer = await server.post('/opentrail/v1/PutHold', '{"Name":"n","StartTime":1,"EndTime":2}');
    const error = await errorOf(answer);
    assert.deepEqual([error.code, error.status], ['ServiceUnavailable', 503]);
    assert.ok(Number(answer.headers.get('retry-after')) > 0);
    assert.deepEqual(await server.catalog.listHolds(), []);
  });
});

describe('A change', () => {
  test('is announced before it is made, and its record closes the intent', async () => {
    const hashed = await server.post('/opentrail/v1/Echo?A=b%20c', 'x'.repeat(70_000), {
      headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' },
    });
    assert.deepEqual(await hashed.json(), { Size: 70_000, A: 'b c' });
    const { draft, intentId } = server.recorded[0] ?? {};
    assert.ok(intentId !== undefined);
    assert.equal(server.openIntents.size, 0);
    const [intent] = server.announced.map(({ raw }) => JSON.parse(raw) as Record<string, unknown>);
    assert.equal(intent?.errorCode, 'OutcomeUnknown', 'a crash in between must not read as success');
    assert.deepEqual(draft?.requestParameters, { a: 'b c' });
    assert.deepEqual(draft?.responseElements, { size: 70_000, a: 'b c' });
    assert.equal(draft?.eventSource, 'opentrail.amazonaws.com');
  });

  test('whose body is not the one that was signed fails', async () => {
    const signed = await server.post('/opentrail/v1/Echo', 'other', {
      headers: { 'x-amz-content-sha256': '0'.repeat(64) },
    });
    assert.equal((await errorOf(signed)).code, 'InvalidSignatureException');
    assert.equal(server.openIntents.size, 0);
  });
});

test('a client that goes away in the middle of its body is recorded and harms nobody', async () => {
  const socket = connect(Number(new URL(server.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write(`POST / HTTP/1.1\r\nHost: h\r\nX-Amz-Target: ${targets[0]}\r\nContent-Length: 100\r\n\r\n{`);
  socket.resume();
  socket.end();
  await once(socket, 'close');
  const again = await cloudTrail('{}');
  assert.equal(again.status, 200);
  assert.ok(server.recorded.some(({ draft }) => draft.errorCode === 'RequestAbortedException'));
  assert.deepEqual(server.bugs, []);
});

test('a call whose answer nobody waits for any more is recorded as broken off, not as a fault of ours', async () => {
  const answer = new AbortController();
  const waiting = server
    .post('/opentrail/v1/Patient', '{}', { signal: answer.signal })
    .catch(() => undefined);
  await patientCalled.promise;
  answer.abort();
  await waiting;
  while (server.recorded.length === 0) await server.post('/opentrail/v1/Nothing', '{}');
  const codes = server.recorded
    .filter(({ draft }) => draft.eventName === 'Patient')
    .map((r) => r.draft.errorCode);
  assert.deepEqual(codes, ['RequestAbortedException']);
});
