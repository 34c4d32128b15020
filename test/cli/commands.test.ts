import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { CloudTrailClient, DescribeTrailsCommand, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { clientEnvironment, OpenTrailServer, TEST_ROOT } from '../harness/opentrail-server.ts';
import { runCli, startCli } from '../import/run-cli.ts';

const LAUNCHER = fileURLToPath(new URL('../../opentrail', import.meta.url));

describe('commands', () => {
  let server: OpenTrailServer;
  before(async () => {
    server = await OpenTrailServer.start();
  });
  after(() => server?.stop());

  const cli = (...args: string[]) => runCli(server.endpoint, args);
  /** A call that is recorded in that Region. */
  const call = async (region: string) => {
    const client = new CloudTrailClient({
      endpoint: server.endpoint,
      region,
      credentials: {
        accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
        secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
      },
    });
    await client.send(new LookupEventsCommand({ MaxResults: 1 }));
    await client.send(new DescribeTrailsCommand({})).catch(() => undefined);
    client.destroy();
  };
  const eventually = async (args: string[], isDone: (stdout: string) => boolean): Promise<string> => {
    for (let tries = 0; ; tries++) {
      const { stdout, stderr, code } = await cli(...args);
      if (code === 0 && isDone(stdout)) return stdout;
      assert.ok(tries < 20, `${stdout}\n${stderr}`);
    }
  };

  it('looks up by attributes, Region, errors and text, in every form', async () => {
    await call('eu-west-1');
    await call('ap-south-1');
    const by = ['--attribute', 'EventName=LookupEvents', '--since', '1h'];
    const ndjson = await eventually(
      ['lookup', ...by, '--all-regions', '--output', 'ndjson'],
      (text) => text.split('\n').length === 3,
    );
    const regions = ndjson
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).awsRegion);
    assert.deepEqual(regions.sort(), ['ap-south-1', 'eu-west-1']);
    const here = await cli('lookup', ...by, '--output', 'ndjson');
    assert.deepEqual(
      here.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).awsRegion),
      ['eu-west-1'],
    );
    const there = await cli('lookup', ...by, '--region', 'ap-south-1', '--output', 'json');
    const [event] = JSON.parse(there.stdout) as { verification: string; event: { awsRegion: string } }[];
    assert.deepEqual([event?.verification, event?.event.awsRegion], ['signature', 'ap-south-1']);
    const table = await cli('lookup', ...by);
    assert.match(
      table.stdout,
      /^TIME .* VERIFIED .*\n\S+Z {2}LookupEvents {2,}cloudtrail {2,}\S.* signature /,
    );
    const csv = await cli('lookup', ...by, '--output', 'csv');
    assert.match(
      csv.stdout,
      /^eventTime,eventName,.*\r\n\S+Z,LookupEvents,cloudtrail\.amazonaws\.com,eu-west-1,/,
    );
    const none = await cli('lookup', ...by, '--attribute', 'Username=nobody');
    assert.deepEqual([none.stdout, none.code], ['no events found\n', 0]);
    const errors = await cli(
      'lookup',
      '--errors-only',
      '--text',
      'describetrails',
      '--no-read-only',
      '--category',
      'data',
    );
    assert.equal(errors.code, 0, errors.stderr);
  });

  it('pages through everything with --limit 0, and stops at the limit', async () => {
    for (let calls = 0; calls < 3; calls++) await cli('status');
    await eventually(
      ['lookup', '--attribute', 'EventName=GetStatus', '--limit', '0', '--output', 'ndjson'],
      (text) => text.split('\n').length > 3,
    );
    const two = await cli('lookup', '--limit', '2', '--output', 'ndjson');
    assert.equal(two.stdout.trim().split('\n').length, 2);
  });

  it('counts by the values of an attribute, the most frequent first, in every form', async () => {
    const by = ['lookup', '--count-by', 'EventName', '--all-regions', '--origin', 'live'];
    const events = ['lookup', '--attribute', 'EventName=DescribeTrails', '--limit', '0', '--all-regions'];
    await call('eu-west-2');
    await call('eu-west-2');
    const described = await eventually([...events, '--output', 'ndjson'], (text) =>
      text.includes('eu-west-2'),
    );
    const only = [...by, '--attribute', 'EventName=DescribeTrails'];
    const expected = described.trim().split('\n').length;
    const json = await eventually([...only, '--output', 'json'], (text) => JSON.parse(text).eventsCount > 0);
    const counted = JSON.parse(json) as { attribute: string; eventsCount: number; values: unknown[] };
    assert.ok(counted.eventsCount >= expected);
    assert.deepEqual(counted, {
      attribute: 'EventName',
      eventsCount: counted.eventsCount,
      values: [{ value: 'DescribeTrails', count: counted.eventsCount }],
    });
    assert.match((await cli(...only)).stdout, /^COUNT +EventName\n\d+ +DescribeTrails\n$/);
    assert.match(
      (await cli(...only, '--output', 'csv')).stdout,
      /^EventName,count\r\nDescribeTrails,\d+\r\n$/,
    );
    assert.match(
      (await cli(...only, '--output', 'ndjson')).stdout,
      /^{"value":"DescribeTrails","count":\d+}\n$/,
    );
    const all = JSON.parse((await cli(...by, '--output', 'json')).stdout) as {
      values: { count: number }[];
    };
    const counts = all.values.map(({ count }) => count);
    assert.ok(counts.length > 1);
    assert.deepEqual(
      counts,
      counts.toSorted((a, b) => b - a),
    );
    const first = await cli(...by, '--limit', '1');
    assert.deepEqual([first.stdout.split('\n').length, first.code], [3, 0]);
    assert.match(first.stderr, /values beyond the 1 most frequent are left out/);
    const none = await cli(...by, '--attribute', 'Username=nobody');
    assert.deepEqual([none.stdout, none.code], ['no events found\n', 0]);
  });

  it("leaves out the calls of OpenTrail's own operations with --no-own", async () => {
    const args = ['lookup', '--limit', '0', '--output', 'ndjson'];
    await call('eu-west-1');
    await cli('lookup', '--limit', '1');
    const all = await eventually(
      args,
      (text) => text.includes('"opentrail.amazonaws.com"') && text.includes('"eventName":"LookupEvents"'),
    );
    const others = await cli(...args, '--no-own');
    assert.ok(all.includes('"eventSource":"opentrail.amazonaws.com"'));
    assert.ok(others.stdout.includes('"eventName":"LookupEvents"'), others.stderr);
    assert.ok(!others.stdout.includes('"eventSource":"opentrail.amazonaws.com"'));
  });

  it('tails new events as they are stored, shows what was stored before, and ends on Ctrl-C', async () => {
    const tail = startCli(server.endpoint, [
      'tail',
      '--attribute',
      'EventName=DescribeTrails',
      '--output',
      'ndjson',
      '--all-regions',
    ]);
    const lines = createInterface({ input: tail.stdout ?? process.stdin })[Symbol.asyncIterator]();
    const next = lines.next();
    let isSeen = false;
    void next.then(() => {
      isSeen = true;
    });
    // The tail has begun at some moment; calls go on until one of them is seen.
    for (let calls = 0; calls < 40 && !isSeen; calls++) await call('us-west-2');
    const { value } = await next;
    assert.equal(JSON.parse(String(value)).eventName, 'DescribeTrails');
    const exited = once(tail, 'exit');
    tail.kill('SIGINT');
    assert.deepEqual((await exited)[0], 0);
    const limited = startCli(server.endpoint, [
      'tail',
      '--since',
      '1h',
      '--limit',
      '1',
      '--output',
      'ndjson',
    ]);
    assert.deepEqual((await once(limited, 'exit'))[0], 0, 'what was stored before comes first');
  });

  it('ends quietly when its reader has gone', async () => {
    const child = spawn(
      'sh',
      ['-c', `"${LAUNCHER}" lookup --all-regions --limit 0 --output ndjson | head -n 1; exit 0`],
      {
        env: clientEnvironment(server.endpoint),
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString();
    });
    child.stdout.resume();
    await once(child, 'close');
    assert.equal(stderr, '');
  });

  it('adds, lists and removes holds', async () => {
    const added = await cli(
      'hold',
      'add',
      'case 7',
      '--since',
      '2026-01-01',
      '--until',
      '2026-02-01',
      '--reason',
      'asked for',
    );
    const id =
      /^hold (\S+) keeps 2026-01-01T00:00:00Z to 2026-02-01T00:00:00Z\n$/.exec(added.stdout)?.[1] ?? '';
    assert.notEqual(id, '', added.stderr);
    assert.match((await cli('hold', 'list')).stdout, new RegExp(`${id}.*case 7.*asked for`));
    const [held] = JSON.parse((await cli('hold', 'list', '--output', 'json')).stdout) as { HoldId: string }[];
    assert.equal(held?.HoldId, id);
    assert.deepEqual(await cli('hold', 'remove', id), { code: 0, stdout: 'removed\n', stderr: '' });
    assert.match((await cli('hold', 'list')).stdout, /^no holds\n$/);
    assert.equal((await cli('hold', 'list', '--output', 'json')).stdout, '[]\n');
    const reversed = await cli('hold', 'add', 'x', '--since', '2026-02-01', '--until', '2026-01-01');
    assert.match(
      reversed.stderr,
      /the start time 2026-02-01T00:00:00Z is after the end time 2026-01-01T00:00:00Z/,
    );
    const lookup = await cli('lookup', '--since', '2026-02-01', '--until', '2026-01-01');
    assert.match(
      lookup.stderr,
      /the start time 2026-02-01T00:00:00Z is after the end time 2026-01-01T00:00:00Z/,
    );
    const again = await cli('hold', 'remove', id);
    assert.deepEqual([again.code, again.stderr.includes('there is no hold')], [1, true]);
  });

  it('names the owner of a key, shows it among the principals, and forgets it', async () => {
    const arn = 'arn:aws:iam::000000000000:user/dora';
    const named = await cli('principals', 'name', 'AKIADORA', arn);
    assert.deepEqual([named.code, named.stdout.includes(arn)], [0, true], named.stderr);
    assert.match((await cli('principals', 'list')).stdout, /AKIADORA .*user\/dora .*configured/);
    assert.equal((await cli('principals', 'remove', 'AKIADORA')).code, 0);
    assert.doesNotMatch((await cli('principals', 'list')).stdout, /AKIADORA/);
    const nobody = await cli('principals', 'list', '--account', '111122223333');
    assert.equal(nobody.stdout, 'no principals\n');
    const wrong = await cli('principals', 'name', 'AKIADORA', 'dora');
    assert.deepEqual([wrong.code, /Arn/.test(wrong.stderr)], [1, true], wrong.stderr);
  });

  it('shows status, and an intact history', async () => {
    assert.match((await cli('status')).stdout, /^server .*\njournal .*accepted.*\n[\s\S]*event store {3}up/);
    const verified = await cli('verify', '--history');
    assert.equal(verified.code, 0, verified.stderr);
    assert.match(verified.stdout, /: intact\n {2}events verified {3}[1-9]/);
    assert.equal((await cli('verify', '--history', '--since', '1h', '--until', '2030-01-01')).code, 0);
  });

  it('exits with 2 when it is used wrongly, and names what is right', async () => {
    const cases: [string[], RegExp][] = [
      [['lookup', '--attribute', 'EventName'], /NAME=VALUE/],
      [['lookup', '--since', 'yesterday'], /time ago/],
      [['lookup', '--count-by', 'EventName', '--no-own'], /--no-own cannot be combined/],
      [['lookup', '--region', 'us_east'], /Region like us-east-1/],
      [['lookup', '--output', 'xml'], /table, json, ndjson, csv/],
      [['lookup', '--limitt', '5'], /--limit/],
      [['tail', '--origin', 'import'], /lookup/],
      [['verify'], /--history/],
      [['lookup', '--endpoint-url', 'nowhere'], /http:\/\/ or https:\/\//],
      [['import', 's3://'], /s3:\/\/bucket/],
    ];
    for (const [args, message] of cases) {
      const { code, stderr } = await cli(...args);
      assert.equal(code, 2, `${args.join(' ')}: ${stderr}`);
      assert.match(stderr, message);
    }
  });

  it("passes the server's sentence on when something is refused", async () => {
    const { code, stderr } = await runCli(server.endpoint, ['status'], { AWS_SECRET_ACCESS_KEY: 'wrong' });
    assert.equal(code, 1);
    assert.match(stderr, /^opentrail: \w+Exception: \S.*\n$/);
    const unknown = await cli('lookup', '--attribute', 'Nonsense=1');
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /Nonsense|AttributeKey/);
  });

  it('says what to do without a server, without credentials, and before a server that is not OpenTrail', async () => {
    const nobody = await runCli('http://127.0.0.1:1', ['status']);
    assert.deepEqual(
      [nobody.code, /no OpenTrail server answers at .*npm start/.test(nobody.stderr)],
      [1, true],
    );
    const keyless = await runCli(server.endpoint, ['status'], {
      AWS_ACCESS_KEY_ID: '',
      AWS_SECRET_ACCESS_KEY: '',
    });
    assert.deepEqual([keyless.code, /no credentials: .*export AWS_/.test(keyless.stderr)], [1, true]);
    const other = createServer((socket) =>
      socket.end('HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\n\r\nno'),
    );
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    const foreign = await runCli(`http://127.0.0.1:${port}`, ['status']);
    other.close();
    assert.deepEqual([foreign.code, /does not speak OpenTrail's protocol/.test(foreign.stderr)], [1, true]);
    assert.equal((await runCli(server.endpoint, ['import', '/does/not/exist'])).code, 1);
  });
});

describe('tail across a restart of the server', () => {
  it('says that the connection was lost, connects again, and shows the next events', async () => {
    let server = await OpenTrailServer.start();
    const port = new URL(server.endpoint).port;
    const tail = startCli(server.endpoint, ['tail', '--output', 'ndjson', '--all-regions']);
    try {
      const lines = createInterface({ input: tail.stdout ?? process.stdin })[Symbol.asyncIterator]();
      const messages = createInterface({ input: tail.stderr ?? process.stdin })[Symbol.asyncIterator]();
      const first = lines.next();
      let isSeen = false;
      void first.then(() => {
        isSeen = true;
      });
      for (let calls = 0; calls < 40 && !isSeen; calls++) await runCli(server.endpoint, ['status']);
      await first;
      await server.stop();
      const { value } = await messages.next();
      assert.match(String(value), /connecting again in .* find it with: opentrail lookup --since \d{4}-/);
      server = await OpenTrailServer.start({ flags: ['--port', port] });
      let next: { eventName?: string } = {};
      const calling = (async () => {
        for (let calls = 0; calls < 60 && next.eventName !== 'ListHolds'; calls++) {
          await runCli(server.endpoint, ['hold', 'list']);
        }
      })();
      while (next.eventName !== 'ListHolds') next = JSON.parse(String((await lines.next()).value));
      await calling;
    } finally {
      tail.kill('SIGKILL');
      await server.stop();
    }
  });
});
