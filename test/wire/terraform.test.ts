import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { MotoServer } from '../harness/moto-server.ts';
import { clientEnvironment, OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';
import { needsProgram } from '../harness/programs.ts';
import { needsTerraform, TerraformFolder } from '../harness/terraform.ts';

const forwarded = `
resource "aws_dynamodb_table" "items" {
  name         = "items"
  billing_mode = "PAY_PER_REQUEST"
  hash_key     = "id"
  attribute {
    name = "id"
    type = "S"
  }
}
resource "aws_sns_topic" "alarms" {
  name = "alarms"
}
`;

/** The newest record of that name; asked for until it can be looked up. */
async function recordOf(endpoint: string, name: string): Promise<string> {
  const client = new CloudTrailClient({
    endpoint,
    region: 'eu-west-1',
    credentials: {
      accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
      secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
    },
  });
  const LookupAttributes = [{ AttributeKey: 'EventName', AttributeValue: name } as const];
  const deadlineMs = Date.now() + 10_000;
  try {
    for (;;) {
      const { Events = [] } = await client.send(new LookupEventsCommand({ LookupAttributes, MaxResults: 1 }));
      if (Events[0] !== undefined || Date.now() > deadlineMs) return Events[0]?.CloudTrailEvent ?? '';
    }
  } finally {
    client.destroy();
  }
}

describe('Terraform', () => {
  it('makes, keeps and removes resources through the gateway, and each of its changes is recorded as its own', async (context) => {
    const pluginFolder = needsTerraform(context);
    if (pluginFolder === undefined || !needsProgram(context, 'moto_server')) return;
    await using moto = await MotoServer.start();
    await using server = await OpenTrailServer.start({ flags: ['--upstream', moto.url] });
    const env = clientEnvironment(server.endpoint);
    await using folder = await TerraformFolder.open({ pluginFolder, env, resources: forwarded });
    const applied = await folder.run('apply');
    assert.equal(applied.status, 0, applied.stderr);
    const planned = await folder.run('plan', '-detailed-exitcode');
    assert.equal(planned.status, 0, `nothing is left to change: ${planned.stdout}`);
    for (const name of ['CreateTable', 'CreateTopic']) {
      assert.match(await recordOf(server.endpoint, name), /"userAgent":"[^"]*[Tt]erraform/, name);
    }
    const destroyed = await folder.run('destroy');
    assert.equal(destroyed.status, 0, destroyed.stderr);
    assert.match(await recordOf(server.endpoint, 'DeleteTopic'), /[Tt]erraform/);
  });
});
