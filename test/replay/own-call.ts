import type { CapturedResponse } from '../../src/model/captured-call.ts';
import type { Json } from '../../src/model/cloudtrail-event.ts';
import type { Description } from '../../src/record/gateway/recognition.ts';
import { describeReplay, recogniserFor } from './replay-call.ts';
import { sdkOperation } from './sdk-services.ts';
import { sdkRequest } from './wire-request.ts';

/** A call of our own: what the SDK is given, what the upstream answers, what CloudTrail would write. */
export interface OwnCall {
  readonly service: string;
  readonly operation: string;
  /** `{"$date": "…"}` is a date, `{"$bytes": "…"}` the bytes of a text. */
  readonly input: Json;
  readonly answer: {
    readonly status: number;
    readonly headers: Readonly<Record<string, string>>;
    readonly body: string | { readonly $base64: string };
  };
  readonly record: Readonly<Record<string, Json>>;
}

/** Sends the call with the real SDK client and describes what passed. */
export async function describeOwnCall(call: OwnCall): Promise<Description> {
  const sdk = await sdkOperation(call.service, call.operation);
  if (sdk === undefined) throw new Error(`no SDK client for ${call.service} ${call.operation}`);
  const input = revive(call.input) as Record<string, unknown>;
  const request = await sdkRequest(sdk, call.operation, { input, region: 'eu-west-1' });
  return describeReplay(recogniserFor('111122223333'), request, responseOf(call.answer));
}

function responseOf({ status, headers, body }: OwnCall['answer']): CapturedResponse {
  const bytes = typeof body === 'string' ? Buffer.from(body) : Buffer.from(body.$base64, 'base64');
  return {
    status,
    headers: Object.entries(headers).flat(),
    body: { bytes, isTruncated: false, sizeBytes: bytes.length },
  };
}

function revive(value: Json): unknown {
  if (Array.isArray(value)) return value.map(revive);
  if (typeof value !== 'object' || value === null) return value;
  const { $date, $bytes } = value as { $date?: Json; $bytes?: Json };
  if (typeof $date === 'string') return new Date($date);
  if (typeof $bytes === 'string') return Buffer.from($bytes);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revive(member)]));
}
