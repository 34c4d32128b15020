import type { RequestHead } from '../../model/captured-call.ts';
import type { JsonObject } from '../../model/cloudtrail-event.ts';
import type { ServiceApi } from '../../model/service-api.ts';
import { percentDecode, rawQueryPairs, splitTarget } from './canonical-request.ts';
import type { WireResponse } from './error-response.ts';

/** The operation whose method and path a request has, or undefined. Paths of this API hold no labels. */
export function restOperation(head: RequestHead, api: ServiceApi): string | undefined {
  const { path } = splitTarget(head.target);
  return Object.entries(api.operations).find(
    ([, operation]) => operation.http[0] === head.method && operation.http[1] === path,
  )?.[0];
}

/** The members of the body and those of the query string in one object. */
export function mergeQueryMembers(
  head: RequestHead,
  call: { readonly api: ServiceApi; readonly operation: string; readonly body: JsonObject },
): JsonObject {
  const input = call.api.shapes[call.api.operations[call.operation]?.input ?? ''];
  const query = new Map(
    rawQueryPairs(splitTarget(head.target).query).map(([name, value]) => [
      percentDecode(name),
      percentDecode(value.replaceAll('+', '%20')),
    ]),
  );
  const merged: Record<string, JsonObject[string]> = {};
  for (const [name, member] of Object.entries(input?.members ?? {})) {
    const value =
      member.location === 'querystring' ? query.get(member.locationName ?? name) : call.body[name];
    if (value !== undefined) merged[name] = value;
  }
  return merged;
}

/** A successful answer of the REST-JSON protocol. */
export function restJsonResponse(output: JsonObject, requestId: string): WireResponse {
  return {
    status: 200,
    headers: [
      ['x-amzn-RequestId', requestId],
      ['Content-Type', 'application/json'],
    ],
    body: Buffer.from(JSON.stringify(output)),
  };
}
