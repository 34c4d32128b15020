import { ApiError } from '../../model/api-error.ts';
import type { Caller } from '../opentrail/operation.ts';
import { jsonResponse } from '../protocol/json-1-1.ts';
import { parseJsonBody } from '../protocol/json-body.ts';
import { queryRequest, queryResponse } from '../protocol/query.ts';
import type { ServiceCall, ServiceOperation } from '../services/service-operation.ts';
import type { FrontDoorContext } from './front-door-context.ts';
import { openPayload } from './open-payload.ts';
import type { OwnCall } from './own-call.ts';
import type { Answered } from './own-call-recorder.ts';
import type { OwnExchange } from './own-exchange.ts';
import type { OwnRoute } from './own-route.ts';

type ServiceRoute = Extract<OwnRoute, { kind: 'service' }>;

/** Answers a call of one of the small services: finds the operation, asks whether it is allowed, announces a change. */
export async function answerServiceCall(
  context: FrontDoorContext,
  facts: {
    readonly call: OwnCall;
    readonly caller: Caller;
    readonly route: ServiceRoute;
    readonly exchange: OwnExchange;
    readonly wireBody: Uint8Array;
  },
): Promise<Answered> {
  const { call, caller, route } = facts;
  const payload = await openPayload(context, call, facts.wireBody);
  const { name, input } =
    route.protocol === 'json'
      ? { name: route.name, input: parseJsonBody(payload) }
      : queryRequest(call.head, payload);
  const operation = findOperation(route, name);
  call.operationName = operation.name;
  call.input = input;
  const serviceCall: ServiceCall = {
    principal: caller.principal,
    region: caller.region,
    sourceIPAddress: caller.sourceIPAddress,
    userAgent: caller.userAgent,
    isSecure: caller.isSecure,
    requestId: call.requestId,
    input,
  };
  const targets = await operation.targets?.(serviceCall);
  const action = operation.action === undefined ? `${route.service}:${operation.name}` : operation.action;
  if (action !== null) await context.authorize(caller, action, targets);
  if (!operation.isReadOnly) await context.callRecorder.announce(call);
  const output = await operation.run(serviceCall);
  const response =
    route.protocol === 'json'
      ? jsonResponse(output, call.requestId)
      : queryResponse({
          service: route.service,
          operation: operation.name,
          output,
          requestId: call.requestId,
        });
  return { response, output };
}

function findOperation({ ownService, protocol }: ServiceRoute, name: string | undefined): ServiceOperation {
  const operation = name === undefined ? undefined : ownService.operations.get(name);
  if (operation !== undefined) return operation;
  const shown = name === undefined ? 'that this request names' : name.slice(0, 128);
  const message =
    `OpenTrail's own ${ownService.service} has no operation ${shown}: docs/compatibility.md lists those it has; ` +
    `--upstream ${ownService.service}=URL forwards the service elsewhere`;
  if (protocol === 'query') throw new ApiError('InvalidAction', message, { isPlatform: true, status: 400 });
  throw new ApiError('UnknownOperationException', message, { isPlatform: true, status: 400 });
}
