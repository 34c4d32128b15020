import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import * as iam from '@aws-sdk/client-iam';
import * as kms from '@aws-sdk/client-kms';
import * as sts from '@aws-sdk/client-sts';
import { run } from '../harness/aws-cli.ts';
import { MotoServer } from '../harness/moto-server.ts';
import { clientEnvironment, OpenTrailServer } from '../harness/opentrail-server.ts';
import { needsProgram } from '../harness/programs.ts';

const LAUNCHER = fileURLToPath(new URL('../../opentrail', import.meta.url));

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

let dataDir: string;
let server: OpenTrailServer | undefined;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'opentrail-keys-'));
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  rmSync(dataDir, { recursive: true, force: true });
});

/** Without a root key in the environment, so that it is the one of the file. */
async function start(more: { flags?: string[]; env?: Record<string, string> } = {}): Promise<void> {
  const env = { OPENTRAIL_ROOT_ACCESS_KEY_ID: '', OPENTRAIL_ROOT_SECRET_ACCESS_KEY: '', ...more.env };
  server = await OpenTrailServer.start({ dataDir, env, flags: more.flags ?? [] });
}

async function stop(): Promise<void> {
  await server?.stop();
  server = undefined;
}

async function opentrail(...args: string[]) {
  const { AWS_ACCESS_KEY_ID: _, ...env } = clientEnvironment('http://127.0.0.1:1');
  return run(LAUNCHER, args.includes('--data-dir') ? args : [...args, '--data-dir', dataDir], { env });
}

const rootKey = (): Keys => JSON.parse(readFileSync(join(dataDir, 'root-credentials.json'), 'utf8'));
const config = (credentials: Keys) => {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return {
    endpoint: server?.endpoint ?? '',
    region: 'us-east-1',
    credentials: {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    maxAttempts: 1,
  };
};

async function whoIs(keys: Keys): Promise<string | undefined> {
  const client = new sts.STSClient(config(keys));
  try {
    return (await client.send(new sts.GetCallerIdentityCommand({}))).Arn;
  } catch (error) {
    return (error as Error).name;
  } finally {
    client.destroy();
  }
}

async function makeUserKey(): Promise<Keys> {
  const client = new iam.IAMClient(config(rootKey()));
  await client.send(new iam.CreateUserCommand({ UserName: 'alice' }));
  client.destroy();
  return makeKey('alice');
}

/** Of that user, else of the root. */
async function makeKey(UserName?: string): Promise<Keys> {
  const client = new iam.IAMClient(config(rootKey()));
  const { AccessKey } = await client.send(new iam.CreateAccessKeyCommand({ UserName }));
  client.destroy();
  return {
    accessKeyId: AccessKey?.AccessKeyId ?? '',
    secretAccessKey: AccessKey?.SecretAccessKey ?? '',
  };
}

async function makeSession(keys: Keys): Promise<Keys> {
  const client = new sts.STSClient(config(keys));
  const { Credentials } = await client.send(new sts.GetSessionTokenCommand({}));
  client.destroy();
  return {
    accessKeyId: Credentials?.AccessKeyId ?? '',
    secretAccessKey: Credentials?.SecretAccessKey ?? '',
    sessionToken: Credentials?.SessionToken ?? '',
  };
}

/** What the service event of that name tells; asked for until it is there. */
async function detailsOf(eventName: string): Promise<unknown> {
  const client = new CloudTrailClient(config(rootKey()));
  const LookupAttributes = [{ AttributeKey: 'EventName', AttributeValue: eventName } as const];
  const deadlineMs = Date.now() + 20_000;
  try {
    for (;;) {
      const { Events = [] } = await client.send(new LookupEventsCommand({ LookupAttributes }));
      const [event] = Events;
      if (event !== undefined) return JSON.parse(event.CloudTrailEvent ?? '{}').serviceEventDetails;
      assert.ok(Date.now() < deadlineMs, `${eventName} can be looked up`);
    }
  } finally {
    client.destroy();
  }
}

describe('opentrail master-key --rotate --online', () => {
  it('rotates the key of a running server: keys and sessions go on, or sessions end, and the call is recorded', async () => {
    await start();
    const alice = await makeUserKey();
    const session = await makeSession(alice);
    const rotate = (...flags: string[]) => {
      const env = {
        ...clientEnvironment(server?.endpoint ?? ''),
        AWS_ACCESS_KEY_ID: rootKey().accessKeyId,
        AWS_SECRET_ACCESS_KEY: rootKey().secretAccessKey,
      };
      return run(LAUNCHER, ['master-key', '--rotate', '--online', ...flags], { env });
    };
    const rotated = await rotate();
    assert.equal(rotated.status, 0, rotated.stderr);
    assert.match(rotated.stdout, /^The master key is \w+; 1 secrets were sealed with it\.$/m);
    for (const keys of [alice, session]) assert.match((await whoIs(keys)) ?? '', /user\/alice$/);
    assert.match((await rotate('--end-sessions')).stdout, /^Removed: /m);
    assert.match((await whoIs(alice)) ?? '', /user\/alice$/);
    assert.equal(await whoIs(session), 'InvalidClientTokenId');
    await stop();
    await start();
    assert.match((await whoIs(alice)) ?? '', /user\/alice$/, 'also after a restart');
  });
});

describe('opentrail root-key --reset', () => {
  it('replaces the root key of a stopped server at once, and the next start records it', async () => {
    await start();
    const before = rootKey();
    const session = await makeSession(before);
    const second = await makeKey();
    const refused = await opentrail('root-key', '--reset');
    assert.equal(refused.status, 1);
    assert.match(refused.stderr, /another opentrail .* uses the data folder .*: stop that one/);
    await stop();
    const done = await opentrail('root-key', '--reset');
    assert.equal(done.status, 0, done.stderr);
    const after = rootKey();
    assert.notEqual(after.accessKeyId, before.accessKeyId);
    assert.ok(done.stdout.includes(after.secretAccessKey) && done.stdout.includes(before.accessKeyId));
    assert.ok(done.stdout.includes(`Also a root key, and not replaced: ${second.accessKeyId}.`));
    await start();
    assert.match((await whoIs(second)) ?? '', /:root$/);
    assert.equal(await whoIs(before), 'InvalidClientTokenId');
    assert.equal(await whoIs(session), 'InvalidClientTokenId');
    assert.match((await whoIs(after)) ?? '', /:root$/);
    assert.deepEqual(await detailsOf('RootKeyReplaced'), {
      previousAccessKeyId: before.accessKeyId,
      accessKeyId: after.accessKeyId,
      origin: 'file',
    });
    assert.ok(!server?.output.text.includes(after.secretAccessKey));
  });

  it('makes no key where no server has run, nor without being told to', async () => {
    const elsewhere = join(dataDir, 'misspelt');
    for (const args of [
      ['root-key', '--reset'],
      ['master-key', '--rotate'],
      ['master-key', '--replace-lost'],
    ]) {
      const { status, stdout, stderr } = await opentrail(...args, '--data-dir', elsewhere);
      assert.equal(status, 1);
      assert.match(stderr, /^opentrail: no server has run in .*misspelt yet: name its data folder/);
      assert.equal(stdout, '');
      assert.ok(!existsSync(elsewhere));
    }
    const { status, stderr } = await opentrail('root-key');
    assert.deepEqual([status, stderr], [2, 'opentrail: give --reset to replace the root key\n']);
  });
});

describe('opentrail master-key', () => {
  it('rotates: keys and sessions go on, or sessions end where that is asked for; and it is recorded', async () => {
    await start();
    const alice = await makeUserKey();
    const session = await makeSession(alice);
    await stop();
    const rotated = await opentrail('master-key', '--rotate');
    assert.equal(rotated.status, 0, rotated.stderr);
    assert.match(rotated.stdout, /; 1 secrets were sealed with it/);
    await start();
    assert.match((await whoIs(alice)) ?? '', /user\/alice$/);
    assert.match((await whoIs(session)) ?? '', /user\/alice$/);
    const { previousKeyId, keyId } = (await detailsOf('MasterKeyReplaced')) as Record<string, string>;
    assert.notEqual(previousKeyId, keyId);
    await stop();
    assert.equal((await opentrail('master-key', '--rotate', '--end-sessions')).status, 0);
    await start();
    assert.match((await whoIs(alice)) ?? '', /user\/alice$/);
    assert.equal(await whoIs(session), 'InvalidClientTokenId');
  });

  it('that is missing keeps the server from starting, until it is put back or given up', async () => {
    await start();
    const alice = await makeUserKey();
    assert.match(server?.output.text ?? '', /Keep a copy of it away from this machine/);
    await stop();
    const file = join(dataDir, 'master-key.json');
    assert.match((await opentrail('doctor')).stdout, /^note +master key: .*beside the catalog/m);
    renameSync(file, `${file}.away`);
    assert.match((await opentrail('doctor')).stdout, /^WARNING +master key: .* is not there\n +put back/m);
    await assert.rejects(start(), /Put back a copy of the file.*--replace-lost/s);
    renameSync(`${file}.away`, file);
    await start();
    assert.match((await whoIs(alice)) ?? '', /user\/alice$/);
    await stop();
    rmSync(file);
    assert.equal((await opentrail('master-key', '--replace-lost')).status, 0);
    await start();
    assert.equal(await whoIs(alice), 'InvalidClientTokenId');
    assert.match((await whoIs(rootKey())) ?? '', /:root$/);
  });

  it('is encrypted by a KMS where one is named, and of no use without it', async (context) => {
    if (!needsProgram(context, 'moto_server')) return;
    await start();
    const alice = await makeUserKey();
    await stop();
    const read = () => JSON.parse(readFileSync(join(dataDir, 'master-key.json'), 'utf8'));
    const { key: clear } = read().keys[0];
    await using moto = await MotoServer.start();
    const env = {
      AWS_ENDPOINT_URL_KMS: moto.url,
      AWS_ACCESS_KEY_ID: 'AKIAKMS',
      AWS_SECRET_ACCESS_KEY: 'kms-secret',
    };
    const client = new kms.KMSClient({
      endpoint: moto.url,
      region: 'us-east-1',
      credentials: { accessKeyId: 'AKIAKMS', secretAccessKey: 'kms-secret' },
    });
    const { KeyMetadata } = await client.send(new kms.CreateKeyCommand({}));
    client.destroy();
    const flags = ['--master-key-kms', KeyMetadata?.KeyId ?? ''];
    await start({ flags, env });
    assert.match((await whoIs(alice)) ?? '', /user\/alice$/);
    assert.ok(!JSON.stringify(read()).includes(clear));
    await stop();
    await start({ flags, env });
    assert.match((await whoIs(alice)) ?? '', /user\/alice$/);
    await stop();
    await assert.rejects(start(), /its keys are encrypted by kms:/);
    await assert.rejects(start({ flags }), /AWS_ENDPOINT_URL_KMS is missing/);
    const unreachable = { ...env, AWS_ENDPOINT_URL_KMS: 'http://127.0.0.1:1' };
    await assert.rejects(start({ flags, env: unreachable }), /kms decrypt: http:\/\/127.0.0.1:1/);
  });

  it('says what it can do when it is not told what to do', async () => {
    for (const args of [[], ['--rotate', '--replace-lost']]) {
      const { status, stderr } = await opentrail('master-key', ...args);
      assert.equal(status, 2);
      assert.match(stderr, /one of --rotate and --replace-lost/);
    }
  });
});
