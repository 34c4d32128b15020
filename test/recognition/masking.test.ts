/**
 * Every member that the operations tables mark as sensitive, sent and answered with a secret in the form that its
 * protocol has on the wire: the record never holds the secret.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encode } from 'cbor-x';
import type { CapturedBody, CapturedCall } from '../../src/model/captured-call.ts';
import { createRecogniser } from '../../src/record/gateway/create-recogniser.ts';
import {
  type OperationRow,
  type ServiceRow,
  serviceTables,
} from '../../src/record/gateway/recognise/service-tables.ts';
import type { Recognition, WireProtocol } from '../../src/record/gateway/recognition.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';

const SECRET = 'MARKERsecret7f3a';

/** What is recorded of S3 all the same: real records have it, since it names a key and opens nothing. */
const NAMES_A_KEY = [
  'CopyObject in SSEKMSKeyId',
  'CopyObject in SSEKMSEncryptionContext',
  'CreateMultipartUpload in SSEKMSKeyId',
  'CreateMultipartUpload in SSEKMSEncryptionContext',
  'CreateSession in SSEKMSKeyId',
  'CreateSession in SSEKMSEncryptionContext',
  'PutBucketEncryption in ServerSideEncryptionConfiguration.Rules[].ApplyServerSideEncryptionByDefault.KMSMasterKeyID',
  'PutBucketInventoryConfiguration in InventoryConfiguration.Destination.S3BucketDestination.Encryption.SSEKMS.KeyId',
  'PutObject in SSEKMSKeyId',
  'PutObject in SSEKMSEncryptionContext',
  'RestoreObject in RestoreRequest.OutputLocation.S3.Encryption.KMSKeyId',
  'UpdateObjectEncryption in ObjectEncryption.SSEKMS.KMSKeyArn',
  'WriteGetObjectResponse in SSEKMSKeyId',
].map((row) => `s3 rest-xml ${row}`);

type Wire = string | { [name: string]: Wire } | Wire[];

const recogniser = createRecogniser({
  accountId: '111122223333',
  defaultRegion: 'us-east-1',
  s3Domains: [],
  random: systemRandom,
});

/** The structure that has the secret at the end of a path such as `a[].b{}.c`. */
function at(path: string): Wire {
  const steps = path.match(/\[\]|\{\}|[^.[\]{}]+/g) ?? [];
  return steps.reduceRight<Wire>(
    (inner, step) => (step === '[]' ? [inner] : { [step === '{}' ? 'anyKey' : step]: inner }),
    SECRET,
  );
}

/** `A.member.1.B=…`; the lists of EC2 have no level of their own. */
function dotted(value: Wire, isEc2: boolean, name = ''): [string, string][] {
  if (typeof value === 'string') return [[name, value]];
  const entries = Array.isArray(value)
    ? value.map((item, index) => [`${isEc2 ? '' : 'member.'}${index + 1}`, item] as const)
    : Object.entries(value);
  return entries.flatMap(([step, item]) => dotted(item, isEc2, name === '' ? step : `${name}.${step}`));
}

function xml(name: string, value: Wire, item: string): string {
  if (Array.isArray(value))
    return `<${name}>${value.map((entry) => xml(item, entry, item)).join('')}</${name}>`;
  const content =
    typeof value === 'string'
      ? value
      : Object.entries(value)
          .map(([member, inner]) => xml(member, inner, item))
          .join('');
  return `<${name}>${content}</${name}>`;
}

function bodyOf(content: string | Uint8Array): CapturedBody {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return { bytes, isTruncated: false, sizeBytes: bytes.byteLength };
}

/** How EC2 spells a member in answers. */
function lowerFirst(value: Wire): Wire {
  if (typeof value === 'string') return value;
  if (Array.isArray(value)) return value.map(lowerFirst);
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name.charAt(0).toLowerCase() + name.slice(1),
      lowerFirst(inner),
    ]),
  );
}

interface Parts {
  readonly service: ServiceRow;
  readonly operation: string;
  readonly row: OperationRow;
  readonly protocol: WireProtocol;
}

function requestBody({ protocol, service, operation, row }: Parts, path: string): string | Uint8Array {
  const input = at(path) as Record<string, Wire>;
  switch (protocol) {
    case 'json':
      return JSON.stringify(input);
    case 'cbor':
      return encode(input);
    case 'query':
    case 'ec2':
      return new URLSearchParams([
        ['Action', operation],
        ['Version', service.apiVersion],
        ...dotted(input, protocol === 'ec2'),
      ]).toString();
    default: {
      const [first = ''] = Object.keys(input);
      if (row.in?.[first] !== undefined) return '';
      const body = row.payload === first ? (input[first] ?? '') : input;
      if (protocol === 'rest-xml')
        return xml(row.payload === first ? first : `${operation}Request`, body, 'member');
      return typeof body === 'string' ? body : JSON.stringify(body);
    }
  }
}

function answerBody({ protocol, operation }: Parts, path: string): string | Uint8Array {
  const output = at(path);
  switch (protocol) {
    case 'cbor':
      return encode(output);
    case 'query':
      return `<${operation}Response>${xml(`${operation}Result`, output, 'member')}</${operation}Response>`;
    case 'ec2':
      return xml(`${operation}Response`, lowerFirst(output), 'item');
    case 'rest-xml':
      return xml(`${operation}Result`, output, 'member');
    default:
      return JSON.stringify(output);
  }
}

/** Where the member is not in the body: its place in path, query or headers. */
function target({ row }: Parts, path: string | undefined): { target: string; headers: string[] } {
  const [first] = path?.match(/^[^.[\]{}]+/) ?? [];
  const place = first === undefined ? undefined : row.in?.[first];
  const route = row.http?.[1] ?? '/';
  const filled = route.replace(/\{([^}+]+)\+?\}/g, (_, label: string) =>
    place?.[0] === 'uri' && place[1] === label ? SECRET : 'x',
  );
  if (place?.[0] === 'querystring')
    return { target: `${filled}${filled.includes('?') ? '&' : '?'}${place[1]}=${SECRET}`, headers: [] };
  if (place?.[0] === 'header') return { target: filled, headers: [place[1], SECRET] };
  if (place?.[0] === 'headers') return { target: filled, headers: [`${place[1]}any`, SECRET] };
  return { target: filled, headers: [] };
}

function recordOf(parts: Parts, direction: 'in' | 'out', path: string): string {
  const { service, operation, row, protocol } = parts;
  const place = target(parts, direction === 'in' ? path : undefined);
  const isForm = protocol === 'query' || protocol === 'ec2';
  const call: CapturedCall = {
    head: {
      method: row.http?.[0] ?? 'POST',
      target: place.target,
      httpVersion: '1.1',
      headers: [
        ...['Host', `${service.endpointPrefix}.us-east-1.amazonaws.com`],
        ...['Content-Type', isForm ? 'application/x-www-form-urlencoded' : `application/${protocol}`],
        ...place.headers,
      ],
      peerAddress: '192.0.2.1',
      startedAt: 0,
    },
    requestBody: bodyOf(
      direction === 'in'
        ? requestBody(parts, path)
        : isForm
          ? `Action=${operation}&Version=${service.apiVersion}`
          : '',
    ),
    response: { status: 200, headers: [], body: bodyOf(direction === 'out' ? answerBody(parts, path) : '') },
    outcome: 'completed',
    completedAt: 0,
  };
  const recognition: Recognition = {
    signingName: service.signingName,
    service: service.key,
    region: 'us-east-1',
    protocol,
    authentication: 'header',
    accessKeyId: 'AKIAEXAMPLE',
    operation,
    isRecorded: true,
    requestCaptureBytes: 1 << 20,
    responseCaptureBytes: 1 << 20,
  };
  return JSON.stringify(recogniser.describe(call, recognition, { type: 'Unknown' }));
}

test('what the tables mark as sensitive is in no record, in whatever protocol it travels', () => {
  const seen: string[] = [];
  let rowsCount = 0;
  for (const service of serviceTables.services) {
    for (const [operation, row] of Object.entries(serviceTables.operations(service.key))) {
      for (const protocol of service.protocols) {
        const parts = { service, operation, row, protocol };
        for (const [direction, paths] of [
          ['in', row.hideIn ?? []],
          ['out', row.hideOut ?? []],
        ] as const) {
          for (const path of paths) {
            rowsCount += 1;
            if (!recordOf(parts, direction, path).includes(SECRET)) continue;
            seen.push(`${service.key} ${protocol} ${operation} ${direction} ${path}`);
          }
        }
      }
    }
  }
  assert.ok(rowsCount > 10_000, `${rowsCount}`);
  assert.deepEqual(seen, NAMES_A_KEY);
});
