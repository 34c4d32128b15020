/**
 * Every choice that no reference confirms, in one place: change it here when real records tell otherwise.
 * Each is named after the question; the comment says what speaks for the answer.
 */
export const UNCONFIRMED = {
  /** How members are written that the API model marks as sensitive, where the service has no row of its own.
   * Real records of services with the mark keep the member and hide its value. */
  sensitiveMember: 'hide',
  /** Lambda read operations on the dated paths carry the date too; widely seen in the field. */
  lambdaSuffixOnReads: true,
  /** `Put` by analogy with the observed `GetAccelerateConfiguration`. */
  putAccelerateName: 'PutAccelerateConfiguration',
  /** EC2 records an operation that has no SOAP-era name in the wrapper form. */
  unknownEc2OperationIsWrapped: true,
  /** Query and JSON services write dates with the second comma, IAM and RDS without (both observed). */
  dateWithoutSecondComma: ['iam', 'rds', 'docdb', 'neptune'],
  /** Parameters of a denied call are left out by these services (observed for STS and Organizations). */
  noParametersWhenDenied: ['sts', 'organizations'],
  /** SQS ReceiveMessage changes visibility, so it is not read-only. */
  sqsReceiveMessageIsReadOnly: false,
  /** PartiQL statements are not read-only, a pure SELECT neither. */
  partiQlIsReadOnly: false,
  /** KMS Sign, Verify, ReEncrypt, GenerateMac … by analogy with Decrypt and Encrypt. */
  kmsCryptographyIsReadOnly: true,
  /** Bedrock Converse and InvokeModel as in the vendor's sample. */
  bedrockInvocationIsReadOnly: false,
  /** ListMultipartUploads is a management call. */
  listMultipartUploadsIsData: false,
  /** Portal calls of Identity Center. */
  awsssoportalSource: 'sso',
  /** Other partitions spell the source like the first. */
  eventSourceSuffix: '.amazonaws.com',
  /** REST members of services without compiled shapes: whole numbers under names such as `maxResults` are typed. */
  typesRestNumbersByName: true,
  /** Services that write the numbers of their REST members as the text that they were sent as (observed). */
  restNumbersAsText: ['s3control', 'servicecatalog-appregistry'],
  /** JSON members of services without compiled shapes: plausible epoch seconds under names of times are dates. */
  readsEpochByName: true,
} as const;
