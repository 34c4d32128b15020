/** JSON as it is on the wire. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type JsonObject = { readonly [key: string]: Json };

export type EventCategory = 'Management' | 'Data' | 'NetworkActivity' | 'Insight' | 'Aggregated';
export type EventType =
  | 'AwsApiCall'
  | 'AwsServiceEvent'
  | 'AwsConsoleAction'
  | 'AwsConsoleSignIn'
  | 'AwsVpceEvent'
  | 'AwsCloudTrailInsight'
  | 'AwsAggregatedEvent';

/** The issuer of temporary credentials; `{}` where there is none. */
export interface SessionIssuer {
  readonly type?: string;
  readonly principalId?: string;
  readonly arn?: string;
  readonly accountId?: string;
  readonly userName?: string;
}

export interface SessionContext {
  readonly sessionIssuer?: SessionIssuer;
  readonly webIdFederationData?: JsonObject;
  readonly attributes?: { readonly creationDate: string; readonly mfaAuthenticated: string };
  readonly sourceIdentity?: string;
  readonly ec2RoleDelivery?: string;
}

/** Who called. Members in the order in which real records have them. */
export interface UserIdentity {
  readonly type?: string;
  readonly principalId?: string;
  readonly arn?: string;
  readonly accountId?: string;
  readonly accessKeyId?: string;
  readonly userName?: string;
  readonly sessionContext?: SessionContext;
  readonly invokedBy?: string;
  readonly identityProvider?: string;
  readonly credentialId?: string;
}

export interface EventResource {
  readonly accountId?: string;
  readonly type?: string;
  readonly ARN?: string;
  readonly ARNPrefix?: string;
}

export interface TlsDetails {
  readonly tlsVersion?: string;
  readonly cipherSuite?: string;
  readonly clientProvidedHostHeader?: string;
  readonly keyExchange?: string;
}

/**
 * One record as CloudTrail writes it (eventVersion 1.11). Members stand in the order that real records have;
 * `requestParameters` and `responseElements` are always present on API calls, `null` when empty; every other
 * optional member is left out. `eventTime` is UTC with whole seconds: `2026-03-02T09:14:05Z`.
 */
export interface CloudTrailEvent {
  readonly eventVersion: string;
  readonly userIdentity: UserIdentity;
  readonly eventTime: string;
  readonly eventSource: string;
  readonly eventName: string;
  readonly awsRegion: string;
  readonly sourceIPAddress: string;
  readonly userAgent?: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly requestParameters: JsonObject | null;
  readonly responseElements: JsonObject | null;
  readonly additionalEventData?: JsonObject;
  readonly requestID?: string;
  readonly eventID: string;
  readonly readOnly?: boolean;
  readonly resources?: readonly EventResource[];
  readonly eventType: EventType;
  readonly apiVersion?: string;
  readonly managementEvent?: boolean;
  readonly recipientAccountId: string;
  readonly sharedEventID?: string;
  readonly serviceEventDetails?: JsonObject;
  readonly vpcEndpointId?: string;
  readonly vpcEndpointAccountId?: string;
  readonly addendum?: JsonObject;
  readonly eventCategory: EventCategory;
  readonly tlsDetails?: TlsDetails;
  readonly sessionCredentialFromConsole?: string;
}

/** A record before intake has stamped it: without `eventVersion`, `eventID`. */
export type EventDraft = Omit<CloudTrailEvent, 'eventVersion' | 'eventID'> & { readonly eventID?: string };
