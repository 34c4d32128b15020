import { isOwnRequest } from '../aws/front/own-route.ts';
import type { FrontDoor } from '../aws/front-door.ts';
import type { Clock } from '../base/clock.ts';
import type { Gateway } from '../record/gateway/create-gateway.ts';
import type { ExchangeHandler } from '../record/gateway/exchange.ts';
import type { Recogniser } from '../record/gateway/recognition.ts';
import { toRequestHead } from './listen/request-head.ts';
import { answerOperations, type OperationsOptions } from './operations-endpoints.ts';

export interface DispatchOptions {
  readonly recogniser: Recogniser;
  readonly frontDoor: FrontDoor;
  readonly gateway: Gateway;
  readonly hasUpstream: (signingName: string) => boolean;
  readonly operations: OperationsOptions;
  readonly clock: Clock;
}

/**
 * Who answers a request. OpenTrail's own operations come first, whatever is configured; then the upstream that the
 * configuration (never a header) names for the service; everything else gets the front door's error, and a record.
 */
export function createDispatch(options: DispatchOptions): ExchangeHandler {
  const { recogniser, frontDoor, gateway, hasUpstream, operations, clock } = options;
  return async (request, response) => {
    const head = toRequestHead(request, clock.now());
    const recognition = recogniser.recognise(head);
    // Signed, these paths are S3 buckets of that name.
    if (recognition.authentication === 'none' && answerOperations(request, response, operations)) return;
    if (!isOwnRequest(head, recognition) && hasUpstream(recognition.signingName)) {
      await gateway.handle(request, response, head, recognition);
    } else {
      await frontDoor.handle(request, response, head, recognition);
    }
  };
}
