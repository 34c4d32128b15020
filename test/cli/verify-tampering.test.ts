import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { clientEnvironment, OpenTrailServer } from '../harness/opentrail-server.ts';

const run = promisify(execFile);
const LAUNCHER = fileURLToPath(new URL('../../opentrail', import.meta.url));

/** Opens the event store of a stopped server behind its back, in a process of its own, and changes it. */
const TAMPER = `
import { Session } from ${JSON.stringify(import.meta.resolve('chdb'))};
const session = new Session(process.argv[1]);
for (const sql of process.argv.slice(2)) session.query(sql);
`;

describe('verify --history, after somebody changed the files of the event store', () => {
  let dataDir: string;
  let server: OpenTrailServer;

  async function opentrail(...args: string[]): Promise<{ code: number; stdout: string }> {
    const env = clientEnvironment(server.endpoint);
    try {
      return { code: 0, stdout: (await run(LAUNCHER, args, { env })).stdout };
    } catch (error) {
      const failure = error as { code: number; stdout: string };
      return { code: failure.code, stdout: failure.stdout };
    }
  }

  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'opentrail-tampering-'));
    server = await OpenTrailServer.start({ dataDir });
    for (let calls = 0; calls < 10; calls++) await opentrail('hold', 'list');
    assert.equal((await opentrail('verify', '--history')).code, 0);
    await server.stop();
    const wait = 'SETTINGS mutations_sync = 2';
    await run(process.execPath, [
      '--input-type=module',
      '--eval',
      TAMPER,
      join(dataDir, 'engine'),
      `ALTER TABLE opentrail.events DELETE WHERE sequence = 3 ${wait}`,
      `ALTER TABLE opentrail.events UPDATE raw = replaceAll(raw, '127.0.0.1', '192.0.2.7') WHERE sequence = 5 ${wait}`,
      `INSERT INTO opentrail.events SELECT * REPLACE (9999 AS sequence)
       FROM (SELECT * FROM opentrail.events WHERE sequence = 6)`,
      `INSERT INTO opentrail.events SELECT * REPLACE (toUInt64('18446744073709551615') AS sequence)
       FROM (SELECT * FROM opentrail.events WHERE sequence = 6)`,
      `INSERT INTO opentrail.events SELECT * REPLACE (0 AS sequence)
       FROM (SELECT * FROM opentrail.events WHERE sequence = 6)`,
      `INSERT INTO opentrail.events SELECT * REPLACE ('a journal of mine' AS journal_id)
       FROM (SELECT * FROM opentrail.events WHERE sequence IN (1, 2))`,
      `INSERT INTO opentrail.events SELECT * REPLACE ('' AS journal_id, 77 AS sequence)
       FROM (SELECT * FROM opentrail.events WHERE sequence = 1 LIMIT 1)`,
      `ALTER TABLE opentrail.events UPDATE event_category = 'Data', user_name = 'mallory' WHERE sequence = 4 ${wait}`,
      // One row whose text goes on as another's line, which is then taken out.
      `ALTER TABLE opentrail.events UPDATE raw = concat(raw, '\\n', (
         SELECT concat(toString(sequence), '\\t', meta, '\\t', raw) FROM opentrail.events WHERE sequence = 8
       )) WHERE sequence = 7 ${wait}`,
      `ALTER TABLE opentrail.events DELETE WHERE sequence = 8 ${wait}`,
    ]);
    server = await OpenTrailServer.start({ dataDir });
  });

  after(async () => {
    await server.stop();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });

  it('names the event that was removed, the one that was changed, and the one that was added behind the newest', async () => {
    const { code, stdout } = await opentrail('verify', '--history');
    assert.equal(code, 1, stdout);
    assert.match(stdout, /^removed sequence 3: /m);
    assert.match(stdout, /^changed [0-9a-f-]{36} sequence 5: /m);
    assert.match(stdout, /^added [0-9a-f-]{36} sequence 9999: /m);
    assert.match(stdout, /NOT INTACT/);
    assert.equal(stdout.match(/^(?:removed|changed|added) /gm)?.length, 11, stdout);
  });

  it('names the event whose line is untouched, but that would be found by other values than its own', async () => {
    const { stdout } = await opentrail('verify', '--history');
    assert.match(stdout, /^changed [0-9a-f-]{36} sequence 4: .*: event_category, user_name$/m);
  });

  it('names rows with numbers that no event has', async () => {
    const { stdout } = await opentrail('verify', '--history');
    assert.match(stdout, /^added [0-9a-f-]{36} sequence 0: /m);
    assert.match(stdout, /^added [0-9a-f-]{36} sequence 18446744073709552000: /m);
  });

  it('names the events of a journal without a chain, and checks the rest nevertheless', async () => {
    const { stdout } = await opentrail('verify', '--history');
    assert.match(stdout, /^added [0-9a-f-]{36} sequence 1: the line is of journal 'a journal of mine'/m);
    assert.match(stdout, /^added [0-9a-f-]{36} sequence 2: the line is of journal 'a journal of mine'/m);
    assert.match(stdout, /^added [0-9a-f-]{36} sequence 77: the line is of journal ''/m);
    assert.match(stdout, /^removed sequence 3: /m);
  });

  it('takes a line break in a row for no line of its own', async () => {
    const { stdout } = await opentrail('verify', '--history');
    assert.match(stdout, /^changed [0-9a-f-]{36} sequence 7: /m);
    assert.match(stdout, /^removed sequence 8: /m);
  });

  it('takes nothing that is recorded meanwhile for forged', async () => {
    const calls = Array.from({ length: 6 }, () => opentrail('hold', 'list'));
    const { stdout } = await opentrail('verify', '--history');
    await Promise.all(calls);
    assert.equal(stdout.match(/^added /gm)?.length, 6, stdout);
  });
});
