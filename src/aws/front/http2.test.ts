import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect, constants } from 'node:http2';
import { after, before, test } from 'node:test';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import { entryOf } from '../../store/segment-writer.contract.ts';
import { NodeSha256 } from '../protocol/node-sha256.ts';
import { FrontDoorServer, rootKey } from './front-door-server.contract.ts';

let server: FrontDoorServer;
before(async () => {
  server = await FrontDoorServer.start({ isHttp2: true });
});
after(() => server.stop());

/** A signed call over HTTP/2 in clear text; the stream with its answer. */
async function post(path: string, body: string, service: string, headers: Record<string, string> = {}) {
  const session = connect(server.url);
  const host = new URL(server.url).host;
  const signer = new SignatureV4({ service, region: 'us-east-1', credentials: rootKey, sha256: NodeSha256 });
  const init = { method: 'POST', hostname: 'h', path, headers: { host, ...headers }, body };
  const { host: _host, ...signed } = (await signer.sign(new HttpRequest(init))).headers;
  const stream = session.request({
    [constants.HTTP2_HEADER_METHOD]: 'POST',
    [constants.HTTP2_HEADER_PATH]: path,
    [constants.HTTP2_HEADER_AUTHORITY]: host,
    ...signed,
  });
  stream.setEncoding('utf8');
  stream.end(body);
  const [answer] = (await once(stream, 'response')) as [Record<string, string | number>];
  return { stream, session, status: answer[constants.HTTP2_HEADER_STATUS] };
}

async function textOf(stream: AsyncIterable<string>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

test('a signed call over HTTP/2 is believed, answered and recorded', async () => {
  const headers = { 'x-amz-target': 'CloudTrail_20131101.LookupEvents' };
  const { stream, session, status } = await post('/', '{}', 'cloudtrail', headers);
  assert.equal(status, 200);
  assert.equal(await textOf(stream), '{"Events":[]}');
  assert.equal(server.recorded.at(-1)?.verification, 'signature');
  session.close();
});

test('a body that is too large is refused over HTTP/2', async () => {
  const { stream, session, status } = await post(
    '/opentrail/v1/GetStatus',
    'x'.repeat(5_000_000),
    'opentrail',
  );
  assert.equal(status, 413);
  assert.match(await textOf(stream), /RequestEntityTooLargeException/);
  session.close();
});

test('a tail over HTTP/2 streams and ends with its client', async () => {
  const { stream, session, status } = await post('/opentrail/v1/TailEvents', '{}', 'opentrail');
  assert.equal(status, 200);
  await server.put([entryOf({ eventName: 'Streamed' })]);
  const [line] = (await once(stream, 'data')) as [string];
  assert.equal(JSON.parse(line).EventName, 'Streamed');
  session.destroy();
  assert.deepEqual(server.bugs, []);
});
