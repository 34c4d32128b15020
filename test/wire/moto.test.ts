import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';
import { aws, run } from '../harness/aws-cli.ts';
import { MotoServer } from '../harness/moto-server.ts';
import { clientEnvironment, OpenTrailServer } from '../harness/opentrail-server.ts';
import { needsProgram } from '../harness/programs.ts';
import { differences } from './compare.ts';
import { JSON_AND_REST_CALLS } from './json-and-rest-calls.ts';
import { QUERY_CALLS } from './query-calls.ts';

const CALLS = [...QUERY_CALLS, ...JSON_AND_REST_CALLS];
const LAUNCHER = new URL('../../opentrail', import.meta.url).pathname;

/** Everything recorded, newest first, through our own command line. */
async function recorded(env: Record<string, string>): Promise<CloudTrailEvent[]> {
  const result = await run(LAUNCHER, ['lookup', '--all-regions', '--limit', '0', '--output', 'ndjson'], {
    env,
  });
  assert.equal(result.status, 0, result.stderr);
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CloudTrailEvent);
}

async function until<T>(what: string, probe: () => Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`still not ${what} after 20 s`);
  }
}

describe('the AWS CLI through the gateway, with moto behind it', () => {
  it('has each call recorded as CloudTrail would have written it', async (context) => {
    if (!needsProgram(context, 'aws') || !needsProgram(context, 'moto_server')) return;
    await using moto = await MotoServer.start();
    await using server = await OpenTrailServer.start({ flags: ['--upstream', moto.url] });
    const env = clientEnvironment(server.endpoint);
    for (const call of CALLS) {
      const result = await aws(call.args, env);
      assert.equal(
        result.status === 0,
        call.errorCode === undefined,
        `${call.args.join(' ')}: ${result.stderr}`,
      );
    }
    const events = await until('all recorded', async () => {
      const all = await recorded(env);
      return CALLS.every(({ eventName }) => all.some((event) => event.eventName === eventName))
        ? all
        : undefined;
    });
    const found = CALLS.flatMap((call) => {
      const event = events.find(({ eventName }) => eventName === call.eventName);
      return event === undefined ? [`${call.eventName} is not recorded`] : differences(call, event);
    });
    assert.deepEqual(found, []);
    assert.ok(new Set(CALLS.map(({ eventSource }) => eventSource)).size >= 15, 'at least fifteen services');
  });

  it('has every management call found by lookup-events within a second, and pages through them', async (context) => {
    if (!needsProgram(context, 'aws') || !needsProgram(context, 'moto_server')) return;
    await using moto = await MotoServer.start();
    await using server = await OpenTrailServer.start({ flags: ['--upstream', moto.url] });
    const env = clientEnvironment(server.endpoint);
    for (let index = 0; index < 7; index++) {
      assert.equal((await aws(['sqs', 'create-queue', '--queue-name', `q${index}`], env)).status, 0);
    }
    const byName = ['--lookup-attributes', 'AttributeKey=EventName,AttributeValue=CreateQueue'];
    const first = await aws(
      ['cloudtrail', 'lookup-events', ...byName, '--max-items', '3', '--page-size', '2'],
      env,
    );
    assert.equal(first.status, 0, first.stderr);
    const page = JSON.parse(first.stdout) as { Events: { CloudTrailEvent: string }[]; NextToken: string };
    const names = page.Events.map(
      (event) => JSON.parse(event.CloudTrailEvent).requestParameters.queueName as string,
    );
    assert.deepEqual(
      names,
      ['q6', 'q5', 'q4'],
      'the last call was made well under a second before the look-up began',
    );
    const rest = await aws(
      ['cloudtrail', 'lookup-events', ...byName, '--starting-token', page.NextToken],
      env,
    );
    assert.equal((JSON.parse(rest.stdout) as { Events: unknown[] }).Events.length, 4, rest.stderr);
  });

  it('learns who a key belongs to from the answers that pass by', async (context) => {
    if (!needsProgram(context, 'aws') || !needsProgram(context, 'moto_server')) return;
    await using moto = await MotoServer.start();
    await using server = await OpenTrailServer.start({ flags: ['--upstream', moto.url] });
    const root = clientEnvironment(server.endpoint);
    await aws(['iam', 'create-user', '--user-name', 'carol'], root);
    const created = await aws(['iam', 'create-access-key', '--user-name', 'carol'], root);
    const { AccessKey } = JSON.parse(created.stdout) as {
      AccessKey: { AccessKeyId: string; SecretAccessKey: string };
    };
    const carol = {
      ...root,
      AWS_ACCESS_KEY_ID: AccessKey.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: AccessKey.SecretAccessKey,
    };
    await aws(['sqs', 'create-queue', '--queue-name', 'by-carol'], carol);
    const role = await aws(
      [
        'sts',
        'assume-role',
        '--role-arn',
        'arn:aws:iam::123456789012:role/auditor',
        '--role-session-name',
        'night',
      ],
      carol,
    );
    const { Credentials } = JSON.parse(role.stdout) as {
      Credentials: { AccessKeyId: string; SecretAccessKey: string; SessionToken: string };
    };
    const session = {
      ...root,
      AWS_ACCESS_KEY_ID: Credentials.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: Credentials.SecretAccessKey,
      AWS_SESSION_TOKEN: Credentials.SessionToken,
    };
    await aws(['sqs', 'create-queue', '--queue-name', 'by-session'], session);
    const events = await until('recorded', async () => {
      const all = await recorded(root);
      return all.filter(({ eventName }) => eventName === 'CreateQueue').length === 2 ? all : undefined;
    });
    const queue = (name: string) =>
      events.find((event) => event.requestParameters?.queueName === name)?.userIdentity;
    assert.equal(queue('by-carol')?.type, 'IAMUser');
    assert.equal(queue('by-carol')?.userName, 'carol');
    assert.equal(queue('by-carol')?.arn, 'arn:aws:iam::123456789012:user/carol', 'as the upstream says');
    assert.match(queue('by-carol')?.principalId ?? '', /^\w{16,}$/);
    assert.equal(queue('by-carol')?.accessKeyId, AccessKey.AccessKeyId);
    assert.equal(queue('by-session')?.type, 'AssumedRole');
    assert.equal(queue('by-session')?.arn, 'arn:aws:sts::123456789012:assumed-role/auditor/night');
    assert.equal(queue('by-session')?.sessionContext?.sessionIssuer?.userName, 'auditor');
    const text = JSON.stringify(events);
    assert.ok(
      !text.includes(AccessKey.SecretAccessKey) && !text.includes(Credentials.SecretAccessKey),
      'no secret is kept',
    );
  });

  it('has a denied call recorded with the code and the sentence of the upstream', async (context) => {
    if (!needsProgram(context, 'aws') || !needsProgram(context, 'moto_server')) return;
    await using moto = await MotoServer.start({ INITIAL_NO_AUTH_ACTION_COUNT: '2' });
    await using server = await OpenTrailServer.start({ flags: ['--upstream', moto.url] });
    const root = clientEnvironment(server.endpoint);
    await aws(['iam', 'create-user', '--user-name', 'dave'], root);
    const created = await aws(['iam', 'create-access-key', '--user-name', 'dave'], root);
    const { AccessKey } = JSON.parse(created.stdout) as {
      AccessKey: { AccessKeyId: string; SecretAccessKey: string };
    };
    const dave = {
      ...root,
      AWS_ACCESS_KEY_ID: AccessKey.AccessKeyId,
      AWS_SECRET_ACCESS_KEY: AccessKey.SecretAccessKey,
    };
    const denied = await aws(['ec2', 'describe-vpcs'], dave);
    assert.notEqual(denied.status, 0);
    const event = await until('recorded', async () =>
      (await recorded(root)).find(({ eventName }) => eventName === 'DescribeVpcs'),
    );
    // moto says AccessDenied where EC2 itself says UnauthorizedOperation.
    assert.equal(event.errorCode, 'Client.AccessDenied');
    assert.match(event.errorMessage ?? '', /not authorized/);
    assert.equal(event.userIdentity.userName, 'dave');
  });
});
