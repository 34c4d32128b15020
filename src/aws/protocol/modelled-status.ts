/**
 * HTTP statuses that CloudTrail's Smithy model assigns, where they are not 400. The real service has only been seen to
 * answer 400 for all of them, so they are used only where `errorStatus` is `modelled`.
 */
export const modelledStatus: Readonly<Record<string, number>> = {
  AccessDeniedException: 403,
  AccountNotFoundException: 404,
  ChannelNotFoundException: 404,
  ConflictException: 409,
  EventDataStoreNotFoundException: 404,
  ImportNotFoundException: 404,
  InsufficientS3BucketPolicyException: 403,
  InsufficientSnsTopicPolicyException: 403,
  MaxConcurrentQueriesException: 429,
  MaximumNumberOfTrailsExceededException: 403,
  NoManagementAccountSLRExistsException: 403,
  NotOrganizationManagementAccountException: 403,
  OrganizationsNotInUseException: 404,
  QueryIdNotFoundException: 404,
  ResourcePolicyNotFoundException: 404,
  S3BucketDoesNotExistException: 404,
  ThrottlingException: 429,
  TrailNotFoundException: 404,
  TrailNotProvidedException: 404,
};
