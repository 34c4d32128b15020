import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { createDataset } from '../bench/dataset.ts';
import { OpenTrailServer } from '../harness/opentrail-server.ts';
import { runCli, startCli } from './run-cli.ts';

const CORPUS = fileURLToPath(new URL('../../../shared/corpora/attack-day-2023', import.meta.url));
const EVERYTHING = [
  '--origin',
  'import',
  '--all-regions',
  '--all-accounts',
  '--limit',
  '0',
  '--output',
  'ndjson',
];

function events(seed: number, count: number, accountId = '123456789012'): string[] {
  const fromMs = Date.UTC(2019, 0, 1);
  const dataset = createDataset({ seed, fromMs, toMs: Date.UTC(2021, 0, 1), count, accountId });
  return Array.from({ length: count }, (_, index) => dataset.event(index));
}

function logFile(records: readonly string[]): string {
  return `{"Records":[${records.join(',')}]}`;
}

describe('import of log files', () => {
  let server: OpenTrailServer;
  let folder: string;

  before(async () => {
    server = await OpenTrailServer.start();
    folder = mkdtempSync(join(tmpdir(), 'opentrail-import-'));
  });
  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const cli = (...args: string[]) => runCli(server.endpoint, args);
  const lookup = async (...args: string[]) => {
    const { stdout, code, stderr } = await cli('lookup', ...EVERYTHING, ...args);
    assert.equal(code, 0, stderr);
    return stdout.split('\n').filter((line) => line !== '');
  };
  const put = (name: string, bytes: string | Buffer): string => {
    const path = join(folder, name);
    mkdirSync(join(path, '..'), { recursive: true });
    writeFileSync(path, bytes);
    return path;
  };

  it('stores real log files byte for byte, finds them with the command that it names, and nothing twice', async (context) => {
    if (!existsSync(CORPUS)) return context.skip('the real log files are not here');
    const copy = join(folder, 'real');
    cpSync(CORPUS, copy, { recursive: true });
    const files = readdirSync(copy).filter((name) => name.endsWith('.json'));
    const expected = files.map((name) =>
      readFileSync(join(copy, name), 'utf8').trim().slice('{"Records":['.length, -2),
    );
    const first = await cli('import', copy);
    assert.equal(first.code, 0, first.stderr);
    assert.match(
      first.stdout,
      /stored {7}2,900\n {2}seen before {2}0\n {2}in conflict {2}0\n {2}refused {6}0/,
    );
    const command = /find them with: \.\/opentrail (lookup .*)/.exec(first.stdout)?.[1] ?? '';
    const found = await cli(...command.split(' '), '--limit', '0', '--output', 'ndjson');
    const lines = found.stdout.trimEnd().split('\n');
    assert.equal(lines.length, 2_900);
    // Each record is a piece of one file, and all of them together are all of the files.
    const joined = expected.join('\n');
    assert.ok(lines.every((line) => joined.includes(line)));
    const bytesOf = (texts: readonly string[]) =>
      texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    assert.equal(bytesOf(lines) + lines.length - files.length, bytesOf(expected));
    const again = await cli('import', copy);
    assert.match(
      again.stdout,
      /stored {7}0\n.*and 55 files imported before[\s\S]*\nfind them with: \.\/opentrail lookup --origin import --all-regions --all-accounts\n$/,
    );
    cpSync(copy, join(folder, 'moved'), { recursive: true });
    const moved = await cli('import', join(folder, 'moved'));
    assert.match(moved.stdout, /stored {7}0\n {2}seen before {2}2,900\n/);
  });

  it('does not store again the quarter of the events that a second trail delivered too', async () => {
    const records = events(11, 400);
    put('trails/a/1.json.gz', gzipSync(logFile(records.slice(0, 250))));
    put('trails/b/2.json', logFile(records.slice(150)));
    const { stdout, code } = await cli('import', join(folder, 'trails'));
    assert.equal(code, 0);
    assert.match(stdout, /stored {7}400\n {2}seen before {2}100\n/);
    assert.deepEqual(new Set(await lookup('--since', '2019-01-01', '--until', '2021-01-02')).size, 400);
  });

  it('reads one event per line, pretty-printed files and single events, and skips digests with the reason', async () => {
    const [one = '', two = '', three = ''] = events(12, 3, '210987654321');
    const at = (record: string, year: number) => record.replace(/"eventTime":"\d{4}/, `"eventTime":"${year}`);
    put('forms/a.ndjson', `${at(one, 2001)}\r\n`);
    put('forms/b.json', JSON.stringify({ Records: [JSON.parse(at(two, 2001))] }, undefined, 2));
    put('forms/c.json', at(three, 2001));
    put('forms/d.json', '{"awsAccountId":"1","digestStartTime":"2020-01-01T00:00:00Z","digestS3Bucket":"b"}');
    put('forms/CloudTrail-Digest/e.json.gz', gzipSync('{}'));
    put('forms/notes.txt', 'hello');
    const { stdout, code } = await cli('import', join(folder, 'forms'));
    assert.equal(code, 0, stdout);
    assert.match(stdout, /stored {7}3\n/);
    assert.match(stdout, /skipped 1 file: not a log file by its name .*: \S+notes\.txt\n/);
    assert.match(
      stdout,
      /skipped 2 files: digest files hold no events: |skipped 1 file: digest files hold no events: /,
    );
    const found = await lookup('--since', '2001-01-01', '--until', '2001-12-31');
    assert.deepEqual(
      found.map((line) => JSON.parse(line).eventID).sort(),
      [one, two, three].map((r) => JSON.parse(r).eventID).sort(),
    );
  });

  it('refuses what is damaged with file and reason, stores the rest, and exits with 1, each time', async () => {
    const records = events(13, 60);
    const whole = gzipSync(logFile(records.slice(0, 50)));
    put('bad/a-torn.json.gz', whole.subarray(0, Math.floor(whole.length / 2)));
    put(
      'bad/b-flipped.json.gz',
      Buffer.concat([whole.subarray(0, 100), Buffer.from([1, 2, 3]), whole.subarray(103)]),
    );
    put('bad/c-cut.json', logFile(records.slice(50, 53)).slice(0, -40));
    put('bad/d-utf16.json', Buffer.from(`\ufeff${logFile(records.slice(53, 54))}`, 'utf16le'));
    put('bad/e-empty.json', '');
    put('bad/f-zip.json', Buffer.from([0x50, 0x4b, 3, 4, 0, 0]));
    put(
      'bad/g-latin1.json',
      Buffer.from(`{"Records":[{"eventID":"g","eventTime":"2019-01-01T00:00:00Z","a":"\u00e9"}]}`, 'latin1'),
    );
    put('bad/h-line.json', `{"eventID":"${'x'.repeat(3 << 20)}"}`);
    put(
      'bad/i-deep.json',
      `{"Records":[{"eventID":"i","eventTime":"2019-01-01T00:00:00Z","a":${'['.repeat(100_000)}${']'.repeat(100_000)}}]}`,
    );
    put('bad/z-good.json.gz', gzipSync(logFile(records.slice(55))));
    for (const _ of ['first', 'again']) {
      const { stdout, stderr, code } = await cli('import', join(folder, 'bad'));
      assert.equal(code, 1, stderr);
      for (const name of [
        'a-torn',
        'b-flipped',
        'c-cut',
        'd-utf16',
        'e-empty',
        'f-zip',
        'g-latin1',
        'h-line',
      ]) {
        assert.match(stdout, new RegExp(`refused: \\S*/${name}\\.json\\S*, record \\d+: \\w+`), name);
      }
      assert.doesNotMatch(stdout, /z-good/);
    }
    const found = await lookup('--since', '2019-01-01', '--until', '2021-01-02');
    for (const record of records.slice(55)) assert.ok(found.includes(record));
    assert.equal((await cli('status')).code, 0, 'the server is well');
  });

  it('keeps a record that comes again with other content, and shows it byte for byte', async () => {
    const [record = ''] = events(14, 1);
    put('conflict/a.json', logFile([record]));
    assert.equal((await cli('import', join(folder, 'conflict'))).code, 0);
    const forged = record.replace('"eventVersion":"', '"eventVersion":"9');
    const path = put('conflict/b.json', logFile([forged]));
    const { stdout, code } = await cli('import', path);
    assert.equal(code, 0);
    assert.match(stdout, /in conflict {2}1\n/);
    const { eventID } = JSON.parse(record) as { eventID: string };
    const kept = await cli('conflicts', '--event-id', eventID, '--output', 'ndjson');
    assert.equal(kept.stdout, `${forged}\n`);
    assert.deepEqual(await lookup('--attribute', `EventId=${eventID}`), [record]);
  });

  it('does not store again what was recorded live and exported', async () => {
    for (let calls = 0; calls < 3; calls++) await cli('hold', 'list');
    const exported: string[] = [];
    for (let tries = 0; tries < 20 && exported.length < 3; tries++) {
      const { stdout } = await cli('lookup', '--attribute', 'EventName=ListHolds', '--output', 'ndjson');
      exported.splice(0, exported.length, ...stdout.split('\n').filter((line) => line !== ''));
    }
    const { stdout, code } = await cli('import', put('exported.ndjson', `${exported.join('\n')}\n`));
    assert.equal(code, 0, stdout);
    assert.match(stdout, /stored {7}0\n {2}seen before {2}3\n/);
  });

  it('says what it would do in a dry run and does nothing', async () => {
    const records = events(15, 5);
    const path = put('dry.json', `${logFile(records)}{"not":"an event"}`);
    const { stdout, code } = await runCli('http://127.0.0.1:1', ['import', '--dry-run', path]);
    assert.equal(code, 1);
    assert.match(
      stdout,
      /^dry run: nothing was stored\nread 1 file in .*\n {2}would store {2}5\n[\s\S]*record 6: has no eventID/,
    );
    assert.doesNotMatch(stdout, / stored +\d/);
    const { eventID } = JSON.parse(records[0] ?? '') as { eventID: string };
    assert.deepEqual(await lookup('--attribute', `EventId=${eventID}`), []);
  });
});

describe('an import that is interrupted', () => {
  it('goes on where it stopped: by Ctrl-C, by a killed client and by a killed server, nothing lost and nothing twice', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'opentrail-resume-'));
    const dataDir = join(folder, 'data');
    let server = await OpenTrailServer.start({ dataDir });
    try {
      const records = events(21, 30_000);
      const logs = join(folder, 'logs');
      mkdirSync(logs);
      for (let file = 0; file < 60; file++) {
        writeFileSync(
          join(logs, `${file}.json.gz`),
          gzipSync(logFile(records.slice(file * 500, file * 500 + 500)), { level: 1 }),
        );
      }
      // One file that takes several requests.
      writeFileSync(join(logs, 'large.json'), logFile(records));
      for (const [round, signal] of (['SIGINT', 'SIGKILL', 'server', 'SIGKILL'] as const).entries()) {
        const child = startCli(server.endpoint, ['import', logs]);
        const exited = once(child, 'exit');
        await new Promise((resolve) => setTimeout(resolve, 350 + round * 150));
        if (signal === 'server') {
          await server.stop('SIGKILL');
          child.kill('SIGKILL');
          server = await OpenTrailServer.start({ dataDir });
        } else {
          child.kill(signal);
        }
        const [code] = (await exited) as [number | null];
        assert.notEqual(code, 0, 'it was interrupted before its end');
      }
      const { stdout, stderr, code } = await runCli(server.endpoint, ['import', logs]);
      assert.equal(code, 0, `${stdout}${stderr}`);
      const found = await runCli(server.endpoint, ['lookup', ...EVERYTHING]);
      const lines = found.stdout.trimEnd().split('\n');
      assert.equal(lines.length, records.length);
      assert.deepEqual(new Set(lines), new Set(records));
      const verified = await runCli(server.endpoint, ['verify', '--history']);
      assert.equal(verified.code, 0, `${verified.stdout}${verified.stderr}`);
    } finally {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
