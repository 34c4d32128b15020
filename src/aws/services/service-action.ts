import type { EventDraft, JsonObject } from '../../model/cloudtrail-event.ts';

/** Something that OpenTrail does by itself in the name of a service, because a call that was answered asks for it. */
export interface ServiceAction {
  /** In whose name: `cloudtrail.amazonaws.com`. */
  readonly invokedBy: string;
  /** `iam.amazonaws.com` */
  readonly eventSource: string;
  readonly eventName: string;
  /** In which it is done, and whose history has it. */
  readonly accountId: string;
  readonly requestParameters: JsonObject;
  readonly responseElements: JsonObject | null;
}

/** Records what was done. Resolves when that is durable, or was refused and counted. */
export type RecordServiceAction = (action: ServiceAction) => Promise<void>;

/** The record of such an action, as CloudTrail has those of services that act by themselves. */
export function serviceActionDraft(
  action: ServiceAction,
  facts: { readonly eventTime: string; readonly requestId: string },
): EventDraft {
  const { invokedBy, eventSource, eventName, accountId, requestParameters, responseElements } = action;
  return {
    userIdentity: { type: 'AWSService', invokedBy },
    eventTime: facts.eventTime,
    eventSource,
    eventName,
    // IAM and Organizations are global services, whose events are those of this Region.
    awsRegion: 'us-east-1',
    sourceIPAddress: invokedBy,
    userAgent: invokedBy,
    requestParameters,
    responseElements,
    requestID: facts.requestId,
    readOnly: false,
    eventType: 'AwsApiCall',
    managementEvent: true,
    recipientAccountId: accountId,
    eventCategory: 'Management',
  };
}
