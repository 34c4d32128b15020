import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { Agent } from 'node:http';
import { connect } from 'node:net';
import { getPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { Clock } from '../../../base/clock.ts';
import { DependencyError } from '../../../base/dependency-error.ts';
import { silentLog } from '../../../base/log.ts';
import { noMetrics } from '../../../base/metrics.ts';
import { systemClock } from '../../../server/system/system-clock.ts';
import { entryOf, SegmentWriter } from '../../segment-writer.contract.ts';
import { ClickHouseHttp } from '../clickhouse-http.ts';
import { openTestStore, type TestStore } from '../embedded-store.contract.ts';
import { EngineProcess } from './engine-process.ts';
import { chooseSocketPath } from './socket-path.ts';

/** Runs for many minutes unless it is stopped. */
const ENDLESS = 'SELECT count() AS count FROM numbers(1000000000000) WHERE sipHash64(number) = 1';

const isAlive = (pid: number | undefined) => pid !== undefined && existsSync(`/proc/${pid}/stat`);

async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 20_000): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    assert.ok(Date.now() < deadline, `not within ${timeoutMs} ms: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe('the engine process', () => {
  let opened: TestStore;
  let http: ClickHouseHttp;
  let writer: SegmentWriter;
  before(async () => {
    opened = await openTestStore({ memoryBytesMax: 400_000_000 });
    http = new ClickHouseHttp({
      url: 'http://engine',
      socketPath: opened.engine.socketPath,
      checkReady: (operation) => opened.engine.checkReady(operation),
    });
    writer = await SegmentWriter.open();
  });
  after(async () => {
    await http.close();
    await writer.dispose();
    await opened.dispose();
  });
  const scan = (sql: string, signal?: AbortSignal) =>
    http.query<{ count: string }>({ lane: 'scan', operation: 'test', sql, signal });
  const runningCount = async () => {
    const [row] = await http.query<{ count: string }>({
      lane: 'lookup',
      operation: 'test',
      sql: `SELECT count() AS count FROM system.processes WHERE query LIKE '%sipHash64(number)%'
        AND query NOT LIKE '%system.processes%' AND is_cancelled = 0`,
    });
    return Number(row?.count);
  };

  it('gives way to the process that started it, with the threads that run its statements', async () => {
    await scan('SELECT count() AS count FROM numbers(1000)');
    const { pid = 0 } = opened.engine;
    assert.equal(getPriority(pid), Math.min(19, getPriority() + 12));
    // Node's own few threads are older than the order to give way.
    const threads = readdirSync(`/proc/${pid}/task`).map((id) => getPriority(Number(id)));
    const givingWayCount = threads.filter((priority) => priority > getPriority()).length;
    assert.ok(givingWayCount > threads.length - 8, `${givingWayCount} of ${threads.length} threads`);
  });

  it('really stops a statement whose caller has gone, and leaves out one that still waits', async () => {
    const abort = new AbortController();
    // Two sessions, so the third waits.
    const results = [1, 2, 3].map(() => scan(ENDLESS, abort.signal));
    const outcomes = Promise.allSettled(results);
    await until(async () => (await runningCount()) === 2);
    abort.abort();
    for (const outcome of await outcomes) assert.equal(outcome.status, 'rejected');
    // What was killed stays listed as cancelled until its session is used again; that both are free again is the proof.
    await until(async () => (await runningCount()) === 0);
    const answers = await Promise.all([scan('SELECT 1 AS count'), scan('SELECT 1 AS count')]);
    assert.deepEqual(answers, [[{ count: 1 }], [{ count: 1 }]]);
  });

  it('answers look-ups and stores segments while slow statements run', async () => {
    const abort = new AbortController();
    const slow = Promise.allSettled([1, 2, 3, 4, 5].map(() => scan(ENDLESS, abort.signal)));
    await until(async () => (await runningCount()) === 2);
    const times: number[] = [];
    for (let round = 0; round < 20; round++) {
      const startedAt = performance.now();
      await opened.store.find({ accountIds: 'all' }, { limit: 50 });
      times.push(performance.now() - startedAt);
      await opened.store.storeSegment(await writer.write([entryOf()]));
    }
    assert.equal(await runningCount(), 2, 'the slow statements were running all the time');
    abort.abort();
    await slow;
    // Behind a slow statement it would be minutes. Two cores are shared by two scans, the test and the machine.
    times.sort((left, right) => left - right);
    assert.ok((times[10] ?? Infinity) < 500, `median ${times[10]} ms`);
  });

  it('fails a statement that needs more memory than it may have, and goes on', async () => {
    const { pid } = opened.engine;
    await assert.rejects(
      scan('SELECT length(groupArray(number)) AS count FROM numbers(200000000)'),
      (error: unknown) =>
        error instanceof DependencyError && error.isRetryable && /MEMORY_LIMIT_EXCEEDED/.test(error.message),
    );
    assert.equal(opened.engine.pid, pid);
    await opened.store.ping(5_000);
  });

  it('starts again when it dies; calls in flight and meanwhile fail at once and may be retried', async () => {
    const { pid } = opened.engine;
    const inFlight = scan(ENDLESS);
    const isRetryable = (error: unknown) => error instanceof DependencyError && error.isRetryable;
    const failed = assert.rejects(inFlight, isRetryable);
    await until(async () => (await runningCount()) === 1);
    const startedAt = performance.now();
    process.kill(pid ?? 0, 'SIGKILL');
    await failed;
    await assert.rejects(async () => {
      for (;;) await opened.store.ping(1_000);
    }, isRetryable);
    assert.ok(performance.now() - startedAt < 1_000);
    await until(() =>
      opened.store.ping(1_000).then(
        () => true,
        () => false,
      ),
    );
    assert.notEqual(opened.engine.pid, pid);
    assert.equal(isAlive(pid), false);
  });

  it('fails look-ups at once while it hangs, those under way too, and answers again when it goes on', async () => {
    const { pid } = opened.engine;
    const isHang = (error: unknown) =>
      error instanceof DependencyError && error.isRetryable && /did not answer within/.test(error.message);
    const find = () => opened.store.find({ accountIds: 'all' }, { limit: 1 });
    await find();
    process.kill(pid ?? 0, 'SIGSTOP');
    try {
      const stoppedAt = performance.now();
      await assert.rejects(find(), isHang);
      const tookMs = performance.now() - stoppedAt;
      assert.ok(tookMs < 3_000, `the first took ${tookMs} ms`);
      const nextAt = performance.now();
      await assert.rejects(find(), isHang);
      assert.ok(performance.now() - nextAt < 50);
    } finally {
      process.kill(pid ?? 0, 'SIGCONT');
    }
    await until(() =>
      find().then(
        () => true,
        () => false,
      ),
    );
    assert.equal(opened.engine.pid, pid, 'it was not started again');
  });

  it('is not taken for hanging while statements run for longer than a ping may take', async () => {
    const abort = new AbortController();
    const slow = [1, 2].map(() => scan(ENDLESS, abort.signal));
    const outcomes = Promise.allSettled(slow);
    await until(async () => (await runningCount()) === 2);
    const { unresponsive } = opened.engine;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
    assert.equal(unresponsive.aborted, false);
    assert.equal(await runningCount(), 2);
    abort.abort();
    await outcomes;
  });

  it('gives a stream that ends early no second chance to hold its session', async () => {
    await opened.store.storeSegment(await writer.write([entryOf(), entryOf()]));
    for (let round = 0; round < 5; round++) {
      for await (const ids of opened.store.eventIds()) {
        assert.ok(ids.length > 0);
        break;
      }
    }
  });

  it('refuses settings that it would not apply', async () => {
    const { socketPath } = opened.engine;
    const agent = new Agent();
    agent.createConnection = () => connect({ path: socketPath });
    const client = createClient({
      url: 'http://engine',
      http_agent: agent,
      log: { level: ClickHouseLogLevel.OFF },
    });
    const settings = { clickhouse_settings: { max_threads: 1 } };
    await assert.rejects(client.query({ query: 'SELECT 1', ...settings }), { code: '115' });
    await client.close();
    agent.destroy();
  });
});

describe('the engine', () => {
  it('goes when the process that started it is killed', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'engine-orphan-'));
    const parent = join(dataDir, 'parent.ts');
    const here = fileURLToPath(new URL('..', import.meta.url));
    await writeFile(
      parent,
      `import { openTestStore } from '${here}/embedded-store.contract.ts';
       const { engine } = await openTestStore({ dataDir: '${dataDir}/data' });
       console.log('pid ' + engine.pid);
       setInterval(() => {}, 1000);`,
    );
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', parent]);
    const pid = await new Promise<number>((resolve) => {
      child.stdout.on('data', (chunk: Buffer) => {
        const match = /pid (\d+)/.exec(chunk.toString('utf8'));
        if (match) resolve(Number(match[1]));
      });
    });
    assert.equal(isAlive(pid), true);
    child.kill('SIGKILL');
    await until(() => !isAlive(pid));
    await rm(dataDir, { recursive: true, force: true });
  });

  it('is left alone by the timer of its start once it is ready, and pinged instead', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'engine-timers-'));
    const timers: { delayMs: number; isCancelled: boolean; callback: () => void }[] = [];
    const clock: Clock = {
      ...systemClock,
      after(delayMs, callback) {
        const timer = { delayMs, isCancelled: false, callback };
        timers.push(timer);
        return { cancel: () => Object.assign(timer, { isCancelled: true }) };
      },
    };
    const engine = new EngineProcess({
      dataDir,
      memoryBytesMax: 400_000_000,
      clock,
      log: silentLog,
      metrics: noMetrics,
      pingTimeoutMs: 100,
    });
    await engine.start();
    const { pid } = engine;
    const waiting = timers.filter((timer) => !timer.isCancelled);
    assert.equal(waiting.length, 1);
    // An engine that is stopped answers no ping; at the third it is killed, and starts again.
    process.kill(pid ?? 0, 'SIGSTOP');
    const died = new Promise<void>((resolve) => {
      waiting[0]?.callback();
      const step = setInterval(() => {
        const next = timers.findLast((timer) => !timer.isCancelled);
        if (engine.pid !== pid) {
          clearInterval(step);
          resolve();
        } else if (next !== undefined && next !== waiting[0]) {
          Object.assign(next, { isCancelled: true });
          next.callback();
        }
      }, 10);
    });
    await died;
    assert.equal(isAlive(pid), false);
    await engine.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('listens in its data directory, or elsewhere where the path is too long for a socket', async () => {
    assert.equal(chooseSocketPath('/data/engine'), '/data/engine/engine.sock');
    const path = chooseSocketPath(`/${'deep/'.repeat(30)}`);
    assert.ok(path.length < 104, path);
    await rm(join(path, '..'), { recursive: true, force: true });
  });
});
