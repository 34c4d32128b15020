import { Agent, createServer, request as httpRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { silentLog } from '../../src/base/log.ts';
import { noMetrics } from '../../src/base/metrics.ts';
import type { CapturedResponse } from '../../src/model/captured-call.ts';
import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';
import { createIntake } from '../../src/record/create-intake.ts';
import { createGateway, type Gateway } from '../../src/record/gateway/create-gateway.ts';
import { createRecogniser } from '../../src/record/gateway/create-recogniser.ts';
import { plainGatewayError } from '../../src/record/gateway/forward/gateway-error.ts';
import { defaultGatewayLimits } from '../../src/record/gateway/forward/gateway-limits.ts';
import { defaultListenLimits } from '../../src/server/listen/listen-limits.ts';
import { toRequestHead } from '../../src/server/listen/request-head.ts';
import { type Listener, listen } from '../../src/server/listen.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';
import type { WireRequest } from './wire-request.ts';

/** The real gateway between a client and an upstream, on real sockets; only the journal is a variable of the test. */
export interface ReplayGateway {
  /** Sends a request through the gateway, has the upstream answer so, and returns the record as intake made it. */
  send(request: WireRequest, response: CapturedResponse): Promise<CloudTrailEvent>;
  close(): Promise<void>;
}

export async function startReplayGateway(accountId: string): Promise<ReplayGateway> {
  const plan: Plan = { response: undefined, onRecord: () => {} };
  const upstream = await startUpstream(plan);
  const recogniser = createRecogniser({
    accountId,
    defaultRegion: 'us-east-1',
    s3Domains: [],
    random: systemRandom,
  });
  const gateway = gatewayTo(upstream, { plan, recogniser, accountId });
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    handler: (request, response) => {
      const head = toRequestHead(request, systemClock.now());
      return gateway.handle(request, response, head, recogniser.recognise(head));
    },
    onRefused: ({ reason }) => {
      throw new Error(`the listener refused a request: ${reason}`);
    },
    limits: defaultListenLimits,
    log: silentLog,
    metrics: noMetrics,
    clock: systemClock,
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  return {
    async send(request, response) {
      plan.response = response;
      const recorded = new Promise<CloudTrailEvent>((resolve) => {
        plan.onRecord = resolve;
      });
      await sendRequest(listener.port, agent, request);
      return recorded;
    },
    async close() {
      agent.destroy();
      await closeAll(listener, gateway, upstream);
    },
  };
}

interface Plan {
  response: CapturedResponse | undefined;
  onRecord: (event: CloudTrailEvent) => void;
}

function gatewayTo(
  upstream: Server,
  options: {
    readonly plan: Plan;
    readonly recogniser: ReturnType<typeof createRecogniser>;
    readonly accountId: string;
  },
): Gateway {
  const { plan, recogniser, accountId } = options;
  const intake = createIntake({ accountId, clock: systemClock, random: systemRandom });
  const url = new URL(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}`);
  return createGateway({
    recogniser,
    intake,
    recorder: {
      record: async (draft, recordOptions) => plan.onRecord(intake.accept(draft, recordOptions).event),
    },
    journal: { openIntent: async () => {}, cancelIntent: async () => {} },
    principals: {
      resolve: async () => ({ accountId, userIdentity: { type: 'Unknown' }, source: 'none' }),
      learn: async () => {},
    },
    upstreams: () => url,
    modeOf: () => 'batch',
    admitUnverified: () => true,
    verifySignature: async () => 'unknown',
    trustedProxies: [],
    gatewayError: plainGatewayError,
    upstreamTls: {},
    limits: defaultGatewayLimits,
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    metrics: noMetrics,
  });
}

async function startUpstream(plan: Plan): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const { status = 500, headers = [], body } = plan.response ?? {};
      response.writeHead(status, [...headers, 'content-length', String(body?.bytes.length ?? 0)]);
      response.end(body?.bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function sendRequest(port: number, agent: Agent, { head, body }: WireRequest): Promise<void> {
  const isSized = head.headers.some(
    (name, index) => index % 2 === 0 && name.toLowerCase() === 'content-length',
  );
  const headers = [...head.headers, ...(isSized ? [] : ['content-length', String(body.bytes.length)])];
  await new Promise<void>((resolve, reject) => {
    const request = httpRequest(
      { host: '127.0.0.1', port, agent, method: head.method, path: head.target, headers, setHost: false },
      (response) => response.resume().on('end', resolve).on('error', reject),
    );
    request.on('error', reject).end(body.bytes);
  });
}

async function closeAll(listener: Listener, gateway: Gateway, upstream: Server): Promise<void> {
  await listener.close(200);
  await gateway.drainPending();
  gateway.close();
  await new Promise((resolve) => upstream.close(resolve));
}
