import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RequestHead } from '../../../model/captured-call.ts';
import { createRecognitionTable } from './recognition-table.ts';
import { type OperationRow, type ServiceRow, serviceTables } from './service-tables.ts';

const table = createRecognitionTable({ s3Domains: [], defaultRegion: 'us-east-1' });

/**
 * Older names of the same S3 route, and two operations of Lex that share theirs: the first comes out as the
 * second.
 */
const SYNONYMS = new Map([
  ['s3 GetBucketLifecycle', 's3 GetBucketLifecycleConfiguration'],
  ['s3 PutBucketLifecycle', 's3 PutBucketLifecycleConfiguration'],
  ['s3 GetBucketNotification', 's3 GetBucketNotificationConfiguration'],
  ['s3 PutBucketNotification', 's3 PutBucketNotificationConfiguration'],
]);
const SYNONYMS_WITHOUT_HOST = new Map([...SYNONYMS, ['lex-models StartImport', 'lexv2-models ListImports']]);

test('every REST operation is told from its route by scope and host', () => {
  const { wrong, count } = compareAll((service) => `${service.endpointPrefix}.eu-west-1.amazonaws.com`);
  const unexplained = wrong.filter((pair) => !isSameCall(pair, SYNONYMS) || !isSameHost(pair));
  assert.deepEqual(unexplained, []);
  assert.ok(count > 9_700, `${count} operations were tried`);
  assert.ok(wrong.length < 80, `${wrong.length} share route and host with another service`);
});

test('every REST operation is told by route and scope alone, but for routes that services share', () => {
  const { wrong } = compareAll(() => '127.0.0.1:4610');
  assert.deepEqual(
    wrong.filter((pair) => !isSameCall(pair, SYNONYMS_WITHOUT_HOST)),
    [],
  );
  assert.ok(wrong.length <= 103, `${wrong.length} operations share their route with another service`);
});

test('the user agent of an SDK tells services apart that share a route', () => {
  const lex = serviceTables.service('lex-models') as ServiceRow;
  const row = serviceTables.operation('lex-models', 'StartImport') as OperationRow;
  const request = restRequest(lex, row, { operation: 'StartImport', host: '127.0.0.1' });
  const agent = 'aws-sdk-js/3.1 ua/2.1 lang/js api/lex_model_building_service#3.1 m/E';
  const told = table.recognise({ ...request, headers: [...request.headers, 'User-Agent', agent] });
  assert.equal(`${told.service} ${told.operation}`, 'lex-models StartImport');
});

interface Difference {
  readonly wanted: string;
  readonly got: string;
}

/**
 * The same operation of a service that signs with the same name: the record has the same source and event
 * name.
 */
function isSameCall({ wanted, got }: Difference, synonyms: ReadonlyMap<string, string>): boolean {
  if (synonyms.get(wanted) === got) return true;
  const [wantedService = '', wantedOperation] = wanted.split(' ');
  const [gotService = '', gotOperation] = got.split(' ');
  const signingName = serviceTables.service(wantedService)?.signingName;
  return wantedOperation === gotOperation && signingName === serviceTables.service(gotService)?.signingName;
}

function isSameHost({ wanted, got }: Difference): boolean {
  const prefixOf = (text: string) => serviceTables.service(text.split(' ')[0] ?? '')?.endpointPrefix;
  return prefixOf(wanted) === prefixOf(got);
}

test('every operation of the other protocols is told by its target, path or action', () => {
  let count = 0;
  for (const service of serviceTables.services) {
    if (service.protocols[0]?.startsWith('rest')) continue;
    for (const operation of Object.keys(serviceTables.operations(service.key))) {
      for (const protocol of service.protocols) {
        const recognition = table.recognise(rpcRequest(service, operation, protocol));
        const told = `${recognition.service} ${recognition.protocol} ${recognition.operation}`;
        assert.equal(told, `${serviceOf(service, operation)} ${protocol} ${operation}`);
        count++;
      }
    }
  }
  assert.ok(count > 8_900, `${count} requests were tried`);
});

/** RDS, Neptune and DocumentDB are one API, as are both Timestream services' DescribeEndpoints. */
function serviceOf(service: ServiceRow, operation: string): string {
  const isIn = (key: string) => serviceTables.operation(key, operation) !== undefined;
  if (service.signingName === 'rds' && isIn('rds')) return 'rds';
  if (service.signingName === 'rds' && service.key === 'neptune' && isIn('docdb')) return 'docdb';
  if (service.signingName === 'timestream' && isIn('timestream-write')) return 'timestream-write';
  return service.key;
}

function compareAll(hostOf: (service: ServiceRow) => string) {
  const wrong: Difference[] = [];
  let count = 0;
  for (const service of serviceTables.services) {
    if (!service.protocols[0]?.startsWith('rest')) continue;
    for (const [operation, row] of Object.entries(serviceTables.operations(service.key))) {
      const recognition = table.recognise(restRequest(service, row, { operation, host: hostOf(service) }));
      count++;
      const wanted = `${service.key} ${operation}`;
      const got = `${recognition.service} ${recognition.operation}`;
      if (got !== wanted) wrong.push({ wanted, got });
    }
  }
  return { wrong, count };
}

interface RestOptions {
  readonly operation: string;
  readonly host: string;
}

/** A request as an SDK builds it: labels filled with values that need escapes, slashes in greedy ones. */
function restRequest(service: ServiceRow, row: OperationRow, { operation, host }: RestOptions): RequestHead {
  const [method, template] = row.http ?? ['POST', '/'];
  const path = template
    .replaceAll(/\{[^}]+\+\}/g, 'folder/k%C3%A9y%20+')
    .replaceAll(/\{[^}]+\}/g, 'arn%3Aaws%3Ax%3A%3Aa%2Fb');
  const headers = ['Host', host, 'Authorization', authorization(service.signingName)];
  const query: string[] = [];
  // What S3 needs besides the route to tell its operations apart.
  if (service.key === 's3') {
    if (/^(?:AbortMultipartUpload|CompleteMultipartUpload|ListParts|UploadPart)/.test(operation)) {
      query.push('uploadId=u');
    }
    if (operation.startsWith('UploadPart')) query.push('partNumber=1');
    if (operation === 'CopyObject' || operation === 'UploadPartCopy') {
      headers.push('x-amz-copy-source', 'other/key');
    }
    if (/^(?:Get|Put|Delete)Bucket.*Configuration$/.test(operation)) {
      if (/[?](?:analytics|inventory|metrics|intelligent-tiering)/.test(template)) query.push('id=1');
    }
    if (operation === 'WriteGetObjectResponse') headers.push('x-amz-request-route', 'r');
    if (operation === 'ListDirectoryBuckets') {
      return { ...head(method, path), headers: ['Host', 's3express-control.eu-west-1.amazonaws.com'] };
    }
  }
  if (service.key === 's3control') headers.push('x-amz-account-id', '111122223333');
  const target = query.length === 0 ? path : `${path}${path.includes('?') ? '&' : '?'}${query.join('&')}`;
  return { ...head(method, target), headers };
}

function rpcRequest(service: ServiceRow, operation: string, protocol: string): RequestHead {
  const signed = ['Host', '127.0.0.1:4610', 'Authorization', authorization(service.signingName)];
  switch (protocol) {
    case 'cbor': {
      const path = `/service/${service.targetPrefix}/operation/${operation}`;
      return { ...head('POST', path), headers: [...signed, 'smithy-protocol', 'rpc-v2-cbor'] };
    }
    case 'json':
      return {
        ...head('POST', '/'),
        headers: [...signed, 'X-Amz-Target', `${service.targetPrefix}.${operation}`],
      };
    default: {
      const target = `/?Action=${operation}&Version=${service.apiVersion}`;
      return { ...head('GET', target), headers: signed };
    }
  }
}

function head(method: string, target: string): RequestHead {
  return { method, target, httpVersion: '1.1', headers: [], peerAddress: '127.0.0.1', startedAt: 0 };
}

function authorization(signingName: string): string {
  const scope = `AKIDEXAMPLE/20260101/eu-west-1/${signingName}/aws4_request`;
  return `AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host;x-amz-date, Signature=${'0'.repeat(64)}`;
}
