import type { CapturedCall, RequestHead } from '../../model/captured-call.ts';
import type { EventDraft, Json, JsonObject, TlsDetails, UserIdentity } from '../../model/cloudtrail-event.ts';
import { isObject, lowerFirst } from '../protocol/deserialise-input.ts';
import { headerValue } from '../protocol/header-values.ts';

const eventSource = 'opentrail.amazonaws.com';

export interface OpenTrailCallFacts {
  readonly call: CapturedCall;
  readonly name: string;
  readonly isReadOnly: boolean;
  readonly userIdentity: UserIdentity;
  readonly region: string;
  readonly recipientAccountId: string;
  readonly requestId: string;
  readonly input: JsonObject | undefined;
  readonly output: JsonObject | undefined;
  readonly error: { readonly code: string; readonly message: string } | undefined;
}

/**
 * The record of a call of one of our own operations, in the form that CloudTrail gives those of its services.
 */
export function describeOpenTrailCall(facts: OpenTrailCallFacts): EventDraft {
  const { head } = facts.call;
  const userAgent = headerValue(head.headers, 'user-agent');
  return {
    userIdentity: facts.userIdentity,
    eventTime: new Date(head.startedAt).toISOString().replace(/\.\d{3}Z$/, 'Z'),
    eventSource,
    eventName: facts.name,
    awsRegion: facts.region,
    sourceIPAddress: head.peerAddress,
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(facts.error === undefined
      ? {}
      : { errorCode: spelled(facts.error.code), errorMessage: facts.error.message }),
    requestParameters: isEmpty(facts.input) ? null : (camelCased(facts.input) as JsonObject),
    responseElements:
      facts.isReadOnly || isEmpty(facts.output) ? null : (camelCased(facts.output) as JsonObject),
    requestID: facts.requestId,
    readOnly: facts.isReadOnly,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: facts.recipientAccountId,
    eventCategory: 'Management',
    ...tlsDetails(head),
  };
}

/** CloudTrail writes `AccessDenied` whatever a service calls it on the wire. */
function spelled(code: string): string {
  return code === 'AccessDeniedException' ? 'AccessDenied' : code;
}

function tlsDetails(head: RequestHead): { tlsDetails?: TlsDetails } {
  const host = headerValue(head.headers, 'host');
  if (head.tls === undefined) return {};
  return {
    tlsDetails: {
      tlsVersion: head.tls.version,
      cipherSuite: head.tls.cipherSuite,
      ...(host === undefined ? {} : { clientProvidedHostHeader: host }),
      ...(head.tls.keyExchange === undefined ? {} : { keyExchange: head.tls.keyExchange }),
    },
  };
}

function isEmpty(value: JsonObject | undefined): value is undefined {
  return value === undefined || Object.keys(value).length === 0;
}

function camelCased(value: Json): Json {
  if (Array.isArray(value)) return value.map((item) => camelCased(item as Json));
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, child]) => [lowerFirst(name), camelCased(child)]),
  );
}
