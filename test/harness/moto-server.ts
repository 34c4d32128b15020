import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

/** A real moto server in a process of its own: an AWS-compatible upstream that records nothing. */
export class MotoServer {
  readonly url: string;
  readonly #process: ChildProcess;

  private constructor(url: string, process: ChildProcess) {
    this.url = url;
    this.#process = process;
  }

  static async start(env: Record<string, string> = {}): Promise<MotoServer> {
    const port = await freePort();
    const child = spawn('moto_server', ['-H', '127.0.0.1', '-p', String(port)], {
      env: { ...process.env, ...env },
      stdio: 'ignore',
      detached: true,
    });
    const url = `http://127.0.0.1:${port}`;
    for (let attempt = 0; attempt < 600; attempt++) {
      const answered = await fetch(`${url}/moto-api/`).then(
        (response) => response.ok,
        () => false,
      );
      if (answered) return new MotoServer(url, child);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('moto_server did not answer within a minute');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.pid === undefined) return;
    const exited = once(this.#process, 'exit');
    process.kill(-this.#process.pid, 'SIGKILL');
    await exited;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
