import { type EngineOptions, READY_LINE } from './engine-options.ts';
import { createEngineServer } from './engine-server.ts';
import { SessionLanes } from './session-lanes.ts';

/**
 * The engine's own process, started by `EngineProcess` with its options as one JSON argument. It ends when its standard
 * input does, that is, with its parent, however that died; always by SIGKILL, because `process.exit` hung for minutes
 * after an aborted query. Nothing is lost by that: what was acknowledged is synced.
 */
function main() {
  process.stdin
    .on('end', () => fail(new Error('the process that started the engine has gone')))
    .on('error', (error) => fail(error))
    .resume();
  // The parent decides when it is over; a Ctrl-C in the terminal reaches both.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => undefined);
  const options = JSON.parse(process.argv[2] ?? '{}') as EngineOptions;
  try {
    const server = createEngineServer(new SessionLanes(options));
    server.on('error', (error) => fail(error));
    server.listen(options.socketPath, () => process.stdout.write(`${READY_LINE}\n`));
  } catch (error) {
    fail(error);
  }
}

function fail(error: unknown) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`, () =>
    process.kill(process.pid, 'SIGKILL'),
  );
}

main();
