import type { CapturedResponse } from '../../src/model/captured-call.ts';
import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';
import { createRecogniser } from '../../src/record/gateway/create-recogniser.ts';
import { type ServiceRow, serviceTables } from '../../src/record/gateway/recognise/service-tables.ts';
import type { Description, Recogniser } from '../../src/record/gateway/recognition.ts';
import type { FoundOperation } from './find-operation.ts';
import { rebuildEc2Input } from './rebuild-ec2-input.ts';
import { rebuildInput } from './rebuild-input.ts';
import { sdkOperation } from './sdk-services.ts';
import { s3Request, tableRequest } from './table-request.ts';
import { sdkRequest, type WireRequest } from './wire-request.ts';

const REQUEST_ID = '11111111-2222-4333-8444-555555555555';

/** A recogniser for an account. */
export function recogniserFor(accountId: string): Recogniser {
  return createRecogniser({
    accountId,
    defaultRegion: 'us-east-1',
    s3Domains: [],
    random: { uuid: () => REQUEST_ID, bytes: (count) => new Uint8Array(count) },
  });
}

/** The request that a record came from, as the SDK sends it. */
export async function requestOf(
  record: CloudTrailEvent,
  found: FoundOperation,
): Promise<WireRequest | undefined> {
  const { service: key, operation } = found;
  const { requestParameters: parameters, awsRegion: region } = record;
  const service = serviceTables.service(key);
  const row = serviceTables.operation(key, operation);
  if (service === undefined || row === undefined) return undefined;
  if (key === 's3') return s3Request({ row, parameters, service, region });
  const sdk = await sdkOperation(key, operation);
  if (sdk === undefined) return tableRequest({ service, operation, row, parameters, region });
  if (key === 'ec2')
    return sdkRequest(sdk, operation, { input: rebuildEc2Input(sdk.input, operation, parameters), region });
  const rebuilt = rebuildInput(sdk.input, parameters);
  const input = key === 's3control' ? { ...s3ControlLabels(record, row.in ?? {}), ...rebuilt } : rebuilt;
  return sdkRequest(sdk, operation, { input, region });
}

/** Members that stand in the path or host of S3 Control and that its records leave out. */
function s3ControlLabels(record: CloudTrailEvent, locations: object): Record<string, string> {
  const [account = ''] = String(record.requestParameters?.Host).split('.');
  return { AccountId: account, ...('ConfigId' in locations ? { ConfigId: 'not-recorded' } : {}) };
}

/** The answer that the record tells of, on the wire of the service's protocol. */
export function answerOf(record: CloudTrailEvent, service: ServiceRow): CapturedResponse {
  const protocol = service.protocols[0] ?? 'json';
  const { errorCode } = record;
  const isXml = protocol === 'query' || protocol === 'ec2' || protocol === 'rest-xml';
  if (errorCode === undefined) return answer(200, isXml ? '' : JSON.stringify(successOf(record)), isXml);
  const code = errorCode.replace(/^(?:Client|Server)\./, '');
  const message = record.errorMessage ?? 'refused';
  const status = errorCode.startsWith('Server.') ? 500 : 400;
  if (!isXml) return answer(status, JSON.stringify({ __type: code, message }), false);
  const error = `<Error><Code>${wireCode(code, service.key)}</Code><Message>${escapeXml(message)}</Message></Error>`;
  const body =
    protocol === 'ec2'
      ? `<Response><Errors>${error}</Errors></Response>`
      : `<ErrorResponse>${error}</ErrorResponse>`;
  return answer(status, service.key === 's3' ? error : body, true);
}

/** Sends the call through recognition, decoding and description. */
export function describeReplay(
  recogniser: Recogniser,
  request: WireRequest,
  response: CapturedResponse,
): Description {
  const recognition = recogniser.recognise(request.head);
  const call = {
    head: request.head,
    requestBody: request.body,
    response,
    outcome: 'completed',
    completedAt: 1_772_442_845_000,
  } as const;
  return recogniser.describe(call, recognition, { type: 'Unknown' });
}

/** KMS answers the key that `resources` tells. */
function successOf(record: CloudTrailEvent): object {
  const key = record.resources?.find(({ type }) => type === 'AWS::KMS::Key')?.ARN;
  return key === undefined ? {} : { KeyId: key };
}

/** IAM and RDS send shorter codes than they record. */
function wireCode(code: string, service: string): string {
  if (service === 'iam') return code.replace(/Exception$/, '');
  return service === 'rds' ? code.replace(/Fault$/, '') : code;
}

function answer(status: number, text: string, isXml: boolean): CapturedResponse {
  const bytes = new TextEncoder().encode(text);
  const type = isXml ? 'text/xml' : 'application/json';
  return {
    status,
    headers: ['content-type', type, 'x-amzn-requestid', REQUEST_ID],
    body: { bytes, isTruncated: false, sizeBytes: bytes.length },
  };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
