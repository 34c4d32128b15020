import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

const APPENDER = fileURLToPath(new URL('./journal-appender.ts', import.meta.url));
const CALLS = 'openat,write,writev,pwrite64,fsync,fdatasync';

/** One finished system call; `at` is where it begins, `line` where it had returned. */
interface Call {
  readonly name: string;
  readonly args: string;
  readonly result: number;
  readonly line: number;
}

/**
 * Joins what strace splits when threads interleave: `name(args <unfinished ...>`, `<... name resumed>rest)
 * = result`.
 */
function parseTrace(text: string): Call[] {
  const calls: Call[] = [];
  const unfinished = new Map<string, string>();
  for (const [line, row] of text.split('\n').entries()) {
    const [, pid = '', rest = ''] = /^(\d+)\s+(.*)$/.exec(row) ?? [];
    if (rest.endsWith('<unfinished ...>')) {
      unfinished.set(pid, rest.slice(0, -'<unfinished ...>'.length));
      continue;
    }
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(rest);
    const whole = resumed === null ? rest : `${unfinished.get(pid) ?? ''}${resumed[1]}`;
    const match = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(whole);
    if (match !== null)
      calls.push({ name: match[1] ?? '', args: match[2] ?? '', result: Number(match[3]), line });
  }
  return calls;
}

interface OpenFile {
  readonly path: string;
  /** Event numbers written since the last sync. */
  readonly dirty: Set<number>;
}

/**
 * Follows the calls in the order in which they returned, and checks each acknowledgement when it is
 * written.
 */
function checkOrder(calls: readonly Call[]): { acks: number; segments: number } {
  const files = new Map<number, OpenFile>();
  const fileOfEvent = new Map<number, OpenFile>();
  const durableNames = new Set<string>();
  const created = new Set<string>();
  let acks = 0;
  for (const { name, args, result } of calls) {
    if (name === 'openat' && result >= 0) {
      const path = /"([^"]*)"/.exec(args)?.[1] ?? '';
      files.set(result, { path, dirty: new Set() });
      if (path.includes('/segments/') && args.includes('O_CREAT')) created.add(path);
      continue;
    }
    const descriptor = Number(/^\d+/.exec(args)?.[0]);
    const file = files.get(descriptor);
    if (name === 'fsync' || name === 'fdatasync') {
      if (result !== 0 || file === undefined) continue;
      file.dirty.clear();
      if (file.path.endsWith('/segments')) for (const path of created) durableNames.add(path);
    } else if (file?.path.includes('/segments/')) {
      for (const match of args.matchAll(/8000-(\d{12})/g)) {
        file.dirty.add(Number(match[1]));
        fileOfEvent.set(Number(match[1]), file);
      }
    } else if (descriptor === 1) {
      for (const match of args.matchAll(/ack (\d+) /g)) {
        const number = Number(match[1]);
        const holder = fileOfEvent.get(number);
        assert.ok(holder, `event ${number} was written before it was acknowledged`);
        assert.ok(!holder.dirty.has(number), `event ${number} was synced before it was acknowledged`);
        assert.ok(
          durableNames.has(holder.path),
          `the name of ${holder.path} was synced before event ${number}`,
        );
        acks++;
      }
    }
  }
  return { acks, segments: created.size };
}

describe('an acknowledgement', () => {
  it('comes after the fsync of the file that holds the event, and of the directory that holds the file', (t) => {
    if (spawnSync('strace', ['-V']).status !== 0) {
      t.skip('needs strace');
      return;
    }
    const directory = mkdtempSync(join(tmpdir(), 'opentrail-strace-'));
    const trace = join(directory, 'trace');
    const appender = [
      '--disable-warning=ExperimentalWarning',
      APPENDER,
      join(directory, 'journal'),
      '8',
      '600',
    ];
    // -s must show whole batches; -e signal=none keeps the file to calls.
    const args = [
      '-f',
      '-s',
      '400000',
      '-e',
      `trace=${CALLS}`,
      '-e',
      'signal=none',
      '-o',
      trace,
      process.execPath,
    ];
    try {
      const run = spawnSync('strace', [...args, ...appender], { encoding: 'utf8', maxBuffer: 64 << 20 });
      if (/ptrace|not permitted/i.test(run.stderr) && run.status !== 0) {
        t.skip(`strace may not trace here: ${run.stderr.trim()}`);
        return;
      }
      assert.equal(run.status, 0, run.stderr);
      const calls = parseTrace(readFileSync(trace, 'latin1'));
      const { acks, segments } = checkOrder(calls);
      assert.equal(acks, 600);
      assert.ok(segments >= 3, `${segments} segments were made`);
      // The check itself: without the syncs, or without those of the directory, it must fail.
      assert.throws(() => checkOrder(calls.filter(({ name }) => name !== 'fdatasync')), /was synced before/);
      assert.throws(() => checkOrder(calls.filter(({ name }) => name !== 'fsync')), /was synced before/);
    } finally {
      rmSync(directory, { recursive: true, force: true });
    }
  });
});
