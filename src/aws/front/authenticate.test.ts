import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FrontDoorServer, rootKey } from './front-door-server.contract.ts';

const limits = { bodyBytesMax: 1 << 20, callsPerSecondMax: 0, failedAttemptsMax: 5 };

describe('a source that fails to prove who it is', () => {
  it('has to wait after its free attempts, is recorded, and does not shut out a key that was right before', async () => {
    const server = await FrontDoorServer.start({ limits });
    try {
      const status = async (key: typeof rootKey) => {
        const answer = await server.post('/opentrail/v1/GetStatus', '{}', { key });
        return {
          code: ((await answer.json()) as { __type?: string }).__type,
          retry: answer.headers.get('retry-after'),
        };
      };
      assert.equal((await status(rootKey)).code, undefined);
      const unknown = { accessKeyId: 'AKIAUNKNOWN', secretAccessKey: 'x' };
      const codes: (string | undefined)[] = [];
      for (let index = 0; index < 8; index++) codes.push((await status(unknown)).code);
      assert.deepEqual(codes.slice(0, 6), Array(6).fill('UnrecognizedClientException'));
      assert.deepEqual(codes.slice(6), ['ThrottlingException', 'ThrottlingException']);
      assert.equal((await status(unknown)).retry, '1');
      assert.equal((await status(rootKey)).code, undefined, 'the key that was right goes on');
      const denied = server.recorded.filter(({ draft }) => draft.errorCode === 'ThrottlingException');
      assert.equal(denied.length, 3);
      server.clock.shiftMs += 2_000;
      assert.equal((await status(unknown)).code, 'UnrecognizedClientException', 'the wait ends');
      assert.deepEqual(server.bugs, []);
    } finally {
      await server.stop();
    }
  });

  it('cannot try secrets of a key without being counted by hiding the key behind a blank', async () => {
    const server = await FrontDoorServer.start({ limits });
    try {
      const scope = '20260101/us-east-1/opentrail/aws4_request';
      for (const part of [
        'Credential =',
        'Credential= ',
        'Credential\t=',
        'Credential=\t',
        'Credential=\u00a0',
      ]) {
        const authorization = `AWS4-HMAC-SHA256 ${part}${rootKey.accessKeyId}/${scope}, SignedHeaders=host;x-amz-date, Signature=00`;
        const answer = await fetch(new URL('/opentrail/v1/GetStatus', server.url), {
          method: 'POST',
          headers: { authorization, 'x-amz-date': '20260101T000000Z' },
        });
        assert.match(await answer.text(), /"(IncompleteSignature|UnrecognizedClient)Exception"/, part);
      }
    } finally {
      await server.stop();
    }
  });

  it('is held to the calls of a source address in a second', async () => {
    const server = await FrontDoorServer.start({ limits: { ...limits, callsPerSecondMax: 2 } });
    try {
      const codes: number[] = [];
      for (let index = 0; index < 6; index++)
        codes.push((await server.post('/opentrail/v1/GetStatus', '{}')).status);
      assert.deepEqual([codes.slice(0, 4), codes.at(-1)], [[200, 200, 200, 200], 400]);
    } finally {
      await server.stop();
    }
  });
});
