import { hash } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';
import { getCACertificates } from 'node:tls';
import { HttpRequest } from '@smithy/protocol-http';
import { SignatureV4 } from '@smithy/signature-v4';
import type { AwsCredentialIdentityProvider } from '@smithy/types';
import type { Json, JsonObject } from '../../model/cloudtrail-event.ts';
import { readVersion } from '../version.ts';
import { ConnectionError, ServerError } from './cli-error.ts';
import { NodeSha256 } from './node-sha256.ts';

export interface ClientOptions {
  readonly endpointUrl: URL;
  readonly region: string;
  readonly credentials: AwsCredentialIdentityProvider;
  /** PEM certificates to trust instead of the usual authorities; those of NODE_EXTRA_CA_CERTS stay trusted. */
  readonly authorities?: string;
  /** What this client presents to a server that asks for a certificate, in PEM. */
  readonly certificate?: { readonly cert: string; readonly key: string };
}

/** What the record of each call shows as its client. */
const USER_AGENT = `opentrail-cli/${readVersion()}`;

/** An answer that is read to its end, or where it is an error: larger ones are streams. */
const ANSWER_BYTES_MAX = 256 << 20;

/** Codes of a failed connection that a retry may mend. */
const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
  'ETIMEDOUT',
]);

/** Codes of a certificate that none of the known authorities vouches for. */
const UNTRUSTED = new Set([
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** Calls OpenTrail's own operations: `POST /opentrail/v1/<name>`, signed with the name `opentrail`. */
export class OpenTrailClient {
  readonly endpointUrl: URL;
  readonly region: string;
  readonly #signer: SignatureV4;
  readonly #agent: http.Agent | https.Agent;

  constructor(options: ClientOptions) {
    this.endpointUrl = options.endpointUrl;
    this.region = options.region;
    const { credentials, region } = options;
    this.#signer = new SignatureV4({ service: 'opentrail', region, credentials, sha256: NodeSha256 });
    const agentOptions = { keepAlive: true, maxSockets: 32 };
    const isTls = options.endpointUrl.protocol === 'https:';
    this.#agent = isTls
      ? new https.Agent({ ...agentOptions, ...trust(options.authorities), ...options.certificate })
      : new http.Agent(agentOptions);
  }

  /** Sends JSON and answers JSON. Rejects with a `ServerError` or a `ConnectionError`. */
  async call(operation: string, input: JsonObject, signal?: AbortSignal): Promise<JsonObject> {
    const body = Buffer.from(JSON.stringify(input));
    return this.#json(
      operation,
      await this.#send(operation, { body, contentType: 'application/json', signal }),
    );
  }

  /** Sends bytes with query parameters and answers JSON. */
  async upload(
    operation: string,
    request: { query: Readonly<Record<string, string>>; body: Buffer; signal?: AbortSignal },
  ): Promise<JsonObject> {
    return this.#json(
      operation,
      await this.#send(operation, { ...request, contentType: 'application/x-ndjson' }),
    );
  }

  /** Sends JSON; when the answer has begun, gives its lines as they come. An error within the stream is thrown there. */
  async stream(operation: string, input: JsonObject, signal?: AbortSignal): Promise<AsyncIterable<string>> {
    const body = Buffer.from(JSON.stringify(input));
    const answer = await this.#send(operation, { body, contentType: 'application/json', signal });
    if ((answer.statusCode ?? 500) >= 400) throw await this.#errorOf(answer);
    return this.#lines(answer);
  }

  close(): void {
    this.#agent.destroy();
  }

  async #send(
    operation: string,
    request: {
      readonly body: Buffer;
      readonly contentType: string;
      readonly query?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<http.IncomingMessage> {
    const { body, contentType, signal } = request;
    const { protocol, hostname, port, host, pathname } = this.endpointUrl;
    const path = `${pathname.replace(/\/$/, '')}/opentrail/v1/${operation}`;
    const query = { ...request.query };
    const signed = await this.#signer.sign(
      new HttpRequest({
        method: 'POST',
        protocol,
        hostname,
        path,
        query,
        headers: {
          host,
          'content-type': contentType,
          'user-agent': USER_AGENT,
          'content-length': String(body.length),
          'x-amz-content-sha256': hash('sha256', body, 'hex'),
        },
      }),
    );
    const search = new URLSearchParams(query).toString();
    const isTls = protocol === 'https:';
    const options: http.RequestOptions = {
      method: 'POST',
      // An IPv6 address stands in brackets in a URL and without them everywhere else.
      hostname: hostname.replace(/^\[|\]$/g, ''),
      port: port === '' ? (isTls ? 443 : 80) : port,
      path: search === '' ? path : `${path}?${search}`,
      headers: signed.headers,
      agent: this.#agent,
      ...(signal === undefined ? {} : { signal }),
    };
    return new Promise((resolve, reject) => {
      const outgoing = (isTls ? https : http).request(options, resolve);
      outgoing.on('error', (error) => reject(this.#translate(error)));
      outgoing.end(body);
    });
  }

  async *#lines(answer: http.IncomingMessage): AsyncGenerator<string> {
    let rest = '';
    answer.setEncoding('utf8');
    try {
      for await (const chunk of answer as AsyncIterable<string>) {
        const lines = (rest + chunk).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) {
          if (line === '') continue;
          throwIfError(line, answer.statusCode ?? 200);
          yield line;
        }
      }
    } catch (error) {
      throw this.#translate(error);
    } finally {
      answer.destroy();
    }
    if (rest !== '') yield rest;
  }

  async #json(operation: string, answer: http.IncomingMessage): Promise<JsonObject> {
    if ((answer.statusCode ?? 500) >= 400) throw await this.#errorOf(answer);
    const value = parse(await this.#text(answer));
    if (value === undefined) throw this.#notOpenTrail(`${operation} was not answered with JSON`);
    return value;
  }

  async #errorOf(answer: http.IncomingMessage): Promise<Error> {
    const status = answer.statusCode ?? 500;
    const error = parse(await this.#text(answer));
    const code = error?.__type;
    if (error === undefined || typeof code !== 'string')
      return this.#notOpenTrail(`it answered with status ${status}`);
    const retryAfter = Number(answer.headers['retry-after']);
    return new ServerError({
      code: code.replace(/^.*#/, ''),
      message: textOf(error.message) ?? textOf(error.Message) ?? '',
      status,
      ...(Number.isFinite(retryAfter) ? { retryAfterSeconds: retryAfter } : {}),
    });
  }

  async #text(answer: http.IncomingMessage): Promise<string> {
    const chunks: Buffer[] = [];
    let sizeBytes = 0;
    try {
      for await (const chunk of answer as AsyncIterable<Buffer>) {
        sizeBytes += chunk.length;
        if (sizeBytes > ANSWER_BYTES_MAX)
          throw this.#notOpenTrail(`its answer is over ${ANSWER_BYTES_MAX} bytes`);
        chunks.push(chunk);
      }
    } catch (error) {
      throw this.#translate(error);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  #notOpenTrail(reason: string): ConnectionError {
    return new ConnectionError(
      `${this.endpointUrl.href} does not speak OpenTrail's protocol: ${reason}; name the right address with --endpoint-url`,
    );
  }

  #translate(error: unknown): unknown {
    if (!(error instanceof Error) || error.name === 'AbortError' || error instanceof ConnectionError)
      return error;
    if (error instanceof ServerError) return error;
    const code = codeOf(error);
    const at = this.endpointUrl.href;
    if (UNREACHABLE.has(code)) {
      return new ConnectionError(
        `no OpenTrail server answers at ${at} (${code}): start one with 'npm start', or name its address with --endpoint-url`,
        { cause: error },
      );
    }
    if (UNTRUSTED.has(code)) {
      return new ConnectionError(
        `the certificate of ${at} is not trusted (${code}): export AWS_CA_BUNDLE with the file of its certificate authority`,
        { cause: error },
      );
    }
    if (code === 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED') {
      return new ConnectionError(
        `${at} asks for a certificate of the client: give one with --client-cert and --client-key`,
        { cause: error },
      );
    }
    return new ConnectionError(`the connection to ${at} broke: ${error.message}`, { cause: error });
  }
}

function trust(authorities: string | undefined): { ca?: string[] } {
  return authorities === undefined ? {} : { ca: [...getCACertificates('extra'), authorities] };
}

/** A failed connection to several addresses of one name hides its code in a list. */
function codeOf(error: Error): string {
  const inner = error instanceof AggregateError ? (error.errors[0] as unknown) : error;
  const code = inner instanceof Error ? (inner as NodeJS.ErrnoException).code : undefined;
  return code ?? '';
}

function throwIfError(line: string, status: number): void {
  if (!line.startsWith('{"__type":')) return;
  const error = parse(line);
  if (error === undefined) return;
  throw new ServerError({
    code: (textOf(error.__type) ?? 'Error').replace(/^.*#/, ''),
    message: textOf(error.message) ?? textOf(error.Message) ?? '',
    status,
  });
}

function parse(text: string): JsonObject | undefined {
  try {
    const value = JSON.parse(text) as Json;
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as JsonObject)
      : undefined;
  } catch {
    // The caller says what was expected instead.
    return undefined;
  }
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
