import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import { membersOf, type ServiceShapes, shapesOf } from '../../../model/query-shapes.ts';
import type { DecodedCall } from '../decoded-call.ts';
import { answerOf } from './answer-members.ts';
import { spellingOf } from './call-spelling.ts';
import { ec2Response } from './ec2-response.ts';
import { hideTreeOf } from './hidden-members.ts';
import type { OperationFacts } from './operation-facts.ts';
import { isObject, spellMembers } from './spell-members.ts';
import { headerOf } from './wire-header.ts';

/** Read-only operations whose answer is recorded all the same. */
const RECORDED_READS = new Set(['AssumeRole', 'AssumeRoleWithSAML', 'AssumeRoleWithWebIdentity']);

/** Services that record the one structure of an answer without its name (observed for RDS, by lineage for the others). */
const WITHOUT_WRAPPER = new Set(['rds', 'docdb', 'neptune', 'elasticache', 'redshift']);

/** Secrets Manager records of these answers the secret's ARN alone, in lower case (observed). */
const ARN_ALONE = new Set(['CreateSecret', 'PutSecretValue']);

/** KMS operations on data, whose answers are never recorded. */
const KMS_CRYPTOGRAPHY = /^(?:Encrypt|Decrypt|ReEncrypt|Generate|Sign|Verify|DeriveSharedSecret)/;

/** Headers of an S3 write that are recorded as its answer. */
const S3_ANSWER_HEADERS = [
  'x-amz-expiration',
  'x-amz-server-side-encryption',
  'x-amz-server-side-encryption-aws-kms-key-id',
  'x-amz-server-side-encryption-bucket-key-enabled',
  'x-amz-server-side-encryption-context',
  'x-amz-version-id',
  'x-amz-copy-source-version-id',
  'x-amz-delete-marker',
];

/** `responseElements`: the answer of a call that changed something; null for reads, failures and empty answers. */
export function responseElementsOf(
  decoded: DecodedCall,
  facts: OperationFacts | undefined,
  circumstances: {
    readonly isReadOnly: boolean;
    readonly isData: boolean;
    readonly hasFailed: boolean;
    readonly requestId: string;
  },
): JsonObject | null {
  const { service, protocol } = decoded.recognition;
  const operation = decoded.operation ?? '';
  if (circumstances.hasFailed || decoded.call.response === undefined) return null;
  if (circumstances.isReadOnly && !(service === 'sts' && RECORDED_READS.has(operation))) return null;
  if (service === 's3') return circumstances.isData ? s3Answer(decoded) : null;
  if (circumstances.isData || (service === 'kms' && KMS_CRYPTOGRAPHY.test(operation))) return null;
  const hide = hideTreeOf({ service, operation, direction: 'out', modelPaths: facts?.hideOut ?? [] });
  const shapes = shapesOf(service);
  if (protocol === 'ec2') {
    const output = answerOf(decoded) ?? {};
    return ec2Response({ output, operation, requestId: circumstances.requestId, shapes, hide });
  }
  const output = answerOf(decoded);
  if (output === undefined) return null;
  if (service === 'secretsmanager' && ARN_ALONE.has(operation))
    return typeof output.ARN === 'string' ? { arn: output.ARN } : null;
  const type = shapes?.operations[operation]?.[1] ?? '';
  const whole = protocol === 'rest-xml' ? withPayloadName(output, shapes, type) : output;
  const spelled = spellMembers(whole, { type, hide, spelling: spellingOf(decoded, facts) });
  const elements = WITHOUT_WRAPPER.has(service ?? '') ? withoutWrapper(spelled) : spelled;
  return Object.keys(elements).length === 0 ? null : elements;
}

/** An XML answer whose root is the one structure of the output: its name is a member of the record. */
function withPayloadName(output: JsonObject, shapes: ServiceShapes | undefined, type: string): JsonObject {
  const members = shapes === undefined ? undefined : membersOf(shapes, type);
  const structures = Object.entries(members ?? {}).filter(([, spelled]) => /(?:^|=)S\d*$/.test(spelled));
  const [only] = structures;
  if (only === undefined || structures.length !== 1) return output;
  const isWhole = Object.keys(output).some((name) => Object.hasOwn(members ?? {}, name));
  return isWhole ? output : { [only[0]]: output };
}

/** `{dBInstance: {…}}` is recorded as what is inside. */
function withoutWrapper(elements: JsonObject): JsonObject {
  const values = Object.values(elements);
  const [only] = values;
  return values.length === 1 && only !== undefined && isObject(only) ? only : elements;
}

function s3Answer(decoded: DecodedCall): JsonObject | null {
  const headers = decoded.call.response?.headers ?? [];
  const elements: Record<string, Json> = {};
  for (const name of S3_ANSWER_HEADERS) {
    const value = headerOf(headers, name);
    if (value !== undefined) elements[name] = value;
  }
  return Object.keys(elements).length === 0 ? null : elements;
}
