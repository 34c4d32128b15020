import type { CloudTrailEvent, EventResource, TlsDetails, UserIdentity } from './cloudtrail-event.ts';

/** Members of a record in the order of real ones, observed in delivered log files. */
const EVENT_ORDER: readonly (keyof CloudTrailEvent)[] = [
  ...(['eventVersion', 'userIdentity', 'eventTime', 'eventSource', 'eventName', 'awsRegion'] as const),
  ...(['sourceIPAddress', 'userAgent', 'errorCode', 'errorMessage', 'requestParameters'] as const),
  ...(['responseElements', 'additionalEventData', 'requestID', 'eventID', 'readOnly', 'resources'] as const),
  ...(['eventType', 'apiVersion', 'managementEvent', 'recipientAccountId', 'sharedEventID'] as const),
  ...(['serviceEventDetails', 'vpcEndpointId', 'vpcEndpointAccountId', 'addendum', 'eventCategory'] as const),
  ...(['tlsDetails', 'sessionCredentialFromConsole'] as const),
];

const IDENTITY_ORDER: readonly (keyof UserIdentity)[] = [
  ...(['type', 'principalId', 'arn', 'accountId', 'accessKeyId', 'userName', 'sessionContext'] as const),
  ...(['invokedBy', 'identityProvider', 'credentialId'] as const),
];

const RESOURCE_ORDER: readonly (keyof EventResource)[] = ['accountId', 'type', 'ARN', 'ARNPrefix'];

const TLS_ORDER: readonly (keyof TlsDetails)[] = [
  'tlsVersion',
  'cipherSuite',
  'clientProvidedHostHeader',
  'keyExchange',
];

/** Puts the members of a record into the order of real ones; members that it does not know come last, as they stood. */
export function orderEvent(event: CloudTrailEvent): CloudTrailEvent {
  const ordered = inOrder(event, EVENT_ORDER) as {
    -readonly [Key in keyof CloudTrailEvent]: CloudTrailEvent[Key];
  };
  ordered.userIdentity = inOrder(event.userIdentity, IDENTITY_ORDER);
  if (event.resources !== undefined)
    ordered.resources = event.resources.map((resource) => inOrder(resource, RESOURCE_ORDER));
  if (event.tlsDetails !== undefined) ordered.tlsDetails = inOrder(event.tlsDetails, TLS_ORDER);
  return ordered;
}

function inOrder<Value extends object>(value: Value, order: readonly (keyof Value)[]): Value {
  const ordered: Partial<Value> = {};
  let count = 0;
  for (const name of order) {
    const member = value[name];
    if (member === undefined) continue;
    ordered[name] = member;
    count++;
  }
  const names = Object.keys(value) as (keyof Value)[];
  // Nearly every record has only known members: then nothing is left to look for.
  if (names.length === count) return ordered as Value;
  for (const name of names)
    if (!Object.hasOwn(ordered, name) && value[name] !== undefined) ordered[name] = value[name];
  return ordered as Value;
}
