import { createHash, createHmac } from 'node:crypto';
import { Agent, request as httpRequest } from 'node:http';

/** An access key, long-term or temporary. */
export interface Credential {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** A call before it is signed. What is left out is as a client would have it. */
export interface CallDraft {
  readonly service: string;
  readonly credential?: Credential | undefined;
  readonly region?: string;
  readonly method?: string;
  /** Path with query. */
  readonly target?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly body?: string;
  /** Of the signature; default: now. Milliseconds since 1970 UTC. */
  readonly atMs?: number;
  /** Changes the finished headers, after they were signed. */
  readonly tamper?: (
    headers: readonly (readonly [string, string])[],
  ) => readonly (readonly [string, string])[];
  /** The body that is sent in the place of the signed one. */
  readonly sentBody?: string;
  readonly userAgent?: string;
}

export interface CallAnswer {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
}

const agent = new Agent({ keepAlive: true, maxSockets: 32 });

/** Closes what `sendCall` has kept open. */
export function closeConnections(): void {
  agent.destroy();
}

/** Signs by hand, so that every part of a request can be what an attacker wants it to be. */
export async function sendCall(endpoint: string, draft: CallDraft): Promise<CallAnswer> {
  const { hostname, port, host } = new URL(endpoint);
  const { method = 'POST', target = '/', body = '', sentBody = body } = draft;
  const signed = signHeaders(host, draft);
  const headers = (draft.tamper?.(signed) ?? signed).flat();
  return await new Promise((resolve, reject) => {
    const length = ['Content-Length', String(Buffer.byteLength(sentBody))];
    const request = httpRequest({
      hostname,
      port,
      method,
      path: target,
      headers: [...headers, ...length],
      agent,
    });
    request.on('error', reject);
    request.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, text, headers: response.headers });
      });
    });
    request.end(sentBody);
  });
}

function signHeaders(host: string, draft: CallDraft): (readonly [string, string])[] {
  const { credential, service, region = 'us-east-1', body = '', target = '/', method = 'POST' } = draft;
  const own = draft.headers ?? [];
  const agentName = ['User-Agent', draft.userAgent ?? 'identity-test'] as const;
  if (credential === undefined) return [['Host', host], agentName, ...own];
  const date = new Date(draft.atMs ?? Date.now()).toISOString().replaceAll(/[-:]|\.\d+/g, '');
  const token = credential.sessionToken;
  const covered: (readonly [string, string])[] = [
    ['Host', host],
    ['X-Amz-Date', date],
    ...(token === undefined ? [] : [['X-Amz-Security-Token', token] as const]),
    ...own,
  ];
  const sorted = covered.map(([name, value]) => [name.toLowerCase(), value.trim()] as const).sort(byName);
  const names = sorted.map(([name]) => name).join(';');
  const scope = `${date.slice(0, 8)}/${region}/${service}/aws4_request`;
  const mark = target.indexOf('?');
  const path = mark < 0 ? target : target.slice(0, mark);
  const canonical = [
    method,
    path,
    canonicalQuery(mark < 0 ? '' : target.slice(mark + 1)),
    ...sorted.map(([name, value]) => `${name}:${value}`),
    '',
    names,
    sorted.find(([name]) => name === 'x-amz-content-sha256')?.[1] ?? sha256(body),
  ].join('\n');
  const { accessKeyId, secretAccessKey } = credential;
  const key = scope
    .split('/')
    .reduce<Buffer | string>((last, part) => hmac(last, part), `AWS4${secretAccessKey}`);
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${date}\n${scope}\n${sha256(canonical)}`).toString('hex');
  const authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
  return [...covered, agentName, ['Authorization', authorization]];
}

function canonicalQuery(query: string): string {
  return query
    .split('&')
    .filter((pair) => pair !== '')
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort()
    .join('&');
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : Number(a > b);
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

const FORM = ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'] as const;
const JSON_TYPE = ['Content-Type', 'application/x-amz-json-1.1'] as const;

/** A call of a query service, IAM or STS. */
export function queryCall(
  service: 'iam' | 'sts',
  action: string,
  parameters: Readonly<Record<string, string>> = {},
): CallDraft {
  return { service, headers: [FORM], body: formOf([['Action', action], ...Object.entries(parameters)]) };
}

/** Percent-encoded pairs, also with names that come twice. */
export function formOf(pairs: readonly (readonly [string, string])[]): string {
  const all = pairs.some(([name]) => name === 'Version')
    ? pairs
    : [...pairs, ['Version', '2010-05-08'] as const];
  return all.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join('&');
}

const TARGETS: Readonly<Record<string, string>> = {
  cloudtrail: 'CloudTrail_20131101',
  organizations: 'AWSOrganizationsV20161128',
};

/** A call of a service that speaks JSON: CloudTrail, Organizations. */
export function jsonCall(
  service: 'cloudtrail' | 'organizations',
  operation: string,
  input: object | string = {},
): CallDraft {
  const body = typeof input === 'string' ? input : JSON.stringify(input);
  return { service, headers: [JSON_TYPE, ['X-Amz-Target', `${TARGETS[service]}.${operation}`]], body };
}

/** A call of one of OpenTrail's own operations. */
export function ownCall(operation: string, input: object | string = {}): CallDraft {
  const body = typeof input === 'string' ? input : JSON.stringify(input);
  return {
    service: 'opentrail',
    target: `/opentrail/v1/${operation}`,
    headers: [['Content-Type', 'application/json']],
    body,
  };
}

/** The text of the first XML element of that name; empty where there is none. */
export function xmlText(text: string, name: string): string {
  return new RegExp(`<${name}>([^<]*)</${name}>`).exec(text)?.[1] ?? '';
}

/** The code of an error, whatever protocol it is told in. */
export function errorCodeOf({ text }: CallAnswer): string {
  return xmlText(text, 'Code') || (/"__type":"([^"]+)"/.exec(text)?.[1] ?? '');
}

/** Credentials as IAM and STS answer them. */
export function credentialsOf(text: string): Credential {
  const sessionToken = xmlText(text, 'SessionToken');
  return {
    accessKeyId: xmlText(text, 'AccessKeyId'),
    secretAccessKey: xmlText(text, 'SecretAccessKey'),
    ...(sessionToken === '' ? {} : { sessionToken }),
  };
}
