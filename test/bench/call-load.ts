import { Agent, request } from 'node:http';
import { createFormSigner } from '../harness/fast-signer.ts';
import { TEST_ROOT } from '../harness/opentrail-server.ts';

/** Calls of IAM's CreateUser at a steady rate, each for a user of its own; late ones are made up for at once. */
export class CallLoad {
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 64 });
  readonly #url: URL;
  readonly #sign: ReturnType<typeof createFormSigner>;
  /** When each successful answer was complete, by the name of its user; `performance.now()` milliseconds. */
  readonly answeredAtMs = new Map<string, number>();
  #sent = 0;
  #failed = 0;

  constructor(endpoint: string) {
    this.#url = new URL(endpoint);
    this.#sign = createFormSigner({
      host: this.#url.host,
      service: 'iam',
      region: 'us-east-1',
      accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
      secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
    });
  }

  get sentCount(): number {
    return this.#sent;
  }

  get failedCount(): number {
    return this.#failed;
  }

  /** Resolves when the whole answer is there. */
  async createUser(name: string): Promise<void> {
    const { body, headers } = this.#sign(
      `Action=CreateUser&Version=2010-05-08&UserName=${name}&Path=%2Fteam%2Fcore%2F&Tags.member.1.Key=team&Tags.member.1.Value=core`,
    );
    this.#sent++;
    const status = await new Promise<number>((resolve, reject) => {
      const { hostname, port } = this.#url;
      const call = request(
        { hostname, port, method: 'POST', path: '/', headers, agent: this.#agent },
        (response) => {
          response.resume();
          response.on('end', () => resolve(response.statusCode ?? 0));
          response.on('error', reject);
        },
      );
      call.on('error', reject);
      call.end(body);
    });
    if (status === 200) this.answeredAtMs.set(name, performance.now());
    else this.#failed++;
  }

  /** Runs `perSecond` calls a second for the given time. */
  async run(options: { perSecond: number; durationMs: number; prefix: string }): Promise<void> {
    const start = performance.now();
    const pending = new Set<Promise<void>>();
    let number = 0;
    for (;;) {
      const elapsedMs = performance.now() - start;
      if (elapsedMs >= options.durationMs) break;
      const due = Math.floor((elapsedMs / 1000) * options.perSecond);
      for (; number < due; number++) {
        const call = this.createUser(`${options.prefix}-${number}`).catch(() => {
          this.#failed++;
        });
        pending.add(call);
        void call.finally(() => pending.delete(call));
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await Promise.all(pending);
  }

  close(): void {
    this.#agent.destroy();
  }
}
