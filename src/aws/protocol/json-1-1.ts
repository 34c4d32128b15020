import type { RequestHead } from '../../model/captured-call.ts';
import type { JsonObject } from '../../model/cloudtrail-event.ts';
import type { WireResponse } from './error-response.ts';
import { headerValue } from './header-values.ts';

/**
 * The operation that a request names in `X-Amz-Target`, or undefined when the target is not CloudTrail's.
 *
 * Two spellings are in use: `com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.X` by clients made from
 * the service's own model, `CloudTrail_20131101.X` by those made from the Smithy model.
 */
export function targetOperation(head: RequestHead): string | undefined {
  const target = headerValue(head.headers, 'x-amz-target');
  if (target === undefined) return undefined;
  const dot = target.lastIndexOf('.');
  const prefix = target.slice(0, Math.max(dot, 0));
  const isOurs =
    prefix === 'CloudTrail_20131101' || prefix === 'com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101';
  return isOurs ? target.slice(dot + 1) : undefined;
}

/** A successful answer of the JSON 1.1 protocol. */
export function jsonResponse(output: JsonObject, requestId: string): WireResponse {
  return {
    status: 200,
    headers: [
      ['x-amzn-RequestId', requestId],
      ['Content-Type', 'application/x-amz-json-1.1'],
    ],
    body: Buffer.from(JSON.stringify(output)),
  };
}
