import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { describe, it } from 'node:test';
import { run } from '../harness/aws-cli.ts';
import { clientEnvironment, OpenTrailServer } from '../harness/opentrail-server.ts';
import { startQueueUpstream } from '../harness/queue-upstream.ts';

/** Makes 120 calls, pages through them with boto3's own paginator, and prints what it saw as JSON. */
const PROGRAM = `
import boto3, json, time
from botocore.exceptions import ClientError
sqs = boto3.client('sqs')
for n in range(120):
    sqs.create_queue(QueueName='q%03d' % n)
trail = boto3.client('cloudtrail')
where = [{'AttributeKey': 'EventName', 'AttributeValue': 'CreateQueue'}]
deadline = time.time() + 20
while True:
    pages = [p['Events'] for p in trail.get_paginator('lookup_events').paginate(LookupAttributes=where)]
    events = [e for p in pages for e in p]
    if len(events) >= 120 or time.time() > deadline: break
errors = {}
for name, arguments in {
    'key': {'LookupAttributes': [{'AttributeKey': 'EventName', 'AttributeValue': 'x'}, {'AttributeKey': 'EventName', 'AttributeValue': 'y'}]},
    'range': {'StartTime': 1700000000, 'EndTime': 1600000000},
    'token': {'NextToken': 'not-a-token'},
}.items():
    try: trail.lookup_events(**arguments)
    except ClientError as e: errors[name] = e.response['Error']['Code']
print(json.dumps({
    'pages': [len(p) for p in pages],
    'names': [json.loads(e['CloudTrailEvent'])['requestParameters']['queueName'] for e in events],
    'sorted': all(a['EventTime'] >= b['EventTime'] for a, b in zip(events, events[1:])),
    'errors': errors,
}))
`;

/** Who a presigned URL says it is, as services prove themselves to each other: by GET and by POST, then one that was changed. */
const PRESIGNED = `
import boto3, json, re, urllib.request, urllib.error
sts = boto3.client('sts')
def ask(url, method):
    try: return urllib.request.urlopen(urllib.request.Request(url, method=method)).read().decode()
    except urllib.error.HTTPError as e: return e.read().decode()
answers = []
for method in ('GET', 'POST'):
    answers.append(ask(sts.generate_presigned_url('get_caller_identity', HttpMethod=method), method))
url = sts.generate_presigned_url('get_caller_identity', HttpMethod='GET')
answers.append(ask(url.replace('X-Amz-Expires=3600', 'X-Amz-Expires=36000'), 'GET'))
print(json.dumps([re.search('<(Arn|Code)>([^<]*)', a).group(2) for a in answers]))
`;

describe('boto3', () => {
  it('proves who it is with presigned URLs, and not with one that was changed', async (context) => {
    if (spawnSync('python3', ['-c', 'import boto3']).status !== 0) {
      context.skip('boto3 is not installed');
      return;
    }
    await using server = await OpenTrailServer.start();
    const result = await run('python3', ['-c', PRESIGNED], { env: clientEnvironment(server.endpoint) });
    assert.equal(result.status, 0, result.stderr);
    const root = 'arn:aws:iam::000000000000:root';
    assert.deepEqual(JSON.parse(result.stdout), [root, root, 'SignatureDoesNotMatch']);
  });

  it('pages through the event history and names each error as it does with AWS', async (context) => {
    if (spawnSync('python3', ['-c', 'import boto3']).status !== 0) {
      context.skip('boto3 is not installed');
      return;
    }
    await using upstream = await startQueueUpstream();
    await using server = await OpenTrailServer.start({ flags: ['--upstream', upstream.url] });
    const result = await run('python3', ['-c', PROGRAM], { env: clientEnvironment(server.endpoint) });
    assert.equal(result.status, 0, result.stderr);
    const seen = JSON.parse(result.stdout) as {
      pages: number[];
      names: string[];
      sorted: boolean;
      errors: Record<string, string>;
    };
    assert.deepEqual(seen.pages, [50, 50, 20]);
    assert.equal(new Set(seen.names).size, 120, 'every call once');
    assert.ok(seen.sorted, 'newest first');
    assert.deepEqual(seen.errors, {
      key: 'InvalidLookupAttributesException',
      range: 'InvalidTimeRangeException',
      token: 'InvalidNextTokenException',
    });
  });
});
