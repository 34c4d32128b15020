import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { Encoder } from 'cbor-x';
import type { CapturedCall } from '../../../model/captured-call.ts';
import { createRecognitionTable } from '../recognise/recognition-table.ts';
import { decode } from './decode.ts';

const table = createRecognitionTable({ s3Domains: [], defaultRegion: 'us-east-1' });

/** As SDKs write it: bytes without the tag of a typed array. */
const cbor = new Encoder({ tagUint8Array: false, useRecords: false });
const encode = (value: unknown) => cbor.encode(value);

interface Exchange {
  readonly service: string;
  readonly method?: string;
  readonly target?: string;
  readonly headers?: readonly string[];
  readonly body?: string | Uint8Array;
  readonly isTruncated?: boolean;
  readonly status?: number;
  readonly answerHeaders?: readonly string[];
  readonly answer?: string | Uint8Array;
}

function decoded(exchange: Exchange) {
  const { service, method = 'POST', target = '/', headers = [], status = 200, answerHeaders = [] } = exchange;
  const scope = `AKID/20260101/us-east-1/${service}/aws4_request`;
  const call: CapturedCall = {
    head: {
      method,
      target,
      httpVersion: '1.1',
      headers: ['Host', '127.0.0.1', 'Authorization', `AWS4-HMAC-SHA256 Credential=${scope}`, ...headers],
      peerAddress: '127.0.0.1',
      startedAt: 0,
    },
    requestBody: captured(exchange.body, exchange.isTruncated === true),
    response: { status, headers: answerHeaders, body: captured(exchange.answer, false) },
    outcome: 'completed',
    completedAt: 0,
  };
  return decode(call, table.recognise(call.head));
}

function captured(body: string | Uint8Array = '', isTruncated: boolean) {
  const bytes = Buffer.from(body as string);
  return { bytes, isTruncated, sizeBytes: bytes.length };
}

const FORM = ['Content-Type', 'application/x-www-form-urlencoded; charset=utf-8'];
const target = (name: string) => ['X-Amz-Target', name];

test('errors are told in every protocol, without namespaces', () => {
  const rows: readonly (readonly [string, Exchange, string])[] = [
    [
      'json, __type',
      {
        service: 'kms',
        status: 400,
        answer: '{"__type":"com.amazonaws.kms#NotFoundException","message":"no key"}',
      },
      'NotFoundException client no key',
    ],
    [
      'json, header',
      {
        service: 'dynamodb',
        status: 500,
        answer: '{"Message":"oops"}',
        answerHeaders: ['X-Amzn-ErrorType', 'InternalServerError:http://internal.amazon.com/coral/'],
      },
      'InternalServerError server oops',
    ],
    [
      'rest-json',
      {
        service: 'lambda',
        method: 'GET',
        target: '/2015-03-31/functions/f',
        status: 404,
        answer: '{"Type":"User","Message":"Function not found"}',
        answerHeaders: ['x-amzn-errortype', 'ResourceNotFoundException'],
      },
      'ResourceNotFoundException client Function not found',
    ],
    [
      'cbor',
      {
        service: 'monitoring',
        target: '/service/GraniteServiceVersion20100801/operation/GetMetricData',
        status: 400,
        answer: encode({ __type: 'com.amazonaws.cloudwatch#InvalidParameterValueException', message: 'bad' }),
        answerHeaders: ['x-amzn-query-error', 'InvalidParameterValue;Sender'],
      },
      'InvalidParameterValue client bad',
    ],
    [
      'query',
      {
        service: 'iam',
        headers: FORM,
        body: 'Action=GetUser&Version=2010-05-08&UserName=x',
        status: 404,
        answer:
          '<ErrorResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/"><Error><Type>Sender</Type><Code>NoSuchEntity</Code><Message>no &lt;x&gt;</Message></Error><RequestId>r-9</RequestId></ErrorResponse>',
      },
      'NoSuchEntity client no <x>',
    ],
    [
      'ec2',
      {
        service: 'ec2',
        headers: FORM,
        body: 'Action=DescribeVpcs&Version=2016-11-15',
        status: 403,
        answer:
          '<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>no</Message></Error></Errors><RequestID>r-9</RequestID></Response>',
      },
      'UnauthorizedOperation client no',
    ],
    [
      'rest-xml',
      {
        service: 'route53',
        method: 'GET',
        target: '/2013-04-01/hostedzone/Z',
        status: 404,
        answer:
          '<ErrorResponse><Error><Code>NoSuchHostedZone</Code><Message>no</Message></Error></ErrorResponse>',
      },
      'NoSuchHostedZone client no',
    ],
    [
      'S3',
      {
        service: 's3',
        method: 'GET',
        target: '/b/k',
        status: 404,
        answer: '<?xml version="1.0"?><Error><Code>NoSuchBucket</Code><Message>no</Message></Error>',
      },
      'NoSuchBucket client no',
    ],
    [
      'S3, failed after 200',
      {
        service: 's3',
        target: '/b/k?uploadId=u',
        status: 200,
        answer: '<?xml version="1.0"?>\n\n<Error><Code>InternalError</Code><Message>again</Message></Error>',
      },
      'InternalError server again',
    ],
    ['S3 HEAD', { service: 's3', method: 'HEAD', target: '/b/k', status: 404 }, 'NoSuchKey client undefined'],
    [
      'S3 HEAD of a bucket',
      { service: 's3', method: 'HEAD', target: '/b', status: 404 },
      'NoSuchBucket client undefined',
    ],
    [
      'S3 HEAD, denied',
      { service: 's3', method: 'HEAD', target: '/b', status: 403 },
      'AccessDenied client undefined',
    ],
    ['no body', { service: 'kms', status: 503 }, 'ServiceUnavailable server undefined'],
  ];
  for (const [name, exchange, wanted] of rows) {
    const { error, output } = decoded(exchange);
    assert.equal(`${error?.code} ${error?.fault} ${error?.message}`, wanted, name);
    assert.equal(output, undefined, name);
  }
});

test('answers of query, EC2, JSON, CBOR and REST protocols', () => {
  const query = decoded({
    service: 'iam',
    headers: FORM,
    body: 'Action=CreateUser&Version=2010-05-08&UserName=x',
    answer:
      '<CreateUserResponse xmlns="u"><CreateUserResult><User><UserName>x</UserName><Tags><member><Key>a</Key></member><member><Key>b</Key></member></Tags></User></CreateUserResult><ResponseMetadata><RequestId>r-7</RequestId></ResponseMetadata></CreateUserResponse>',
  });
  assert.deepEqual(query.output, { User: { UserName: 'x', Tags: { member: [{ Key: 'a' }, { Key: 'b' }] } } });
  assert.equal(query.requestId, 'r-7');
  const ec2 = decoded({
    service: 'ec2',
    headers: FORM,
    body: 'Action=DeleteVpc&Version=2016-11-15&VpcId=v',
    answer:
      '<DeleteVpcResponse xmlns="u"><requestId>r-8</requestId><return>true</return></DeleteVpcResponse>',
  });
  assert.deepEqual(ec2.output, { requestId: 'r-8', return: 'true' });
  assert.equal(ec2.requestId, 'r-8');
  const json = decoded({
    service: 'kms',
    headers: target('TrentService.CreateKey'),
    body: '{}',
    answer: gzipSync('{"KeyMetadata":{"KeyId":"k"}}'),
    answerHeaders: ['Content-Encoding', 'gzip', 'X-Amzn-RequestId', 'r-1'],
  });
  assert.deepEqual(json.output, { KeyMetadata: { KeyId: 'k' } });
  assert.equal(json.requestId, 'r-1');
  const metrics = decoded({
    service: 'monitoring',
    target: '/service/GraniteServiceVersion20100801/operation/PutDashboard',
    body: gzipSync(encode({ DashboardName: 'd', when: new Date(1.5e12), raw: new Uint8Array([1]) })),
    headers: ['Content-Encoding', 'gzip'],
    answer: encode({ DashboardValidationMessages: [] }),
  });
  assert.deepEqual(metrics.input, { DashboardName: 'd', when: 1.5e9 });
  assert.deepEqual(metrics.output, { DashboardValidationMessages: [] });
});

test('the services of one signing name are told apart by version and action of the form', () => {
  const of = (service: string, body: string) => {
    const { recognition, operation, apiVersion } = decoded({ service, headers: FORM, body });
    return `${recognition.signingName} ${recognition.service} ${operation} ${apiVersion}`;
  };
  assert.equal(
    of('elasticloadbalancing', 'Action=DescribeLoadBalancers&Version=2012-06-01'),
    'elasticloadbalancing elb DescribeLoadBalancers 2012-06-01',
  );
  assert.equal(
    of('elasticloadbalancing', 'Version=2015-12-01&Action=DescribeLoadBalancers'),
    'elasticloadbalancing elbv2 DescribeLoadBalancers 2015-12-01',
  );
  assert.equal(of('ses', 'Action=SendEmail&Version=2010-12-01'), 'ses ses SendEmail 2010-12-01');
  assert.equal(of('ec2', 'Action=RunInstances&Version=2014-10-01'), 'ec2 ec2 RunInstances 2014-10-01');
  assert.equal(of('iam', 'Action=BrandNewThing&Version=2010-05-08'), 'iam iam BrandNewThing 2010-05-08');
});

test('dotted names become members, lists and maps, whatever their order', () => {
  const input = (service: string, body: string) => decoded({ service, headers: FORM, body }).input;
  assert.deepEqual(
    input(
      'sns',
      'Attributes.entry.2.key=b&Attributes.entry.2.value=2&Attributes.entry.1.key=a&Attributes.entry.1.value=1&Action=SetX&Version=1',
    ),
    { Attributes: { a: '1', b: '2' } },
  );
  assert.deepEqual(
    input('rds', 'Filters.Filter.1.Name=n&Filters.Filter.1.Values.Value.1=v&Action=DescribeDBInstances'),
    {
      Filters: [{ Name: 'n', Values: ['v'] }],
    },
  );
  assert.deepEqual(
    input('iam', 'A.member.10=j&A.member.9=i&A.member.1=a&UserName=+x%20&UserName=second&Action=X'),
    {
      A: ['a', 'i', 'j'],
      UserName: ' x ',
    },
  );
  assert.deepEqual(input('sqs', 'Action=SetQueueAttributes&Attribute.1.Name=a&Attribute.1.Value=1'), {
    Attribute: [{ Name: 'a', Value: '1' }],
  });
  assert.deepEqual(
    input(
      'iam',
      'Action=ListUsers&Version=2010-05-08&AWSAccessKeyId=A&Signature=s&SignatureVersion=2&Timestamp=t',
    ),
    {},
  );
});

test('a form upload tells its key, and what follows is no loss', () => {
  const body = [
    '--x\r\nContent-Disposition: form-data; name="key"\r\n\r\nphotos/a.jpg\r\n',
    '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n\xff\xd8',
  ].join('');
  const headers = ['Content-Type', 'multipart/form-data; boundary=x'];
  const { operation, s3, isInputTruncated } = decoded({
    service: 's3',
    target: '/b',
    headers,
    body,
    isTruncated: true,
  });
  assert.equal(`${operation} ${s3?.bucket} ${s3?.key} ${isInputTruncated}`, 'PutObject b photos/a.jpg false');
});

test('chunked framing is taken off, and a policy of a bucket is parsed', () => {
  const policy = '{"Version":"2012-10-17","Statement":[]}';
  const chunks = `${policy.length.toString(16)};chunk-signature=${'0'.repeat(64)}\r\n${policy}\r\n0;chunk-signature=${'0'.repeat(64)}\r\n\r\n`;
  const headers = [
    'x-amz-content-sha256',
    'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
    'Content-Encoding',
    'aws-chunked',
  ];
  const { operation, s3 } = decoded({
    service: 's3',
    method: 'PUT',
    target: '/b?policy',
    headers,
    body: chunks,
  });
  assert.equal(operation, 'PutBucketPolicy');
  assert.deepEqual(s3?.jsonBody, JSON.parse(policy));
});

test('of a body that was cut off the operation stays known', () => {
  const form = decoded({
    service: 'iam',
    headers: FORM,
    body: 'Action=CreatePolicy&Version=2010-05-08&PolicyDocument=%7B',
    isTruncated: true,
  });
  assert.equal(`${form.operation} ${form.isInputTruncated} ${form.input}`, 'CreatePolicy true undefined');
  const rest = decoded({
    service: 'lambda',
    method: 'PUT',
    target: '/2015-03-31/functions/f/code',
    body: '{"ZipFile":"UEsDB',
    isTruncated: true,
  });
  assert.equal(`${rest.operation} ${rest.isInputTruncated}`, 'UpdateFunctionCode true');
  assert.deepEqual(rest.input, { FunctionName: 'f' });
});
