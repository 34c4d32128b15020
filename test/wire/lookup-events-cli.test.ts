import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { account, FrontDoorServer, rootKey } from '../../src/aws/front/front-door-server.contract.ts';
import { entryOf } from '../../src/store/segment-writer.contract.ts';
import { aws, type CommandResult } from '../harness/aws-cli.ts';
import { needsProgram } from '../harness/programs.ts';

interface Events {
  readonly Events: {
    readonly EventId: string;
    readonly EventName: string;
    readonly EventTime: string | number;
  }[];
  readonly NextToken?: string;
}

let server: FrontDoorServer;
let home: string;

before(async () => {
  server = await FrontDoorServer.start();
  home = await mkdtemp(join(tmpdir(), 'opentrail-cli-'));
  const eventTime = `${new Date(Date.now() - 60_000).toISOString().slice(0, 19)}Z`;
  await server.put(Array.from({ length: 51 }, () => entryOf({ eventName: 'CreateUser', eventTime })));
});
after(async () => {
  await server.stop();
  await rm(home, { recursive: true });
});

function cli(
  args: readonly string[],
  key: { accessKeyId: string; secretAccessKey: string } = rootKey,
): Promise<CommandResult> {
  return aws([...args, '--endpoint-url', server.url], {
    PATH: process.env.PATH ?? '',
    HOME: home,
    AWS_ACCESS_KEY_ID: key.accessKeyId,
    AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
    AWS_DEFAULT_REGION: 'us-east-1',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_MAX_ATTEMPTS: '1',
  });
}

const where = ['--lookup-attributes', 'AttributeKey=EventName,AttributeValue=CreateUser'];

async function lookUp(...args: string[]): Promise<Events> {
  const result = await cli(['cloudtrail', 'lookup-events', ...args]);
  assert.equal(result.status, 0, result.stderr);
  return JSON.parse(result.stdout) as Events;
}

/** Sends the path as it stands: `fetch` would resolve its dots. */
async function statusOf(url: string): Promise<number | undefined> {
  const [, hostname, port, path] = /^http:\/\/([^:]+):(\d+)(\/.*)$/.exec(url) ?? [];
  const request = get({ hostname, port, path });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}

describe('The AWS CLI', () => {
  test('pages through all events by itself, and page by page by hand', async (context) => {
    if (!needsProgram(context, 'aws')) return;
    const all = await lookUp(...where);
    assert.equal(new Set(all.Events.map((event) => event.EventId)).size, 51);
    const first = await lookUp(...where, '--no-paginate');
    assert.equal(first.Events.length, 50);
    const second = await lookUp(...where, '--no-paginate', '--next-token', first.NextToken ?? '');
    assert.deepEqual([second.Events.length, second.NextToken], [1, undefined]);
    const limited = await lookUp(...where, '--page-size', '7', '--max-items', '20');
    assert.equal(limited.Events.length, 20);
  });

  test('reads times as it writes them', async (context) => {
    if (!needsProgram(context, 'aws')) return;
    const from = new Date(Date.now() - 120_000).toISOString();
    assert.equal((await lookUp(...where, '--start-time', from, '--max-items', '1')).Events.length, 1);
    assert.deepEqual((await lookUp(...where, '--end-time', from)).Events, []);
  });

  test('names each error as it does with AWS', async (context) => {
    if (!needsProgram(context, 'aws')) return;
    const token = (await lookUp(...where, '--no-paginate', '--max-results', '2')).NextToken ?? '';
    const cases: [string[], string][] = [
      [['--lookup-attributes', 'AttributeKey=Nope,AttributeValue=x'], 'InvalidLookupAttributesException'],
      [['--start-time', '2026-01-02', '--end-time', '2026-01-01'], 'InvalidTimeRangeException'],
      [['--max-results', '51'], 'InvalidMaxResultsException'],
      [['--event-category', 'other'], 'InvalidEventCategoryException'],
      [['--no-paginate', '--next-token', 'x'], 'InvalidNextTokenException'],
      [['--no-paginate', '--next-token', token], 'InvalidNextTokenException'],
    ];
    for (const [args, code] of cases) {
      const result = await cli(['cloudtrail', 'lookup-events', ...args]);
      assert.notEqual(result.status, 0);
      assert.match(result.stderr, new RegExp(`\\(${code}\\)`), args.join(' '));
    }
    const wrong = await cli(['cloudtrail', 'lookup-events'], { ...rootKey, secretAccessKey: 'x' });
    assert.match(wrong.stderr, /\(InvalidSignatureException\)/);
    const unbuilt = await cli(['cloudtrail', 'describe-trails']);
    assert.match(unbuilt.stderr, /\(UnsupportedOperationException\).*is not built/);
  });

  test('signs so that it is believed: S3 keys, bodies and presigned URLs, query services', async (context) => {
    if (!needsProgram(context, 'aws')) return;
    const file = join(home, 'body');
    // Without it, this version of the CLI presigns with the signature of 2006.
    await mkdir(join(home, '.aws'));
    await writeFile(join(home, '.aws', 'config'), '[default]\ns3 =\n  signature_version = s3v4\n');
    await writeFile(file, 'x'.repeat(100_000));
    for (const key of ["a//b/../c ü+&='()*!", 'plain']) {
      server.recorded.length = 0;
      const put = await cli(['s3api', 'put-object', '--bucket', 'logs', '--key', key, '--body', file]);
      // Answered behind the check of the signature: there is no S3 here.
      assert.match(put.stderr, /NotImplemented|501/, put.stderr);
      assert.equal(server.recorded.at(-1)?.verification, 'signature');
      const presigned = await cli(['s3', 'presign', `s3://logs/${key}`, '--expires-in', '60']);
      const url = presigned.stdout.trim();
      assert.equal(await statusOf(url), 501, url);
      assert.equal(await statusOf(url.replace('X-Amz-Expires=60', 'X-Amz-Expires=61')), 403);
    }
    const identity = await cli(['sts', 'get-caller-identity']);
    assert.match(identity.stderr, /\(UnsupportedOperation\)/);
    const { draft, verification } = server.recorded.at(-1) ?? {};
    assert.deepEqual(
      [draft?.eventName, draft?.recipientAccountId, verification],
      ['GetCallerIdentity', account, 'signature'],
    );
  });
});
