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
  const draft: EventDraft = {
    userIdentity: webIdentityOf(decoded, identity),
    eventTime: writeEventTime(call.completedAt),
    eventSource,
    eventName: eventNameOf(decoded, eventSource),
    awsRegion,
    sourceIPAddress: context.sourceAddress(call.head),
    ...(agent === undefined ? {} : { userAgent: service === 's3' ? `[${agent}]` : agent }),
    ...(error === undefined ? {} : { errorCode: error.errorCode }),
    ...(error?.errorMessage === undefined ? {} : { errorMessage: error.errorMessage }),
    requestParameters: requestParametersOf(decoded, facts, {
      error,
      accountId: context.accountId,
      awsRegion,
    }),
    responseElements: responseElementsOf(decoded, facts, circumstances),
    ...(additionalEventData === undefined ? {} : { additionalEventData }),
    requestID: requestId,
    readOnly,
    ...(resources === undefined ? {} : { resources }),
    eventType: 'AwsApiCall',
    ...(apiVersion === undefined ? {} : { apiVersion }),
    managementEvent: data === undefined,
    recipientAccountId: context.accountId,
    ...(vpcEndpointId === undefined ? {} : { vpcEndpointId }),
    eventCategory: data === undefined ? 'Management' : 'Data',
    ...(tlsDetails === undefined ? {} : { tlsDetails }),
  };
  const learnt = hasFailed
    ? []
    : learntPrincipals(decoded, { caller: identity, accountId: context.accountId, users: context.users });
  return { draft, learnt };
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
