import { parseArn, partitionOf } from '../../../model/arn.ts';
import type { EventResource, Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import type { DecodedCall } from '../decoded-call.ts';
import { answerOf } from './answer-members.ts';
import type { DataRow } from './data-events.ts';
import { isObject } from './spell-members.ts';

interface Circumstances {
  readonly accountId: string;
  readonly awsRegion: string;
  readonly hasFailed: boolean;
}

/** S3 calls that list, so that the object's entry tells a prefix. */
const S3_LISTS = new Set([
  'ListObjects',
  'ListObjectsV2',
  'ListObjectVersions',
  'HeadBucket',
  'DeleteObjects',
]);

/** Management calls of S3 without entries. */
const S3_WITHOUT_RESOURCES = new Set(['CreateBucket', 'ListBuckets', 'ListDirectoryBuckets']);

/** Systems Manager: operation → templates; its entries have no type. */
const SSM_TEMPLATES: Readonly<Record<string, readonly string[]>> = {
  AddTagsToResource: [],
  DeleteParameter: ['parameter:Name'],
  DeleteParameters: ['parameter:Names'],
  GetParameter: ['parameter:Name'],
  GetParameterHistory: ['parameter:Name'],
  GetParameters: ['parameter:Names'],
  GetParametersByPath: ['parameter:Path'],
  LabelParameterVersion: ['parameter:Name'],
  ListInstanceAssociations: ['instance:InstanceId'],
  PutInventory: ['instance:InstanceId', 'inventory:InstanceId'],
  PutParameter: ['parameter:Name'],
  UnlabelParameterVersion: ['parameter:Name'],
  UpdateInstanceAssociationStatus: ['association:AssociationId', 'instance:InstanceId'],
};

const STS_ROLE_OPERATIONS = new Set(['AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity']);

/** `resources` of a record; undefined for services that write none. */
export function eventResourcesOf(
  decoded: DecodedCall,
  data: DataRow | undefined,
  circumstances: Circumstances,
): readonly EventResource[] | undefined {
  const resources = entriesOf(decoded, data, circumstances);
  return resources.length === 0 ? undefined : resources;
}

function entriesOf(
  decoded: DecodedCall,
  data: DataRow | undefined,
  circumstances: Circumstances,
): readonly EventResource[] {
  const { service } = decoded.recognition;
  if (service === 's3') return s3Entries(decoded, data !== undefined, circumstances);
  if (data !== undefined) return dataEntries(decoded, data, circumstances);
  if (service === 'kms') return kmsEntries(decoded, circumstances);
  if (service === 'ssm') return circumstances.hasFailed ? [] : ssmEntries(decoded, circumstances);
  if (service === 'sts') return circumstances.hasFailed ? [] : stsEntries(decoded);
  return [];
}

function s3Entries(decoded: DecodedCall, isData: boolean, circumstances: Circumstances): EventResource[] {
  const { s3, operation = '' } = decoded;
  if (s3?.bucket === undefined || (!isData && S3_WITHOUT_RESOURCES.has(operation))) return [];
  const partition = partitionOf(circumstances.awsRegion);
  const bucketArn = s3.bucket.startsWith('arn:') ? s3.bucket : `arn:${partition}:s3:::${s3.bucket}`;
  const bucket = { accountId: circumstances.accountId, type: 'AWS::S3::Bucket', ARN: bucketArn };
  if (!isData) return [bucket];
  const type = 'AWS::S3::Object';
  if (s3.key === undefined || S3_LISTS.has(operation)) {
    const prefix = s3.query.find(([name]) => name === 'prefix')?.[1] ?? '';
    return [{ type, ARNPrefix: `${bucketArn}/${prefix}` }, bucket];
  }
  return [{ type, ARN: `${bucketArn}/${s3.key}` }, bucket];
}

function dataEntries(decoded: DecodedCall, data: DataRow, circumstances: Circumstances): EventResource[] {
  const { input = {} } = decoded;
  const { accountId } = circumstances;
  const [resource] = data.resources;
  if (resource === undefined) return [];
  if (data.source === 'sns') return snsEntries(input, accountId);
  if (data.source === 'dynamodb') return dynamoEntries(input, resource.type, circumstances);
  if (resource.template === undefined) return [{ type: resource.type }];
  const arn = fillTemplate(resource.template, input, circumstances);
  return [{ accountId, type: resource.type, ...(arn === undefined ? {} : { ARN: arn }) }];
}

function snsEntries(input: JsonObject, accountId: string): EventResource[] {
  const arn = input.TopicArn ?? input.TargetArn;
  if (typeof arn !== 'string') return [];
  const isEndpoint = parseArn(arn)?.resource.startsWith('endpoint/') ?? false;
  const type = isEndpoint ? 'AWS::SNS::PlatformEndpoint' : 'AWS::SNS::Topic';
  return [{ accountId, type, ARN: arn }];
}

/** One entry for each table that a call names; a stream is followed by its table. */
function dynamoEntries(input: JsonObject, type: string, circumstances: Circumstances): EventResource[] {
  const { accountId, awsRegion } = circumstances;
  const stream = input.StreamArn;
  if (typeof stream === 'string') {
    const table = { accountId, type: 'AWS::DynamoDB::Table', ARN: stream.replace(/\/stream\/.*$/, '') };
    return [{ accountId, type: 'AWS::DynamoDB::Stream', ARN: stream }, table];
  }
  const arns = [...tableNames(input)].map((name) =>
    name.startsWith('arn:')
      ? name
      : `arn:${partitionOf(awsRegion)}:dynamodb:${awsRegion}:${accountId}:table/${name}`,
  );
  return [...new Set(arns)].map((arn) => ({ accountId, type, ARN: arn }));
}

function* tableNames(input: JsonObject): Iterable<string> {
  if (typeof input.TableName === 'string') yield input.TableName;
  if (isObject(input.RequestItems ?? null)) yield* Object.keys(input.RequestItems as JsonObject);
  for (const item of arrayOf(input.TransactItems)) {
    for (const action of isObject(item) ? Object.values(item) : [])
      if (isObject(action) && typeof action.TableName === 'string') yield action.TableName;
  }
}

/** The key, by ARN: as the answer names it, else as the request does. */
function kmsEntries(decoded: DecodedCall, circumstances: Circumstances): EventResource[] {
  const answer = answerOf(decoded) ?? {};
  const metadata = answer.KeyMetadata;
  const candidates = [answer.KeyId, isObject(metadata ?? null) ? (metadata as JsonObject).Arn : undefined];
  const arn = [...candidates, decoded.input?.KeyId, decoded.input?.TargetKeyId].find(
    (value): value is string => typeof value === 'string' && value !== '' && !value.startsWith('alias/'),
  );
  if (arn === undefined) return [];
  const parsed = parseArn(arn);
  if (parsed?.resource.startsWith('alias/')) return [];
  const { awsRegion } = circumstances;
  const full = parsed
    ? arn
    : `arn:${partitionOf(awsRegion)}:kms:${awsRegion}:${circumstances.accountId}:key/${arn}`;
  return [{ accountId: parsed?.accountId ?? circumstances.accountId, type: 'AWS::KMS::Key', ARN: full }];
}

function ssmEntries(decoded: DecodedCall, circumstances: Circumstances): EventResource[] {
  const { input = {}, operation = '' } = decoded;
  const templates = Object.hasOwn(SSM_TEMPLATES, operation) ? (SSM_TEMPLATES[operation] ?? []) : [];
  return templates.flatMap((template) => {
    const [kind = '', member = ''] = template.split(':');
    const value = input[member];
    const names = typeof value === 'string' ? [value] : arrayOf(value);
    return names
      .filter((name) => typeof name === 'string')
      .map((name) => ({ accountId: circumstances.accountId, ARN: ssmArn(kind, name, circumstances) }));
  });
}

function ssmArn(kind: string, name: string, { accountId, awsRegion }: Circumstances): string {
  if (name.startsWith('arn:')) return name;
  const prefix = `arn:${partitionOf(awsRegion)}`;
  if (kind === 'instance')
    return name.startsWith('mi-')
      ? `${prefix}:ssm:${awsRegion}:${accountId}:managed-instance/${name}`
      : `${prefix}:ec2:${awsRegion}:${accountId}:instance/${name}`;
  if (kind === 'inventory')
    return `${prefix}:ssm:${awsRegion}:${accountId}:managed-instance-inventory/${name}`;
  return `${prefix}:ssm:${awsRegion}:${accountId}:${kind}/${name.replace(/^\//, '')}`;
}

function stsEntries(decoded: DecodedCall): EventResource[] {
  const arn = decoded.input?.RoleArn;
  if (typeof arn !== 'string' || !STS_ROLE_OPERATIONS.has(decoded.operation ?? '')) return [];
  const accountId = parseArn(arn)?.accountId ?? '';
  return [{ ...(accountId === '' ? {} : { accountId }), type: 'AWS::IAM::Role', ARN: arn }];
}

/** Undefined when a member that the template needs was not sent. */
function fillTemplate(template: string, input: JsonObject, circumstances: Circumstances): string | undefined {
  const { accountId, awsRegion } = circumstances;
  let whole: string | undefined;
  let isMissing = false;
  const filled = template.replace(/\{([^}]+)\}/g, (_, field: string) => {
    if (field === 'P') return partitionOf(awsRegion);
    if (field === 'R') return awsRegion;
    if (field === 'A') return accountId;
    const [names = '', part] = field.split(':');
    const value = names
      .split('|')
      .map((name) => input[name])
      .find((candidate) => typeof candidate === 'string');
    if (typeof value !== 'string' || value === '') {
      isMissing = true;
      return '';
    }
    if (part !== undefined) return urlPart(value, part, accountId);
    if (value.startsWith('arn:')) whole = value;
    return value;
  });
  return whole ?? (isMissing ? undefined : filled);
}

/** Parts of a queue's URL: `https://host/<account>/<last>`. */
function urlPart(url: string, part: string, accountId: string): string {
  const steps = url.split('/').filter((step) => step !== '');
  if (part === 'last') return steps.at(-1) ?? '';
  const account = steps.at(-2) ?? '';
  return /^\d{12}$/.test(account) ? account : accountId;
}

function arrayOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}
