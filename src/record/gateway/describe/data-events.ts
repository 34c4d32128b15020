import { UNCONFIRMED } from './unconfirmed-choices.ts';

/**
 * How the ARN of a resource is found in the members of the input (SDK names): `{P}` partition, `{R}` Region, `{A}` account,
 * `{Member}` the member's value; a member that already is an ARN is taken as it is.
 */
export interface DataResource {
  readonly type: string;
  readonly template?: string;
}

export interface DataRow {
  /** Prefix of `eventSource`. */
  readonly source: string;
  readonly operations: readonly string[];
  readonly resources: readonly DataResource[];
}

const S3_OBJECT_OPERATIONS = [
  ...[
    'AbortMultipartUpload',
    'CompleteMultipartUpload',
    'CopyObject',
    'CreateMultipartUpload',
    'CreateSession',
  ],
  ...[
    'DeleteObject',
    'DeleteObjectTagging',
    'DeleteObjects',
    'GetObject',
    'GetObjectAcl',
    'GetObjectAttributes',
  ],
  ...['GetObjectLegalHold', 'GetObjectRetention', 'GetObjectTagging', 'GetObjectTorrent', 'HeadBucket'],
  ...[
    'HeadObject',
    'ListObjects',
    'ListObjectsV2',
    'ListObjectVersions',
    'ListParts',
    'PutObject',
    'PutObjectAcl',
  ],
  ...['PutObjectLegalHold', 'PutObjectRetention', 'PutObjectTagging', 'RenameObject', 'RestoreObject'],
  ...['PutObjectAnnotation', 'GetObjectAnnotation', 'ListObjectAnnotations', 'DeleteObjectAnnotation'],
  ...['SelectObjectContent', 'UpdateObjectEncryption', 'UploadPart', 'UploadPartCopy', 'PreflightRequest'],
  ...(UNCONFIRMED.listMultipartUploadsIsData ? ['ListMultipartUploads'] : []),
];

const TABLE = 'arn:{P}:dynamodb:{R}:{A}:table/{TableName}';
const QUEUE = 'arn:{P}:sqs:{R}:{QueueUrl:account}:{QueueUrl:last}';

/** Operations on or inside a resource, with the type of the resource: everything else is management. */
const DATA_ROWS: readonly DataRow[] = [
  // S3 writes its own entries (object, then bucket): see event-resources.ts.
  row('s3', S3_OBJECT_OPERATIONS.join(' '), { type: 'AWS::S3::Object' }),
  row('s3express', S3_OBJECT_OPERATIONS.join(' '), { type: 'AWS::S3Express::Object' }),
  row('s3-object-lambda', 'GetObject HeadObject WriteGetObjectResponse', {
    type: 'AWS::S3ObjectLambda::AccessPoint',
  }),
  row('lambda', 'Invoke InvokeAsync InvokeWithResponseStream', {
    type: 'AWS::Lambda::Function',
    template: 'arn:{P}:lambda:{R}:{A}:function:{FunctionName}',
  }),
  row(
    'dynamodb',
    `BatchExecuteStatement BatchGetItem BatchWriteItem DeleteItem ExecuteStatement ExecuteTransaction GetItem PutItem
    Query Scan SearchVectors TransactGetItems TransactWriteItems UpdateItem`,
    { type: 'AWS::DynamoDB::Table', template: TABLE },
  ),
  row('dynamodb', 'GetRecords GetShardIterator', { type: 'AWS::DynamoDB::Stream', template: '{StreamArn}' }),
  row('ebs', 'ListSnapshotBlocks GetSnapshotBlock PutSnapshotBlock', {
    type: 'AWS::EC2::Snapshot',
    template: 'arn:{P}:ec2:{R}::snapshot/{SnapshotId}',
  }),
  row('ebs', 'ListChangedBlocks', {
    type: 'AWS::EC2::Snapshot',
    template: 'arn:{P}:ec2:{R}::snapshot/{SecondSnapshotId}',
  }),
  row(
    'sqs',
    `SendMessage SendMessageBatch ReceiveMessage DeleteMessage DeleteMessageBatch ChangeMessageVisibility
    ChangeMessageVisibilityBatch GetQueueAttributes ListQueueTags ListDeadLetterSourceQueues`,
    { type: 'AWS::SQS::Queue', template: QUEUE },
  ),
  row('sqs', 'GetQueueUrl', { type: 'AWS::SQS::Queue', template: 'arn:{P}:sqs:{R}:{A}:{QueueName}' }),
  row('sqs', 'ListQueues', { type: 'AWS::SQS::Queue', template: 'arn:{P}:sqs:{R}:{A}:*' }),
  row('sns', 'PublishBatch', { type: 'AWS::SNS::Topic', template: '{TopicArn}' }),
  // A publish to an endpoint of a platform changes its type: see event-resources.ts.
  row('sns', 'Publish', { type: 'AWS::SNS::Topic', template: '{TopicArn}' }),
  row('kinesis', 'PutRecord PutRecords GetRecords GetShardIterator', {
    type: 'AWS::Kinesis::Stream',
    template: 'arn:{P}:kinesis:{R}:{A}:stream/{StreamARN|StreamName}',
  }),
  row('kinesis', 'SubscribeToShard', { type: 'AWS::Kinesis::StreamConsumer', template: '{ConsumerARN}' }),
  row('kinesisvideo', 'GetMedia PutMedia GetMediaForFragmentList GetHLSStreamingSessionURL', {
    type: 'AWS::KinesisVideo::Stream',
    template: '{StreamARN}',
  }),
  row('firehose', 'PutRecord PutRecordBatch', {
    type: 'AWS::KinesisFirehose::DeliveryStream',
    template: 'arn:{P}:firehose:{R}:{A}:deliverystream/{DeliveryStreamName}',
  }),
  row(
    'rdsdataapi',
    'BatchExecuteStatement BeginTransaction CommitTransaction ExecuteStatement RollbackTransaction',
    {
      type: 'AWS::RDS::DBCluster',
      template: '{resourceArn}',
    },
  ),
  row(
    'cognito-identity',
    'GetId GetCredentialsForIdentity GetOpenIdToken GetOpenIdTokenForDeveloperIdentity UnlinkIdentity',
    {
      type: 'AWS::Cognito::IdentityPool',
      template: 'arn:{P}:cognito-identity:{R}:{A}:identitypool/{IdentityPoolId}',
    },
  ),
  row('cloudtrail-data', 'PutAuditEvents', {
    type: 'AWS::CloudTrail::Channel',
    template: 'arn:{P}:cloudtrail:{R}:{A}:channel/{channelArn}',
  }),
  row('monitoring', 'PutMetricData GetMetricData GetMetricWidgetImage GetMetricStatistics ListMetrics', {
    type: 'AWS::CloudWatch::Metric',
  }),
  row(
    'cloudfront-keyvaluestore',
    'DeleteKey DeleteKeys DescribeKeyValueStore GetKey ListKeys PutKey PutKeys UpdateKeys',
    { type: 'AWS::CloudFront::KeyValueStore', template: '{KvsARN}' },
  ),
  row('ssm', 'RequestManagedInstanceRoleToken', { type: 'AWS::SSM::ManagedNode' }),
  row('ssmmessages', 'CreateControlChannel OpenControlChannel', { type: 'AWS::SSMMessages::ControlChannel' }),
  row('states', 'InvokeHTTPEndpoint StartSyncExecution', {
    type: 'AWS::StepFunctions::StateMachine',
    template: '{stateMachineArn}',
  }),
  row('states', 'GetActivityTask', { type: 'AWS::StepFunctions::Activity', template: '{activityArn}' }),
  row(
    'xray',
    `PutTraceSegments GetTraceSummaries GetTraceGraph GetServiceGraph BatchGetTraces GetTimeSeriesServiceStatistics
    PutTelemetryRecords GetSamplingTargets`,
    { type: 'AWS::XRay::Trace' },
  ),
  row('ses', 'SendEmail SendRawEmail SendTemplatedEmail SendBulkTemplatedEmail SendBulkEmail', {
    type: 'AWS::SES::EmailIdentity',
  }),
  row('appconfig', 'StartConfigurationSession GetLatestConfiguration', {
    type: 'AWS::AppConfig::Configuration',
    template:
      'arn:{P}:appconfig:{R}:{A}:application/{ApplicationIdentifier}/environment/{EnvironmentIdentifier}/configuration/{ConfigurationProfileIdentifier}',
  }),
  row('b2bi', 'GetTransformerJob StartTransformerJob', {
    type: 'AWS::B2BI::Transformer',
    template: 'arn:{P}:b2bi:{R}:{A}:transformer/{transformerId}',
  }),
  row('bedrock', 'InvokeAgent', {
    type: 'AWS::Bedrock::AgentAlias',
    template: 'arn:{P}:bedrock:{R}:{A}:agent-alias/{agentId}/{agentAliasId}',
  }),
  row('bedrock', 'StartAsyncInvoke GetAsyncInvoke', { type: 'AWS::Bedrock::AsyncInvoke' }),
  row('bedrock', 'InvokeFlow', { type: 'AWS::Bedrock::FlowAlias' }),
  row('bedrock', 'ApplyGuardrail', { type: 'AWS::Bedrock::Guardrail' }),
  row('bedrock', 'InvokeInlineAgent', { type: 'AWS::Bedrock::InlineAgent' }),
  row('bedrock', 'Retrieve RetrieveAndGenerate', {
    type: 'AWS::Bedrock::KnowledgeBase',
    template: 'arn:{P}:bedrock:{R}:{A}:knowledge-base/{knowledgeBaseId}',
  }),
  row('bedrock', 'InvokeModelWithBidirectionalStream', { type: 'AWS::Bedrock::Model' }),
  row('bedrock', 'RenderPrompt', { type: 'AWS::Bedrock::PromptVersion' }),
  row('sagemaker', 'InvokeEndpointWithResponseStream', {
    type: 'AWS::SageMaker::Endpoint',
    template: 'arn:{P}:sagemaker:{R}:{A}:endpoint/{EndpointName}',
  }),
];

const BY_OPERATION: ReadonlyMap<string, DataRow> = new Map(
  DATA_ROWS.flatMap((data) => data.operations.map((operation) => [`${data.source}:${operation}`, data])),
);

/** The row of a data event; undefined for management calls. */
export function dataRowOf(eventSource: string, operation: string | undefined): DataRow | undefined {
  return BY_OPERATION.get(`${eventSource.slice(0, eventSource.indexOf('.'))}:${operation}`);
}

function row(source: string, operations: string, ...resources: DataResource[]): DataRow {
  return { source, operations: operations.trim().split(/\s+/), resources };
}
