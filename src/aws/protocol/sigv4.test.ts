import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { describe, test } from 'node:test';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import type { Clock } from '../../base/clock.ts';
import type { RequestHead } from '../../model/captured-call.ts';
import { NodeSha256 } from './node-sha256.ts';
import type { SignatureFailure, SigningCredential } from './signature.ts';
import { createSignatureVerifier } from './sigv4.ts';

const key = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const session = { accessKeyId: 'ASIAEXAMPLE', secretAccessKey: 'session-secret', sessionToken: 'token/+=' };
const now = Date.UTC(2026, 10, 21, 6, 0, 0);
const credentials: Record<string, SigningCredential> = {
  [key.accessKeyId]: key,
  [session.accessKeyId]: session,
  ASIAOLD: { secretAccessKey: 'old', sessionToken: 't', expiresAtMs: now - 1 },
};

function verifierAt(ms: number) {
  const clock = { now: () => ms } as Clock;
  return createSignatureVerifier({ credentials: async (id) => credentials[id], clock });
}

function headOf(request: {
  method: string;
  path: string;
  query?: Record<string, string | string[] | null>;
  headers: Record<string, string>;
}): RequestHead {
  const parts = Object.entries(request.query ?? {}).flatMap(([name, value]) =>
    [value].flat().map((item) => `${escapeUri(name)}=${escapeUri(item ?? '')}`),
  );
  return {
    method: request.method,
    target: parts.length === 0 ? request.path : `${request.path}?${parts.join('&')}`,
    httpVersion: '1.1',
    headers: Object.entries(request.headers).flat(),
    peerAddress: '127.0.0.1',
    startedAt: now,
  };
}

function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

function signer(service: string, from: typeof key = key, uriEscapePath = service !== 's3') {
  return new SignatureV4({
    service,
    region: 'us-east-1',
    credentials: from,
    sha256: NodeSha256,
    uriEscapePath,
  });
}

function request(init: {
  path?: string;
  query?: Record<string, string | string[]>;
  headers?: Record<string, string>;
  body?: string;
}) {
  return new HttpRequest({
    method: 'POST',
    hostname: 'h',
    path: init.path ?? '/',
    query: init.query ?? {},
    headers: { host: 'h:4610', ...init.headers },
    ...(init.body === undefined ? {} : { body: init.body }),
  });
}

async function failureOf(head: RequestHead, body?: string, ms = now): Promise<SignatureFailure | undefined> {
  const result = await verifierAt(ms).verify(head, body === undefined ? undefined : Buffer.from(body));
  return result.isValid ? undefined : result.failure;
}

/** Raw requests of a real client: its handler is replaced by one that keeps them. */
async function capture(
  client: { middlewareStack: S3Client['middlewareStack'] } & { send(command: never): Promise<unknown> },
  command: unknown,
): Promise<HttpRequest> {
  let kept: HttpRequest | undefined;
  client.middlewareStack.add(
    () => async (args: { request: unknown }) => {
      kept = args.request as HttpRequest;
      throw new Error('kept');
    },
    { step: 'finalizeRequest', priority: 'low', name: 'keep', override: true },
  );
  await client.send(command as never).catch(() => undefined);
  assert.ok(kept !== undefined);
  return kept;
}

describe('A signature is accepted', () => {
  test('of the JavaScript SDK for CloudTrail and of S3 keys that must not be normalised', async () => {
    const trail = new CloudTrailClient({ region: 'eu-west-1', endpoint: 'http://h:1', credentials: session });
    const sent = await capture(trail as never, new LookupEventsCommand({ MaxResults: 3 }));
    assert.equal(
      await failureOf(headOf(sent), Buffer.from(sent.body as Uint8Array).toString(), Date.now()),
      undefined,
    );
    const s3 = new S3Client({
      region: 'us-east-1',
      endpoint: 'http://h:1',
      credentials: key,
      forcePathStyle: true,
    });
    for (const name of ['a//b/../c', 'ä ö/ü+?&=%25', "quote's (1)*!~", 'trailing/', './x']) {
      const got = await capture(s3, new GetObjectCommand({ Bucket: 'b', Key: name, VersionId: 'v 1+/=' }));
      assert.equal(await failureOf(headOf(got), '', Date.now()), undefined, name);
      const put = await capture(
        s3,
        new PutObjectCommand({ Bucket: 'b', Key: name, Body: 'text', Metadata: { a: 'x  y' } }),
      );
      assert.equal(await failureOf(headOf(put), 'text', Date.now()), undefined, name);
    }
  });

  test('for any path, query and header value, as the SDK signs them', async () => {
    const word = fc.string({ unit: fc.constantFrom(..."aZ0-_.~ +%/:=&*'()!,;@$äß€"), maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('cloudtrail', 's3', 'iam'),
        fc.array(word, { maxLength: 4 }),
        fc.dictionary(
          word.filter((name) => name !== ''),
          fc.oneof(word, fc.array(word, { minLength: 1, maxLength: 3 })),
          { maxKeys: 4 },
        ),
        fc.string({ unit: fc.constantFrom(...'a b\tc,"'), maxLength: 8 }),
        async (service, segments, query, value) => {
          const path = `/${segments.map(escapeUri).join('/')}`;
          const made = request({ path, query, headers: { 'x-amz-meta-v': value }, body: 'x' });
          const sent = await signer(service).sign(made, { signingDate: new Date(now) });
          assert.equal(await failureOf(headOf({ ...sent, query }), 'x'), undefined);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('when the query was signed as it stands, as botocore does', async () => {
    const made = request({ headers: { 'x-amz-date': '20261121T060000Z' } });
    const canonical = `POST\n/\na=b+c&d=\nhost:h:4610\nx-amz-date:20261121T060000Z\n\nhost;x-amz-date\n${sha256('')}`;
    const scope = '20261121/us-east-1/iam/aws4_request';
    const toSign = `AWS4-HMAC-SHA256\n20261121T060000Z\n${scope}\n${sha256(canonical)}`;
    const signature = await signer('iam').sign(toSign, { signingDate: new Date(now) });
    const authorization = `AWS4-HMAC-SHA256 Credential=${key.accessKeyId}/${scope},SignedHeaders=host;x-amz-date,Signature=${signature}`;
    const head = headOf({ method: 'POST', path: '/?d&a=b+c', headers: { ...made.headers, authorization } });
    assert.equal(await failureOf(head), undefined);
  });

  test('in a presigned URL until it expires, with and without temporary credentials', async () => {
    for (const from of [key, session]) {
      const made = request({ path: '/b/k', query: { 'a b': 'c' } });
      const sent = await signer('sts', from).presign(made, { signingDate: new Date(now), expiresIn: 900 });
      const head = headOf(sent as never);
      assert.equal(await failureOf(head, '', now + 899_000), undefined);
      assert.equal((await failureOf(head, '', now + 900_000))?.kind, 'expired');
    }
    const unsigned = request({ path: '/b/k', headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } });
    const sent = await signer('s3').presign(unsigned, { signingDate: new Date(now), expiresIn: 60 });
    assert.equal(await failureOf(headOf(sent as never), 'any body at all'), undefined);
  });

  test('with headers repeated, in the order in which they came', async () => {
    const made = request({ headers: { 'x-amz-meta-a': 'one,two  three' } });
    const sent = await signer('iam').sign(made, { signingDate: new Date(now) });
    const { 'x-amz-meta-a': _joined, ...rest } = sent.headers;
    const head = headOf({ method: 'POST', path: '/', headers: rest });
    const repeated = {
      ...head,
      headers: [...head.headers, 'X-Amz-Meta-A', ' one ', 'x-amz-meta-a', 'two  three'],
    };
    assert.equal(await failureOf(repeated), undefined);
    const swapped = {
      ...head,
      headers: [...head.headers, 'X-Amz-Meta-A', 'two  three', 'x-amz-meta-a', 'one'],
    };
    assert.equal((await failureOf(swapped))?.kind, 'mismatch');
  });

  test('five minutes off the clock, fifteen for S3, and no second more', async () => {
    for (const [service, minutes] of [
      ['iam', 5],
      ['s3', 15],
    ] as const) {
      const sent = await signer(service).sign(request({}), { signingDate: new Date(now) });
      for (const sign of [1, -1]) {
        assert.equal(await failureOf(headOf(sent), '', now + sign * minutes * 60_000), undefined);
        const failure = await failureOf(headOf(sent), '', now + sign * (minutes * 60_000 + 1000));
        assert.equal(failure?.kind, 'skew');
      }
    }
    const sent = await signer('iam').sign(request({}), { signingDate: new Date(now) });
    assert.deepEqual(await failureOf(headOf(sent), '', now + 600_000), {
      kind: 'skew',
      detail:
        'Signature expired: 20261121T060000Z is now earlier than 20261121T060500Z (20261121T061000Z - 5 min.)',
    });
  });
});

describe('A signature is refused', () => {
  test('when anything that it covers was changed', async () => {
    const made = request({
      path: '/p',
      query: { q: '1' },
      headers: { 'x-amz-target': 'T.Op' },
      body: 'body',
    });
    const sent = await signer('iam').sign(made, { signingDate: new Date(now) });
    const head = headOf(sent);
    assert.equal(await failureOf(head, 'body'), undefined);
    const change = (name: string, value: string) =>
      headOf({ ...sent, headers: { ...sent.headers, [name]: value } });
    const changed: [RequestHead, string][] = [
      [{ ...head, method: 'GET' }, 'body'],
      [{ ...head, target: '/p?q=2' }, 'body'],
      [{ ...head, target: '/p2?q=1' }, 'body'],
      [{ ...head, target: '/p?q=1&r=1' }, 'body'],
      [change('x-amz-target', 'T.Other'), 'body'],
      [change('host', 'other'), 'body'],
    ];
    for (const [other, body] of changed) assert.equal((await failureOf(other, body))?.kind, 'mismatch');
    assert.equal((await failureOf(head, 'bodY'))?.kind, 'payloadMismatch');
  });

  test('by its kind of fault', async () => {
    const sent = await signer('iam').sign(request({}), { signingDate: new Date(now) });
    const withAuthorization = (authorization: string) =>
      headOf({ ...sent, headers: { ...sent.headers, authorization } });
    const good = sent.headers.authorization ?? '';
    const cases: [RequestHead, SignatureFailure['kind']][] = [
      [headOf(request({})), 'missing'],
      [withAuthorization(''), 'missing'],
      [withAuthorization('Bearer x'), 'malformed'],
      [withAuthorization('AWS4-HMAC-SHA256'), 'malformed'],
      [withAuthorization(good.replace('aws4_request', 'aws5_request')), 'malformed'],
      [withAuthorization(good.replace('Signature=', 'Sig=')), 'malformed'],
      [withAuthorization(`${good}, Signature=aa`), 'malformed'],
      [withAuthorization(good.replace('20261121/', '20261120/')), 'malformed'],
      [withAuthorization(good.replace(/SignedHeaders=host;/, 'SignedHeaders=')), 'malformed'],
      [withAuthorization(good.replace(key.accessKeyId, 'AKIDOTHER')), 'unknownKey'],
      [withAuthorization(good.replace(/.$/, (last) => (last === '0' ? '1' : '0'))), 'mismatch'],
      [headOf({ ...sent, headers: { ...sent.headers, 'x-amz-security-token': 't' } }), 'unknownKey'],
      [headOf({ ...sent, headers: { ...sent.headers, 'x-amz-date': '20261121T060000' } }), 'malformed'],
      [headOf({ ...sent, headers: { ...sent.headers, 'x-amz-content-sha256': 'nonsense' } }), 'malformed'],
      [{ ...headOf(sent), target: '/?X-Amz-Algorithm=AWS4-HMAC-SHA256' }, 'malformed'],
      [{ ...headOf(sent), headers: [...headOf(sent).headers, 'Authorization', good] }, 'malformed'],
      [{ ...headOf(sent), headers: [...headOf(sent).headers, 'Host', 'other'] }, 'malformed'],
    ];
    for (const [index, [head, kind]] of cases.entries()) {
      assert.equal((await failureOf(head))?.kind, kind, `case ${index}: ${JSON.stringify(head.headers)}`);
    }
  });

  test('when it ends in characters that take more than a byte, whatever was checked before it', async () => {
    const verifier = verifierAt(now);
    const signed = await signer('iam').sign(request({}), { signingDate: new Date(now) });
    const head = headOf(signed);
    assert.ok((await verifier.verify(head, undefined)).isValid);
    for (const tail of ['\u00e9', '\u00e9\u00e9', '\u0161', 'é'.repeat(40)]) {
      const headers = head.headers.map((text) =>
        text.startsWith('AWS4-HMAC-SHA256') ? text.slice(0, -tail.length) + tail : text,
      );
      const result = await verifier.verify({ ...head, headers }, undefined);
      assert.ok(!result.isValid && result.failure.kind === 'mismatch', tail);
    }
  });

  test('with a session token that is wrong, missing or expired', async () => {
    const sent = await signer('iam', session).sign(request({}), { signingDate: new Date(now) });
    assert.equal(await failureOf(headOf(sent)), undefined);
    const { 'x-amz-security-token': _token, ...without } = sent.headers;
    assert.equal((await failureOf(headOf({ ...sent, headers: without })))?.kind, 'unknownKey');
    const old = { accessKeyId: 'ASIAOLD', secretAccessKey: 'old', sessionToken: 't' };
    const late = await signer('iam', old).sign(request({}), { signingDate: new Date(now) });
    assert.deepEqual(await failureOf(headOf(late)), {
      kind: 'expired',
      subject: 'credential',
      detail: '20261121T055959Z',
    });
  });

  test('never by an exception, whatever the head holds', async () => {
    const text = fc.string({ unit: 'binary-ascii', maxLength: 60 });
    const authorization = fc.oneof(
      text,
      fc
        .tuple(text, text, text)
        .map(([c, h, s]) => `AWS4-HMAC-SHA256 Credential=${c}, SignedHeaders=${h}, Signature=${s}`),
      text.map(
        (c) =>
          `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/${c}/us-east-1/iam/aws4_request, SignedHeaders=host;x-amz-date, Signature=a`,
      ),
    );
    await fc.assert(
      fc.asyncProperty(authorization, text, text, async (value, date, target) => {
        const headers = ['host', 'h', 'authorization', value, 'x-amz-date', date];
        const head = { ...headOf(request({})), headers, target: `/${target}` };
        assert.notEqual(await failureOf(head), undefined);
      }),
      { numRuns: 500 },
    );
  });
});

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
