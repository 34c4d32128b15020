import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecognitionTable } from './recognition-table.ts';
import { nearestServiceName, resolveServiceName } from './service-names.ts';

const table = createRecognitionTable({ s3Domains: [], defaultRegion: 'ap-south-1' });

interface Sent {
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly string[];
}

function told({ method = 'GET', target = '/', headers = [] }: Sent): string {
  const recognition = table.recognise({
    method,
    target,
    httpVersion: '1.1',
    headers: ['Host', '127.0.0.1:4610', ...headers],
    peerAddress: '127.0.0.1',
    startedAt: 0,
  });
  const { authentication, accessKeyId, signingName, region, operation } = recognition;
  return `${authentication} ${accessKeyId} ${signingName} ${region} ${operation}`;
}

const credential = 'AKID/20260101/eu-west-1/s3/aws4_request';
const encoded = encodeURIComponent(credential);

test('every form of authentication is told, with key, service and Region', () => {
  const rows: readonly (readonly [string, Sent, string])[] = [
    [
      'header, parts with blanks',
      {
        headers: [
          'Authorization',
          `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=host, Signature=0`,
        ],
      },
      'header AKID s3 eu-west-1 ListBuckets',
    ],
    [
      'header, parts without blanks, the credential last',
      {
        headers: [
          'authorization',
          `AWS4-HMAC-SHA256 SignedHeaders=host,Signature=0,Credential=${credential}`,
        ],
      },
      'header AKID s3 eu-west-1 ListBuckets',
    ],
    [
      'a key id with slashes',
      {
        headers: [
          'Authorization',
          'AWS4-HMAC-SHA256 Credential=a/b/20260101/eu-west-1/s3/aws4_request, Signature=0',
        ],
      },
      'header a/b s3 eu-west-1 ListBuckets',
    ],
    [
      'presigned',
      { target: `/b/k?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${encoded}&X-Amz-Signature=0` },
      'query AKID s3 eu-west-1 GetObject',
    ],
    [
      'presigned, names in lower case',
      { target: `/b/k?x-amz-algorithm=AWS4-HMAC-SHA256&x-amz-credential=${encoded}&x-amz-signature=0` },
      'query AKID s3 eu-west-1 GetObject',
    ],
    [
      'SigV4a, wildcards before a Region',
      {
        headers: [
          'Authorization',
          'AWS4-ECDSA-P256-SHA256 Credential=AKID/20260101/s3/aws4_request, Signature=0',
          'X-Amz-Region-Set',
          'us-*, eu-west-3',
        ],
      },
      'sigv4a-header AKID s3 eu-west-3 ListBuckets',
    ],
    [
      'SigV4a, wildcard only',
      {
        headers: [
          'Authorization',
          'AWS4-ECDSA-P256-SHA256 Credential=AKID/20260101/s3/aws4_request, Signature=0',
          'X-Amz-Region-Set',
          '*',
        ],
      },
      'sigv4a-header AKID s3 ap-south-1 ListBuckets',
    ],
    [
      'SigV4a, presigned',
      {
        target:
          '/b/k?X-Amz-Algorithm=AWS4-ECDSA-P256-SHA256&X-Amz-Credential=AKID%2F20260101%2Fs3%2Faws4_request&X-Amz-Region-Set=eu-north-1',
      },
      'sigv4a-query AKID s3 eu-north-1 GetObject',
    ],
    [
      'SigV2',
      { headers: ['Authorization', 'AWS AKID:c2ln='], target: '/b/k' },
      'sigv2-header AKID s3 ap-south-1 GetObject',
    ],
    [
      'SigV2, presigned',
      { target: '/b/k?AWSAccessKeyId=AKID&Signature=c2ln&Expires=1' },
      'sigv2-query AKID s3 ap-south-1 GetObject',
    ],
    [
      'SigV2 of a query service',
      {
        target:
          '/?Action=ListUsers&Version=2010-05-08&AWSAccessKeyId=AKID&Signature=x&SignatureVersion=2&SignatureMethod=HmacSHA256',
      },
      'sigv2-query AKID iam ap-south-1 ListUsers',
    ],
    [
      'form upload',
      { method: 'POST', target: '/b', headers: ['Content-Type', 'multipart/form-data; boundary=x'] },
      'postForm undefined s3 ap-south-1 PutObject',
    ],
    [
      'bearer',
      {
        method: 'POST',
        target: '/model/anthropic.claude/invoke',
        headers: ['Authorization', 'Bearer bedrock-api-key'],
      },
      'bearer undefined bedrock ap-south-1 InvokeModel',
    ],
    [
      'none, told by the target',
      { method: 'POST', headers: ['X-Amz-Target', 'AWSCognitoIdentityService.GetId'] },
      'none undefined cognito-identity ap-south-1 GetId',
    ],
    [
      'none, told by a route',
      { method: 'POST', target: '/client/register' },
      'none undefined sso-oauth ap-south-1 RegisterClient',
    ],
    ['none, a public object', { target: '/public-bucket/a/b.txt' }, 'none undefined s3 ap-south-1 GetObject'],
    ['none, no AWS call', { target: '/favicon.ico' }, 'none undefined unknown ap-south-1 undefined'],
    [
      'a target of no known service',
      { method: 'POST', headers: ['X-Amz-Target', 'Foo_2020.DoIt'] },
      'none undefined unknown ap-south-1 DoIt',
    ],
    [
      'a scope of no known service',
      {
        method: 'POST',
        headers: [
          'Authorization',
          'AWS4-HMAC-SHA256 Credential=AKID/20260101/eu-west-1/foo/aws4_request',
          'X-Amz-Target',
          'Foo_2020.DoIt',
        ],
      },
      'header AKID foo eu-west-1 DoIt',
    ],
    [
      'a scheme of others',
      { headers: ['Authorization', 'Basic QTpC'] },
      'none undefined unknown ap-south-1 undefined',
    ],
    [
      'a broken scope',
      { headers: ['Authorization', 'AWS4-HMAC-SHA256 Credential=AKID/oops'] },
      'header AKID unknown ap-south-1 undefined',
    ],
    [
      'a scope that is no name',
      { headers: ['Authorization', 'AWS4-HMAC-SHA256 Credential=AKID/20260101/../<b>/aws4_request'] },
      'header AKID unknown ap-south-1 undefined',
    ],
  ];
  for (const [name, sent, wanted] of rows) assert.equal(told(sent), wanted, name);
});

test('a service is named by signing name or SDK id, and the nearest name is found', () => {
  for (const [given, wanted] of [
    ['monitoring', 'monitoring'],
    ['cloudwatch', 'monitoring'],
    ['CloudWatch', 'monitoring'],
    ['cloudwatch-logs', 'logs'],
    ['sfn', 'states'],
    ['elbv2', 'elasticloadbalancing'],
    ['s3', 's3'],
    ['s3control', 's3'],
    ['s3express', 's3express'],
    ['iotsecuredtunneling', 'IoTSecuredTunneling'],
    ['email', 'ses'],
    ['nothing', undefined],
  ] as const) {
    assert.equal(resolveServiceName(given), wanted, given);
  }
  assert.equal(nearestServiceName('dynamdb'), 'dynamodb');
  assert.equal(nearestServiceName('zzzzzzzzzzzz'), undefined);
});
