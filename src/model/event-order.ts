import type {
  CloudTrailEvent,
  EventDraft,
  EventResource,
  TlsDetails,
  UserIdentity,
} from './cloudtrail-event.ts';

/** What intake adds to a draft. */
export type EventStamp = Pick<CloudTrailEvent, 'eventVersion' | 'eventID' | 'recipientAccountId'>;

/**
 * The record of a draft and its stamp, with its members in the order of real ones, observed in delivered log files;
 * members that it does not know come last, as they stood. Members that a draft lacks are there as `undefined`, which JSON
 * leaves out: every record then has the same shape, and is made and written several times as fast.
 */
export function orderEvent(draft: EventDraft, stamp: EventStamp): CloudTrailEvent {
  const ordered = {
    eventVersion: stamp.eventVersion,
    userIdentity: orderIdentity(draft.userIdentity),
    eventTime: draft.eventTime,
    eventSource: draft.eventSource,
    eventName: draft.eventName,
    awsRegion: draft.awsRegion,
    sourceIPAddress: draft.sourceIPAddress,
    userAgent: draft.userAgent,
    errorCode: draft.errorCode,
    errorMessage: draft.errorMessage,
    requestParameters: draft.requestParameters,
    responseElements: draft.responseElements,
    additionalEventData: draft.additionalEventData,
    requestID: draft.requestID,
    eventID: stamp.eventID,
    readOnly: draft.readOnly,
    resources: draft.resources?.map(orderResource),
    eventType: draft.eventType,
    apiVersion: draft.apiVersion,
    managementEvent: draft.managementEvent,
    recipientAccountId: stamp.recipientAccountId,
    sharedEventID: draft.sharedEventID,
    serviceEventDetails: draft.serviceEventDetails,
    vpcEndpointId: draft.vpcEndpointId,
    vpcEndpointAccountId: draft.vpcEndpointAccountId,
    addendum: draft.addendum,
    eventCategory: draft.eventCategory,
    tlsDetails: draft.tlsDetails === undefined ? undefined : orderTls(draft.tlsDetails),
    sessionCredentialFromConsole: draft.sessionCredentialFromConsole,
  };
  return withUnknown(ordered, draft) as CloudTrailEvent;
}

function orderIdentity(identity: UserIdentity): UserIdentity {
  const ordered = {
    type: identity.type,
    principalId: identity.principalId,
    arn: identity.arn,
    accountId: identity.accountId,
    accessKeyId: identity.accessKeyId,
    userName: identity.userName,
    sessionContext: identity.sessionContext,
    invokedBy: identity.invokedBy,
    identityProvider: identity.identityProvider,
    credentialId: identity.credentialId,
  };
  return withUnknown(ordered, identity) as UserIdentity;
}

function orderResource(resource: EventResource): EventResource {
  const { accountId, type, ARN, ARNPrefix } = resource;
  return withUnknown({ accountId, type, ARN, ARNPrefix }, resource) as EventResource;
}

function orderTls(details: TlsDetails): TlsDetails {
  const { tlsVersion, cipherSuite, clientProvidedHostHeader, keyExchange } = details;
  const ordered = { tlsVersion, cipherSuite, clientProvidedHostHeader, keyExchange };
  return withUnknown(ordered, details) as TlsDetails;
}

/** Adds the members of a value that have no place in the order. */
function withUnknown<Ordered extends object>(ordered: Ordered, source: object): Ordered {
  for (const name in source) {
    // What every object inherits is no member: a record may hold one that is called `constructor`.
    if (name in ordered && !(name in Object.prototype)) continue;
    const value = source[name as keyof object];
    // Not by assignment: a member `__proto__` is a member like any other.
    Object.defineProperty(ordered, name, { value, enumerable: true, configurable: true, writable: true });
  }
  return ordered;
}
