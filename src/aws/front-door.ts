import { DependencyError } from '../base/dependency-error.ts';
import { AttemptGuard } from '../identity/attempt-guard.ts';
import { ApiError } from '../model/api-error.ts';
import type { RequestHead } from '../model/captured-call.ts';
import type { FrontRequest, FrontResponse } from '../record/gateway/exchange.ts';
import type { Recognition } from '../record/gateway/recognition.ts';
import { answerCall } from './front/answer-call.ts';
import {
  defaultFrontDoorLimits,
  type FrontDoorContext,
  type FrontDoorOptions,
} from './front/front-door-context.ts';
import { type OwnCall, openCall } from './front/own-call.ts';
import { type Answered, OwnCallRecorder } from './front/own-call-recorder.ts';
import { OwnExchange } from './front/own-exchange.ts';
import { ownRoute } from './front/own-route.ts';
import { SourceBound } from './front/source-bound.ts';
import { rootOnly } from './opentrail/access.ts';
import { assertOperationsMatchModel } from './operations/operation-index.ts';
import { errorLine, errorResponse } from './protocol/error-response.ts';
import { headerValue } from './protocol/header-values.ts';
import { frontDoorTelemetry } from './telemetry.ts';

export interface FrontDoor {
  /**
   * Answers a request to OpenTrail itself, or to a service that has no upstream, and records it, failures and
   * denied calls included. The record is durable before the answer is sent; while nothing can be recorded,
   * reads are still answered and changes are refused with 503.
   */
  handle(
    request: FrontRequest,
    response: FrontResponse,
    head: RequestHead,
    recognition?: Recognition,
  ): Promise<void>;
}

/**
 * Puts the front door together; throws an `InvariantError` when an operation has no entry, or an entry no
 * operation.
 */
export function createFrontDoor(options: FrontDoorOptions): FrontDoor {
  assertOperationsMatchModel();
  const telemetry = frontDoorTelemetry(options.metrics);
  const limits = options.limits ?? defaultFrontDoorLimits;
  const context: FrontDoorContext = {
    ...options,
    services: options.services ?? new Map(),
    authorize: options.authorize ?? rootOnly,
    limits,
    sourceBound: new SourceBound(limits.callsPerSecondMax),
    attempts: new AttemptGuard(limits.failedAttemptsMax),
    telemetry,
    callRecorder: new OwnCallRecorder({ ...options, unrecorded: telemetry.unrecorded }),
  };
  return {
    handle: (request, response, head, recognition) =>
      handle(context, { request, response, head, recognition }),
  };
}

async function handle(
  context: FrontDoorContext,
  http: {
    readonly request: FrontRequest;
    readonly response: FrontResponse;
    readonly head: RequestHead;
    readonly recognition: Recognition | undefined;
  },
): Promise<void> {
  const startedMs = context.clock.monotonicMs();
  const head = { ...http.head, peerAddress: context.sourceAddress?.(http.head) ?? http.head.peerAddress };
  const recognition = http.recognition ?? context.recogniser.recognise(head);
  const route = ownRoute(head, recognition, context);
  const call = openCall({ head, recognition, route, requestId: context.random.uuid() });
  const exchange = new OwnExchange({ ...http, head }, context.stopSignal);
  const answer = await answerCall(context, call, exchange).catch((error: unknown) =>
    failed(context, call, isBrokenOff(exchange, error) ? brokenOff(error) : error),
  );
  await context.callRecorder.record(call, answer);
  const operation = operationLabel(call);
  context.telemetry.calls.add(1, { service: route.service, operation, outcome: answer.error?.code ?? 'ok' });
  context.telemetry.seconds.observe((context.clock.monotonicMs() - startedMs) / 1000, { operation });
  if (answer.lines === undefined) await exchange.send(answer.response);
  else {
    await exchange.sendLines(answer.response.headers, answer.lines, (error) =>
      errorLine(publicError(context, call, error)),
    );
  }
}

/** Of operations that exist only: a label's values must be bounded. */
function operationLabel({ route, operationName }: OwnCall): string {
  if (route.kind === 'aws' || route.kind === 'opentrail') return route.name;
  return operationName ?? 'none';
}

/** True when the work on a call was given up because nobody waits for its answer any more. */
function isBrokenOff({ signal }: OwnExchange, error: unknown): boolean {
  return signal.aborted && error instanceof Error && error.name === 'AbortError';
}

function brokenOff(cause: unknown): ApiError {
  const message = 'the call ended before its answer: the client left, or the server stopped';
  return new ApiError('RequestAbortedException', message, { isPlatform: true, cause });
}

function failed(context: FrontDoorContext, call: OwnCall, cause: unknown): Answered & { lines?: undefined } {
  const error = publicError(context, call, cause);
  return {
    error,
    response: errorResponse(errorTarget(call), error, {
      requestId: call.requestId,
      errorStatus: context.errorStatus,
    }),
  };
}

/** Errors of the world and of ours are logged with their cause and answered without it. */
function publicError(context: FrontDoorContext, call: OwnCall, error: unknown): ApiError {
  const { requestId } = call;
  if (error instanceof ApiError) {
    if ((error.status ?? 400) >= 500) {
      context.log.warn('frontDoor.callFailed', { requestId, operation: call.route.name, error });
    }
    return error;
  }
  context.log.error('frontDoor.callFailed', { requestId, operation: call.route.name, error });
  if (error instanceof DependencyError) {
    const message = 'a part that this call needs is not available at present: try again';
    return new ApiError('ServiceUnavailable', message, {
      isPlatform: true,
      status: 503,
      retryAfterSeconds: 2,
    });
  }
  const message = `the call failed by a fault of OpenTrail: its log has more under request ${requestId}`;
  return new ApiError('InternalFailure', message, { isPlatform: true, status: 500 });
}

/** Unsigned requests to nothing we know look like S3's, which is what a browser sends. */
function errorTarget(call: OwnCall): { protocol: OwnCall['route']['protocol']; service: string } {
  const { protocol, service } = call.route;
  const isJson = headerValue(call.head.headers, 'content-type')?.includes('json') === true;
  return protocol === 'unknown' && !isJson ? { protocol: 'rest-xml', service: 's3' } : { protocol, service };
}
