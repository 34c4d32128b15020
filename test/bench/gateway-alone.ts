/**
 * Listener and gateway without the rest of the server, for profiles of the gateway itself (`npm run bench -- gateway
 * alone`): the recorder serialises each event and appends it to a file. Argument: the upstream.
 */
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startGateway } from '../gateway/gateway-under-test.ts';

const file = await open(join(tmpdir(), `opentrail-bench-${process.pid}.ndjson`), 'w');
let batch: string[] = [];
let flushing: Promise<void> | undefined;

/** One write and one sync for all records that came meanwhile. */
async function flush(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  const text = batch.join('\n');
  batch = [];
  flushing = undefined;
  await file.write(text);
  await file.datasync();
}

const gateway = await startGateway({
  upstream: new URL(process.argv[2] as string),
  mode: process.argv[3] === 'off' ? 'off' : 'batch',
  captureBytes: 16_384,
  onRecord: async ({ call }) => {
    batch.push(JSON.stringify({ ...call, body: Buffer.from(call.requestBody.bytes).toString() }));
    flushing ??= flush();
    await flushing;
  },
});
// What the test's recorder keeps would grow for as long as the bench runs.
setInterval(() => gateway.recorded.splice(0), 100).unref();
process.send?.(gateway.port);
process.on('disconnect', () => process.exit(0));
