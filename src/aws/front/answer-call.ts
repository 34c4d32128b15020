import { assert } from '../../base/assert.ts';
import { ApiError } from '../../model/api-error.ts';
import type { JsonObject } from '../../model/cloudtrail-event.ts';
import { openTrailApi, openTrailOwnExceptions } from '../opentrail/open-trail-api.ts';
import type { Caller, OpenTrailOperation } from '../opentrail/operation.ts';
import { percentDecode, rawQueryPairs, splitTarget } from '../protocol/canonical-request.ts';
import { deserialiseInput } from '../protocol/deserialise-input.ts';
import { headerValue } from '../protocol/header-values.ts';
import { jsonResponse } from '../protocol/json-1-1.ts';
import { parseJsonBody } from '../protocol/json-body.ts';
import { readBody } from '../protocol/read-body.ts';
import { mergeQueryMembers, restJsonResponse } from '../protocol/rest-json.ts';
import { validateInput } from '../protocol/validate-input.ts';
import { answerServiceCall } from './answer-service-call.ts';
import { authenticate } from './authenticate.ts';
import type { FrontDoorContext } from './front-door-context.ts';
import { linesWhileAllowed } from './lines-while-allowed.ts';
import { asBadPayload, openPayload } from './open-payload.ts';
import { captured, type OwnCall } from './own-call.ts';
import type { Answered } from './own-call-recorder.ts';
import type { OwnExchange } from './own-exchange.ts';
import type { OwnRoute } from './own-route.ts';

/** A finished answer, or the head of a stream and its lines. */
export type Answer = Answered & { readonly lines?: AsyncIterable<string> };

type AwsRoute = Extract<OwnRoute, { kind: 'aws' }>;
type OpenTrailRoute = Extract<OwnRoute, { kind: 'opentrail' }>;

/**
 * Answers a call. The checks come in AWS's order: transport, operation, authentication, deserialisation,
 * throttling, constraints, authorization, then the operation's own. What is learnt on the way is kept in
 * `call` for its record.
 */
export async function answerCall(
  context: FrontDoorContext,
  call: OwnCall,
  exchange: OwnExchange,
): Promise<Answer> {
  const { route } = call;
  context.sourceBound.take(call.head.peerAddress, context.clock.monotonicMs());
  const isStreamed = route.kind === 'opentrail' && route.operation.takesBody;
  const wireBody = isStreamed ? undefined : await readWhole(context, call, exchange);
  const failure = await authenticate(context, call, wireBody);
  if (route.kind === 'unknownOperation') throw unknownOperation(route);
  if (failure !== undefined) throw failure;
  if (route.kind === 'noService') throw noService(route);
  const caller = callerOf(call);
  if (route.kind === 'service') {
    return answerServiceCall(context, {
      call,
      caller,
      route,
      exchange,
      wireBody: wireBody ?? new Uint8Array(0),
    });
  }
  if (route.kind === 'aws') {
    return answerAws(context, { call, caller, route, exchange, wireBody: wireBody ?? new Uint8Array(0) });
  }
  return answerOpenTrail(context, { call, caller, route, exchange, wireBody });
}

/** The body as sent: what a signature covers, and what a record is made of. */
async function readWhole(
  context: FrontDoorContext,
  call: OwnCall,
  exchange: OwnExchange,
): Promise<Uint8Array> {
  const { bodyBytesMax } = context.limits;
  const body = await readBody(exchange.wire(), { bodyBytesMax, declaredBytes: exchange.declaredBytes });
  call.requestBody = captured(body, call.recognition.requestCaptureBytes);
  return body;
}

function callerOf({ principal, region, head, userIdentity }: OwnCall): Caller {
  assert(principal !== undefined, 'a call whose signature was right has a principal');
  return {
    accountId: principal.accountId,
    region,
    userIdentity,
    principal,
    sourceIPAddress: head.peerAddress,
    userAgent: headerValue(head.headers, 'user-agent'),
    isSecure: head.tls !== undefined,
  };
}

async function answerAws(
  context: FrontDoorContext,
  facts: {
    readonly call: OwnCall;
    readonly caller: Caller;
    readonly route: AwsRoute;
    readonly exchange: OwnExchange;
    readonly wireBody: Uint8Array;
  },
): Promise<Answer> {
  const { call, caller, route } = facts;
  const { api, name, operation } = route;
  const body = await unpack(context, call, facts.wireBody);
  const merged =
    route.protocol === 'json' ? body : mergeQueryMembers(call.head, { api, operation: name, body });
  const input = deserialiseInput(api, name, merged);
  call.input = input;
  if (operation.isBuilt) {
    context.throttle?.take({ accountId: caller.accountId, region: caller.region, operation: name });
    const { ownExceptions } = operation;
    validateInput(api, name, { input, ...(ownExceptions === undefined ? {} : { ownExceptions }) });
    await context.authorize(caller, route.action);
  }
  if (operation.isChange === true) await context.callRecorder.announce(call);
  const output = await operation.run({ caller, input, signal: facts.exchange.signal }, context.operations);
  const response =
    route.protocol === 'json'
      ? jsonResponse(output, call.requestId)
      : restJsonResponse(output, call.requestId);
  return { response, output };
}

async function answerOpenTrail(
  context: FrontDoorContext,
  facts: {
    readonly call: OwnCall;
    readonly caller: Caller;
    readonly route: OpenTrailRoute;
    readonly exchange: OwnExchange;
    readonly wireBody: Uint8Array | undefined;
  },
): Promise<Answer> {
  const { call, caller, route, exchange } = facts;
  const { operation } = route;
  const input =
    facts.wireBody === undefined
      ? queryInput(call)
      : openTrailInput(operation, await unpack(context, call, facts.wireBody));
  call.input = input;
  if (openTrailApi.operations[operation.name] !== undefined) {
    validateInput(openTrailApi, operation.name, { input, ownExceptions: openTrailOwnExceptions });
  }
  await context.authorize(caller, operation.action);
  if (!operation.isReadOnly) await context.callRecorder.announce(call);
  const body = operation.takesBody ? context.verifier.openBody(call.head, exchange.wire()) : noBytes();
  const result = await operation.run({ caller, input, body, signal: exchange.signal }).catch(asBadPayload);
  if (result.kind === 'json') {
    return { response: jsonResponse(result.output, call.requestId), output: result.output };
  }
  const response = {
    status: 200,
    headers: [
      ['x-amzn-RequestId', call.requestId],
      ['Content-Type', 'application/x-ndjson'],
    ] as const,
    body: new Uint8Array(0),
  };
  const lines = linesWhileAllowed(context, { call, caller, action: operation.action }, result.lines);
  return { response, lines };
}

/** Operations that the model of ours does not have check their input themselves. */
function openTrailInput(operation: OpenTrailOperation, body: JsonObject): JsonObject {
  const isModelled = openTrailApi.operations[operation.name] !== undefined;
  return isModelled ? deserialiseInput(openTrailApi, operation.name, body) : body;
}

async function unpack(context: FrontDoorContext, call: OwnCall, wireBody: Uint8Array): Promise<JsonObject> {
  return parseJsonBody(await openPayload(context, call, wireBody));
}

function queryInput(call: OwnCall): JsonObject {
  const pairs = rawQueryPairs(splitTarget(call.head.target).query)
    .map(([name, value]) => [percentDecode(name), percentDecode(value.replaceAll('+', '%20'))] as const)
    .filter(([name]) => !name.toLowerCase().startsWith('x-amz-'));
  return Object.fromEntries(pairs);
}

async function* noBytes(): AsyncIterable<Uint8Array> {}

function unknownOperation(route: Extract<OwnRoute, { kind: 'unknownOperation' }>): ApiError {
  const name = route.name === undefined ? 'that this request names' : route.name.slice(0, 128);
  const isOurs = route.service === 'opentrail';
  return new ApiError('UnknownOperationException', `there is no operation ${name} in ${route.service}`, {
    isPlatform: true,
    status: isOurs || route.protocol === 'rest-json' ? 404 : 400,
  });
}

/** In the spelling of each family; the message says what to configure. */
function noService(route: Extract<OwnRoute, { kind: 'noService' }>): ApiError {
  const message =
    `OpenTrail has no upstream for ${route.service} and does not answer it itself: ` +
    `start it with --upstream ${route.signingNames[0]}=URL`;
  switch (route.protocol) {
    case 'rest-xml':
    case 'unknown':
      return new ApiError('NotImplemented', message, { isPlatform: true, status: 501 });
    case 'query':
    case 'ec2':
      return new ApiError('UnsupportedOperation', message, { isPlatform: true, status: 400 });
    default:
      return new ApiError('UnsupportedOperationException', message, { isPlatform: true, status: 400 });
  }
}
