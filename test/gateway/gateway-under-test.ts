import { type Log, silentLog } from '../../src/base/log.ts';
import type { Metrics } from '../../src/base/metrics.ts';
import { noMetrics } from '../../src/base/metrics.ts';
import type { Intent } from '../../src/journal/journal.ts';
import type { CapturedCall, RequestHead } from '../../src/model/captured-call.ts';
import type { EventDraft } from '../../src/model/cloudtrail-event.ts';
import type { JournalEntry, Verification } from '../../src/model/recorded-event.ts';
import { createGateway, type Gateway } from '../../src/record/gateway/create-gateway.ts';
import { plainGatewayError } from '../../src/record/gateway/forward/gateway-error.ts';
import { defaultGatewayLimits, type GatewayLimits } from '../../src/record/gateway/forward/gateway-limits.ts';
import type { GatewayOptions, RecordingMode } from '../../src/record/gateway/forward/gateway-options.ts';
import { parseTrustedProxy } from '../../src/record/gateway/forward/source-address.ts';
import type { VerifySignature } from '../../src/record/gateway/forward/verification.ts';
import type { Recognition } from '../../src/record/gateway/recognition.ts';
import type { Refusal } from '../../src/server/listen/http1-server.ts';
import { defaultListenLimits, type ListenLimits } from '../../src/server/listen/listen-limits.ts';
import { toRequestHead } from '../../src/server/listen/request-head.ts';
import { type Listener, listen } from '../../src/server/listen.ts';
import { systemClock } from '../../src/server/system/system-clock.ts';
import { systemRandom } from '../../src/server/system/system-random.ts';

/** A call as it reached the recorder of the test. */
export interface RecordedCall {
  readonly call: CapturedCall;
  readonly verification: Verification;
  readonly intentId: string | undefined;
}

export interface GatewayUnderTestOptions {
  readonly upstream: URL | ((signingName: string) => URL | undefined);
  readonly mode?: RecordingMode;
  readonly captureBytes?: number;
  readonly limits?: Partial<GatewayLimits>;
  readonly listenLimits?: Partial<ListenLimits>;
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly upstreamCa?: string;
  readonly trustedProxies?: readonly string[];
  readonly admitUnverified?: (draft: EventDraft) => boolean;
  /** Record to this journal rather than to the lists of the test. */
  readonly durable?: Pick<GatewayOptions, 'intake' | 'recorder' | 'journal'>;
  readonly verifySignature?: VerifySignature;
  /** Called before a record becomes durable; a rejection is a refusal. */
  readonly onRecord?: (recorded: RecordedCall) => Promise<void>;
  readonly onIntent?: (intent: Intent) => Promise<void>;
  readonly log?: Log;
  readonly metrics?: Metrics;
}

/** Listener and gateway on real sockets; recogniser, recorder and journal are small ones of the tests. */
export interface GatewayUnderTest {
  readonly port: number;
  readonly gateway: Gateway;
  readonly listener: Listener;
  readonly recorded: RecordedCall[];
  readonly intents: Intent[];
  readonly cancelled: string[];
  readonly refused: Refusal[];
  close(): Promise<void>;
}

export async function startGateway(options: GatewayUnderTestOptions): Promise<GatewayUnderTest> {
  const recorded: RecordedCall[] = [];
  const intents: Intent[] = [];
  const cancelled: string[] = [];
  const refused: Refusal[] = [];
  const calls = new WeakMap<object, CapturedCall>();
  const upstreamOf = options.upstream;
  const gateway = createGateway({
    recogniser: {
      recognise: (head) => recogniseScope(head, options.captureBytes ?? 65_536),
      describe: (call, recognition) => {
        const draft = draftOf(call, recognition);
        calls.set(draft, call);
        return { draft, learnt: [] };
      },
    },
    intake: {
      accept: (draft, { verification }) => {
        const event = { ...draft, eventVersion: '1.11', eventID: systemRandom.uuid() };
        const meta = { recordedAt: 0, origin: 'live', verification, resources: [] } as const;
        const entry: JournalEntry = { meta, raw: JSON.stringify(event) };
        return { event, entry };
      },
    },
    recorder: {
      record: async (draft, { verification, intentId }) => {
        const call = calls.get(draft) as CapturedCall;
        await options.onRecord?.({ call, verification, intentId });
        recorded.push({ call, verification, intentId });
      },
    },
    journal: {
      openIntent: async (intent) => {
        await options.onIntent?.(intent);
        intents.push(intent);
      },
      cancelIntent: async (intentId) => {
        cancelled.push(intentId);
      },
    },
    ...options.durable,
    principals: {
      resolve: async (accessKeyId) => ({
        accountId: '000000000000',
        userIdentity: { type: 'Unknown', ...(accessKeyId === undefined ? {} : { accessKeyId }) },
        source: 'none',
      }),
      learn: async () => {},
    },
    upstreams: upstreamOf instanceof URL ? () => upstreamOf : upstreamOf,
    modeOf: () => options.mode ?? 'batch',
    admitUnverified: options.admitUnverified ?? (() => true),
    verifySignature: options.verifySignature ?? (async () => 'unknown'),
    trustedProxies: (options.trustedProxies ?? []).map(parseTrustedProxy),
    gatewayError: plainGatewayError,
    upstreamTls: options.upstreamCa === undefined ? {} : { ca: options.upstreamCa },
    limits: { ...defaultGatewayLimits, ...options.limits },
    clock: systemClock,
    random: systemRandom,
    log: options.log ?? silentLog,
    metrics: options.metrics ?? noMetrics,
  });
  const listener = await listen({
    host: '127.0.0.1',
    port: 0,
    ...(options.tls === undefined ? {} : { tls: options.tls }),
    handler: (request, response) => {
      const head = toRequestHead(request, systemClock.now());
      const recognition = recogniseScope(head, options.captureBytes ?? 65_536);
      return gateway.handle(request, response, head, recognition);
    },
    onRefused: (refusal) => refused.push(refusal),
    limits: { ...defaultListenLimits, ...options.listenLimits },
    log: options.log ?? silentLog,
    metrics: options.metrics ?? noMetrics,
    clock: systemClock,
  });
  return {
    port: listener.port,
    gateway,
    listener,
    recorded,
    intents,
    cancelled,
    refused,
    async close() {
      await listener.close(200);
      await gateway.drainPending();
      gateway.close();
    },
  };
}

/** Service and key from the SigV4 scope alone. */
function recogniseScope(head: RequestHead, captureBytes: number): Recognition {
  const index = head.headers.findIndex((name, place) => place % 2 === 0 && /^authorization$/i.test(name));
  const scope = /Credential=([A-Z0-9]+)\/\d+\/([^/]+)\/([^/]+)\/aws4_request/.exec(
    index < 0 ? '' : (head.headers[index + 1] as string),
  );
  return {
    signingName: scope?.[3] ?? 'unknown',
    service: undefined,
    region: scope?.[2] ?? 'us-east-1',
    protocol: 'unknown',
    authentication: scope === null ? 'none' : 'header',
    accessKeyId: scope?.[1],
    operation: undefined,
    isRecorded: true,
    requestCaptureBytes: captureBytes,
    responseCaptureBytes: captureBytes,
  };
}

function draftOf(call: CapturedCall, recognition: Recognition): EventDraft {
  const isFailure = (call.response?.status ?? 500) >= 400;
  return {
    userIdentity: { type: 'Unknown' },
    eventTime: new Date(call.head.startedAt).toISOString(),
    eventSource: `${recognition.signingName}.amazonaws.com`,
    eventName: 'Test',
    awsRegion: recognition.region,
    sourceIPAddress: call.head.peerAddress,
    ...(isFailure ? { errorCode: `Status${call.response?.status}` } : {}),
    requestParameters: null,
    responseElements: null,
    eventType: 'AwsApiCall',
    recipientAccountId: '000000000000',
    eventCategory: 'Management',
  };
}
