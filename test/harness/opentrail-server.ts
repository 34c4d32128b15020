import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const LAUNCHER = fileURLToPath(new URL('../../opentrail', import.meta.url));

/** How long a start may take on a machine that is busy with other tests. */
const START_MS_MAX = 60_000;

export interface ServerOptions {
  /** Flags besides `--data-dir`, `--port` and `--metrics-port`. */
  readonly flags?: readonly string[];
  /** Kept when the server stops; a fresh one is made and removed when absent. */
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Loopback port of /metrics; off when absent. */
  readonly metricsPort?: number;
}

/** A real server, started by its own launcher in a process of its own. */
export class OpenTrailServer {
  readonly endpoint: string;
  readonly dataDir: string;
  readonly process: ChildProcess;
  readonly output: { text: string };
  readonly #isOwnDirectory: boolean;

  private constructor(fields: {
    endpoint: string;
    dataDir: string;
    process: ChildProcess;
    output: { text: string };
    isOwnDirectory: boolean;
  }) {
    this.endpoint = fields.endpoint;
    this.dataDir = fields.dataDir;
    this.process = fields.process;
    this.output = fields.output;
    this.#isOwnDirectory = fields.isOwnDirectory;
  }

  static async start(options: ServerOptions = {}): Promise<OpenTrailServer> {
    const dataDir = options.dataDir ?? (await mkdtemp(join(tmpdir(), 'opentrail-')));
    const metrics = String(options.metricsPort ?? 0);
    const child = spawn(
      LAUNCHER,
      ['serve', '--data-dir', dataDir, '--port', '0', '--metrics-port', metrics, ...(options.flags ?? [])],
      { env: { ...cleanEnvironment(), ...TEST_ROOT, ...options.env }, stdio: ['ignore', 'pipe', 'pipe'] },
    );
    const output = { text: '' };
    const endpoint = await readyEndpoint(child, output);
    return new OpenTrailServer({
      endpoint,
      dataDir,
      process: child,
      output,
      isOwnDirectory: options.dataDir === undefined,
    });
  }

  /** SIGTERM, then the exit code. */
  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    let code = this.process.exitCode;
    if (code === null && this.process.signalCode === null) {
      const exited = once(this.process, 'exit');
      this.process.kill(signal);
      [code] = (await exited) as [number | null];
    }
    if (this.#isOwnDirectory) await rm(this.dataDir, { recursive: true, force: true, maxRetries: 5 });
    return code;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }
}

/** The account's root key in tests. */
export const TEST_ROOT = {
  OPENTRAIL_ROOT_ACCESS_KEY_ID: 'AKIAEXAMPLEROOT00001',
  OPENTRAIL_ROOT_SECRET_ACCESS_KEY: 'test-secret-of-the-root-key',
} as const;

/** What an AWS client of a test needs in its environment: root's key, the endpoint, no configuration of the machine. */
export function clientEnvironment(endpoint: string): Record<string, string> {
  return {
    ...cleanEnvironment(),
    AWS_ACCESS_KEY_ID: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
    AWS_SECRET_ACCESS_KEY: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    AWS_ENDPOINT_URL: endpoint,
    AWS_PAGER: '',
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_CONFIG_FILE: '/dev/null',
    AWS_SHARED_CREDENTIALS_FILE: '/dev/null',
  };
}

/** The environment without anything that could point a client or the server at somebody's account. */
function cleanEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    ([name]) => !/^(AWS|OPENTRAIL|NODE_OPTIONS|npm)_?/.test(name),
  );
  return Object.fromEntries(entries) as Record<string, string>;
}

async function readyEndpoint(child: ChildProcess, output: { text: string }): Promise<string> {
  return await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => fail(`not ready after ${START_MS_MAX} ms`), START_MS_MAX);
    const fail = (reason: string) => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`${reason}\n${output.text}`));
    };
    const read = (chunk: Buffer) => {
      output.text = (output.text + chunk.toString()).slice(-200_000);
      const match = /opentrail ready on (https?:\/\/\S+)/.exec(output.text);
      if (match?.[1] === undefined) return;
      clearTimeout(timer);
      resolve(match[1]);
    };
    child.stdout?.on('data', read);
    child.stderr?.on('data', read);
    child.once('exit', (code, signal) => fail(`the server ended with ${code ?? signal}`));
    child.once('error', (error) => fail(error.message));
  });
}
