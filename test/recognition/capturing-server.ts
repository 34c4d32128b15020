import assert from 'node:assert/strict';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import type { CapturedCall, RequestHead } from '../../src/model/captured-call.ts';
import { decode } from '../../src/record/gateway/decode/decode.ts';
import type { DecodedCall } from '../../src/record/gateway/decoded-call.ts';
import { createRecognitionTable } from '../../src/record/gateway/recognise/recognition-table.ts';

const table = createRecognitionTable({ s3Domains: [], defaultRegion: 'us-east-1' });

interface Sender {
  send(command: never): Promise<unknown>;
}

/** A server that keeps the last request and answers every one with an error that is not retried. */
export class CapturingServer {
  #seen: CapturedCall | undefined;
  readonly #server = createServer((request, response) => {
    capture(request).then(
      (call) => {
        this.#seen = call;
        response.writeHead(400, { 'x-amzn-requestid': 'r-1' });
        response.end();
      },
      () => response.destroy(),
    );
  });

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  get endpoint(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Settings for SDK clients. */
  get settings() {
    return {
      endpoint: this.endpoint,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
      maxAttempts: 1,
      // HTTP/1.1 for Kinesis too; a request that never ends fails soon.
      requestHandler: new NodeHttpHandler({ requestTimeout: 3_000, throwOnRequestTimeout: true }),
    };
  }

  /** Sends a command with a real client and decodes what arrived. */
  async decoded(client: Sender, command: object): Promise<DecodedCall> {
    this.#seen = undefined;
    await client.send(command as never).catch(() => undefined);
    const call = this.#seen as CapturedCall | undefined;
    assert.ok(call !== undefined, 'the request arrived');
    return decode(call, table.recognise(call.head));
  }
}

async function capture(request: IncomingMessage): Promise<CapturedCall> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const bytes = Buffer.concat(chunks);
  const head: RequestHead = {
    method: request.method ?? '',
    target: request.url ?? '',
    httpVersion: '1.1',
    headers: request.rawHeaders,
    peerAddress: '127.0.0.1',
    startedAt: 0,
  };
  const requestBody = { bytes, isTruncated: false, sizeBytes: bytes.length };
  return { head, requestBody, outcome: 'completed', completedAt: 0 };
}

/** Signing name, service, protocol, operation and who asked, in one line. */
export function summary(call: DecodedCall): string {
  const { signingName, service, protocol, region, accessKeyId, authentication } = call.recognition;
  const keyed = `${authentication} ${accessKeyId} ${region}`;
  return `${signingName} ${service} ${protocol} ${call.operation} ${keyed}`;
}

/** The end of a `summary` of calls with the server's settings. */
export const signed = 'header AKIDEXAMPLE eu-west-1';
