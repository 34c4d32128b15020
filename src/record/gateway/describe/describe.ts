import type { RequestHead } from '../../../model/captured-call.ts';
import type { EventDraft, TlsDetails, UserIdentity } from '../../../model/cloudtrail-event.ts';
import type { DecodedCall } from '../decoded-call.ts';
import type { Description } from '../recognition.ts';
import { additionalEventDataOf } from './additional-event-data.ts';
import { apiVersionOf } from './api-version.ts';
import { dataRowOf } from './data-events.ts';
import { writeEventTime } from './date-text.ts';
import { spellError } from './error-spelling.ts';
import { eventNameOf } from './event-name.ts';
import { eventRegionOf } from './event-region.ts';
import { eventResourcesOf } from './event-resources.ts';
import { eventSourceOf } from './event-source.ts';
import type { KnownUsers } from './known-users.ts';
import { learntPrincipals } from './learnt-principals.ts';
import type { OperationFacts } from './operation-facts.ts';
import { isReadOnly } from './read-only.ts';
import { requestParametersOf } from './request-parameters.ts';
import { responseElementsOf } from './response-elements.ts';
import { webIdentityOf } from './web-identity.ts';
import { headerOf } from './wire-header.ts';

/** What `describe` needs beside the call itself. */
export interface DescribeContext {
  /** Account that the record is for. */
  readonly accountId: string;
  /** What the tables know of an operation; undefined for unknown ones. */
  readonly facts: (service: string | undefined, operation: string | undefined) => OperationFacts | undefined;
  /** Whom a request came from, behind trusted proxies. */
  readonly sourceAddress: (head: RequestHead) => string;
  /** Mints the request id of an answer that has none. */
  readonly mintRequestId: () => string;
  readonly users: KnownUsers;
}

/** A draft that is being written. */
type Draft = { -readonly [Name in keyof EventDraft]?: EventDraft[Name] };

/** The record that CloudTrail would write of a finished call, and the principals that its answer told. */
export function describe(
  decoded: DecodedCall,
  identity: UserIdentity,
  context: DescribeContext,
): Description {
  const { call, recognition, operation } = decoded;
  const facts = context.facts(recognition.service, operation);
  const eventSource = eventSourceOf(decoded);
  const awsRegion = eventRegionOf(decoded);
  const error = spellError(decoded);
  const data = dataRowOf(eventSource, operation);
  const { protocol, service } = recognition;
  const readOnly = isReadOnly({
    eventSource,
    operation,
    method: call.head.method,
    isRest: protocol === 'rest-json' || protocol === 'rest-xml',
  });
  const host = headerOf(call.head.headers, 'host');
  const requestId = decoded.requestId ?? context.mintRequestId();
  const hasFailed = error !== undefined;
  const resources = eventResourcesOf(decoded, data, { accountId: context.accountId, awsRegion, hasFailed });
  const agent = headerOf(call.head.headers, 'user-agent');
  const apiVersion = apiVersionOf(service);
  const { vpcEndpointId } = recognition;
  const additionalEventData = additionalEventDataOf(decoded, awsRegion);
  const tlsDetails = tlsDetailsOf(call.head, host);
  const circumstances = { isReadOnly: readOnly, isData: data !== undefined, hasFailed, requestId };
  // Member by member in the order of real records: spreads of what is absent would cost every call an object each.
  const draft: Draft = {
    userIdentity: webIdentityOf(decoded, identity),
    eventTime: writeEventTime(call.completedAt),
    eventSource,
    eventName: eventNameOf(decoded, eventSource),
    awsRegion,
    sourceIPAddress: context.sourceAddress(call.head),
  };
  if (agent !== undefined) draft.userAgent = service === 's3' ? `[${agent}]` : agent;
  if (error !== undefined) draft.errorCode = error.errorCode;
  if (error?.errorMessage !== undefined) draft.errorMessage = error.errorMessage;
  const { accountId } = context;
  draft.requestParameters = requestParametersOf(decoded, facts, { error, accountId, awsRegion });
  draft.responseElements = responseElementsOf(decoded, facts, circumstances);
  if (additionalEventData !== undefined) draft.additionalEventData = additionalEventData;
  draft.requestID = requestId;
  draft.readOnly = readOnly;
  if (resources !== undefined) draft.resources = resources;
  draft.eventType = 'AwsApiCall';
  if (apiVersion !== undefined) draft.apiVersion = apiVersion;
  draft.managementEvent = data === undefined;
  draft.recipientAccountId = accountId;
  if (vpcEndpointId !== undefined) draft.vpcEndpointId = vpcEndpointId;
  draft.eventCategory = data === undefined ? 'Management' : 'Data';
  if (tlsDetails !== undefined) draft.tlsDetails = tlsDetails;
  const learnt = hasFailed
    ? []
    : learntPrincipals(decoded, { caller: identity, accountId: context.accountId, users: context.users });
  return { draft: draft as EventDraft, learnt };
}

function tlsDetailsOf(head: RequestHead, host: string | undefined): TlsDetails | undefined {
  if (head.tls === undefined) return undefined;
  return {
    tlsVersion: head.tls.version,
    cipherSuite: head.tls.cipherSuite,
    ...(host === undefined ? {} : { clientProvidedHostHeader: host }),
    ...(head.tls.keyExchange === undefined ? {} : { keyExchange: head.tls.keyExchange }),
  };
}
