import type { Principal } from '../../identity/principal.ts';
import type { CapturedBody, RequestHead } from '../../model/captured-call.ts';
import type { JsonObject, UserIdentity } from '../../model/cloudtrail-event.ts';
import type { Verification } from '../../model/recorded-event.ts';
import type { Recognition } from '../../record/gateway/recognition.ts';
import type { OwnRoute } from './own-route.ts';

/**
 * A call that OpenTrail answers itself, and what became known of it on the way; all of it is for the record.
 */
export interface OwnCall {
  readonly head: RequestHead;
  readonly requestId: string;
  readonly recognition: Recognition;
  readonly route: OwnRoute;
  /** Nothing is believed before the signature was found to be right. */
  verification: Verification;
  userIdentity: UserIdentity;
  accountId: string | undefined;
  principal: Principal | undefined;
  region: string;
  requestBody: CapturedBody;
  /** Of the small services: the operation, once it is known to exist. */
  operationName: string | undefined;
  /** The input that the operation was given. */
  input: JsonObject | undefined;
  /** Changes only: the durable intent that the record is the outcome of. */
  intentId: string | undefined;
}

const noBody: CapturedBody = { bytes: new Uint8Array(0), isTruncated: false, sizeBytes: 0 };

export function openCall(facts: Pick<OwnCall, 'head' | 'requestId' | 'recognition' | 'route'>): OwnCall {
  const { accessKeyId } = facts.recognition;
  return {
    ...facts,
    verification: 'none',
    userIdentity: { type: 'Unknown', ...(accessKeyId === undefined ? {} : { accessKeyId }) },
    accountId: undefined,
    principal: undefined,
    region: facts.recognition.region,
    requestBody: noBody,
    operationName: undefined,
    input: undefined,
    intentId: undefined,
  };
}

/** The first bytes of a body, as many as a record needs. */
export function captured(bytes: Uint8Array, bytesMax: number): CapturedBody {
  return {
    bytes: bytes.subarray(0, bytesMax),
    isTruncated: bytes.length > bytesMax,
    sizeBytes: bytes.length,
  };
}
