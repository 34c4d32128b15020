import { HttpRequest, HttpResponse } from '@smithy/protocol-http';
import type { CapturedBody, RequestHead } from '../../src/model/captured-call.ts';
import type { SdkOperation } from './sdk-services.ts';

export interface WireRequest {
  readonly head: RequestHead;
  readonly body: CapturedBody;
}

/** What the real SDK client sends for an input: signed, serialised, with its own headers. */
export async function sdkRequest(
  operation: SdkOperation,
  name: string,
  options: { readonly input: Record<string, unknown>; readonly region: string; readonly endpoint?: string },
): Promise<WireRequest> {
  let sent: HttpRequest | undefined;
  const Client = clientClass(operation.client);
  const client = new Client({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    credentials: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'secret' },
    maxAttempts: 1,
    requestHandler: {
      handle: async (request: unknown) => {
        if (HttpRequest.isInstance(request)) sent = request;
        return { response: new HttpResponse({ statusCode: 500, headers: {}, body: undefined }) };
      },
    },
  });
  const Command = operation.client[`${name}Command`] as new (input: unknown) => unknown;
  // The answer is an error on purpose: only the request is wanted.
  await client.send(new Command(options.input)).catch((error: unknown) => {
    if (sent === undefined) throw error;
  });
  if (sent === undefined) throw new Error(`${name} was not sent`);
  return fromHttpRequest(sent);
}

export function wireRequest(options: {
  readonly method: string;
  readonly target: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}): WireRequest {
  const bytes = typeof options.body === 'string' ? new TextEncoder().encode(options.body) : options.body;
  return {
    head: {
      method: options.method,
      target: options.target,
      httpVersion: '1.1',
      headers: Object.entries(options.headers).flat(),
      peerAddress: '192.0.2.10',
      startedAt: 1_700_000_000_000,
    },
    body: { bytes: bytes ?? new Uint8Array(), isTruncated: false, sizeBytes: bytes?.length ?? 0 },
  };
}

function fromHttpRequest(request: HttpRequest): WireRequest {
  const query = Object.entries(request.query ?? {}).flatMap(([name, value]) =>
    [value].flat().map((item) => {
      const key = encodeURIComponent(name);
      return item === null ? key : `${key}=${encodeURIComponent(String(item))}`;
    }),
  );
  const body: unknown = request.body;
  const text = typeof body === 'string' || body instanceof Uint8Array ? body : undefined;
  return wireRequest({
    method: request.method,
    target: request.path + (query.length === 0 ? '' : `?${query.join('&')}`),
    headers: request.headers,
    ...(text === undefined ? {} : { body: text }),
  });
}

interface SdkClient {
  send(command: unknown): Promise<unknown>;
}

function clientClass(client: Record<string, unknown>): new (configuration: object) => SdkClient {
  const name = Object.keys(client).find((key) => key.endsWith('Client') && key !== '__Client');
  return client[name ?? ''] as new (
    configuration: object,
  ) => SdkClient;
}
