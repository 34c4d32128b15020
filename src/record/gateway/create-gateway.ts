import type { RequestHead } from '../../model/captured-call.ts';
import type { FrontRequest, FrontResponse } from './exchange.ts';
import { ActiveRelays } from './forward/active-relays.ts';
import { CallRecorder } from './forward/call-recorder.ts';
import { checkHead } from './forward/check-head.ts';
import { Exchange, type ExchangeContext } from './forward/exchange.ts';
import type { GatewayOptions } from './forward/gateway-options.ts';
import { openFront } from './forward/open-front.ts';
import { RecordQueue } from './forward/record-queue.ts';
import { sourceAddress } from './forward/source-address.ts';
import { gatewayTelemetry } from './forward/telemetry.ts';
import { UpstreamPool } from './forward/upstream-pool.ts';
import type { Recognition } from './recognition.ts';

export interface Gateway {
  /** Answers one request; resolves when the exchange is over and, in `blocking` mode, recorded. */
  handle(
    request: FrontRequest,
    response: FrontResponse,
    head: RequestHead,
    recognition: Recognition,
  ): Promise<void>;
  /** Resolves when every answered call is durable or was refused by the recorder. */
  drainPending(): Promise<void>;
  /** Closes the connections to the upstreams; exchanges under way break off. */
  close(): void;
}

/** Forwards calls to the upstream that the configuration names for their service, and records them. */
export function createGateway(options: GatewayOptions): Gateway {
  const telemetry = gatewayTelemetry(options.metrics);
  const recorder = new CallRecorder({ ...options, telemetry });
  const queue = new RecordQueue({ recorder, limits: options.limits, clock: options.clock, telemetry });
  const pool = new UpstreamPool({ limits: options.limits, clock: options.clock, tls: options.upstreamTls });
  const relays = new ActiveRelays(options.clock, options.limits.upstreamIdleTimeoutMs);
  const context: ExchangeContext = { options, telemetry, recorder, queue, pool, relays };
  return {
    handle(request, response, receivedHead, recognition) {
      const peerAddress = sourceAddress(receivedHead, options.trustedProxies);
      const head = peerAddress === receivedHead.peerAddress ? receivedHead : { ...receivedHead, peerAddress };
      const front = openFront(request, response, head);
      const exchange = new Exchange(context, { front, head, recognition });
      const refusal = checkHead(head);
      return refusal === undefined ? exchange.run() : exchange.refuse(refusal);
    },
    drainPending: () => queue.drained(),
    close() {
      relays.close();
      pool.close();
    },
  };
}
