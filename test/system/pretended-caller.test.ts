import assert from 'node:assert/strict';
import { it } from 'node:test';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { CreateQueueCommand, SQSClient } from '@aws-sdk/client-sqs';
import { OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';
import { startQueueUpstream } from '../harness/queue-upstream.ts';

const ROOT = {
  accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
  secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
};

it('names nobody for a forwarded call with a known key and a wrong secret, whatever the upstream believes', async () => {
  await using upstream = await startQueueUpstream();
  await using server = await OpenTrailServer.start({ flags: ['--upstream', upstream.url] });
  const client = { endpoint: server.endpoint, region: 'us-east-1' };
  const pretender = new SQSClient({ ...client, credentials: { ...ROOT, secretAccessKey: 'guessed' } });
  const owner = new SQSClient({ ...client, credentials: ROOT });
  const trail = new CloudTrailClient({ ...client, credentials: ROOT });
  try {
    await pretender.send(new CreateQueueCommand({ QueueName: 'pretended' }));
    await owner.send(new CreateQueueCommand({ QueueName: 'owned' }));
    const LookupAttributes = [{ AttributeKey: 'EventName', AttributeValue: 'CreateQueue' } as const];
    const deadlineMs = Date.now() + 20_000;
    let records: { requestParameters: { queueName: string }; userIdentity: object }[] = [];
    while (records.length < 2 && Date.now() < deadlineMs) {
      const { Events = [] } = await trail.send(new LookupEventsCommand({ LookupAttributes }));
      records = Events.map((event) => JSON.parse(event.CloudTrailEvent ?? '{}'));
    }
    const identityOf = (queueName: string) =>
      records.find(({ requestParameters }) => requestParameters.queueName === queueName)?.userIdentity;
    assert.deepEqual(identityOf('pretended'), { type: 'Unknown', accessKeyId: ROOT.accessKeyId });
    assert.deepEqual(identityOf('owned'), {
      type: 'Root',
      principalId: '000000000000',
      arn: 'arn:aws:iam::000000000000:root',
      accountId: '000000000000',
      accessKeyId: ROOT.accessKeyId,
    });
  } finally {
    for (const each of [pretender, owner, trail]) each.destroy();
  }
});
