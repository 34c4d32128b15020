import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import { shapesOf } from '../../../model/query-shapes.ts';
import type { DecodedCall } from '../decoded-call.ts';
import { spellingOf } from './call-spelling.ts';
import { ec2Request } from './ec2-request.ts';
import { isAccessDenied, isThrottled, type SpelledError } from './error-spelling.ts';
import { hideTreeOf } from './hidden-members.ts';
import { lambdaRequest } from './lambda-request.ts';
import type { OperationFacts } from './operation-facts.ts';
import { s3Request } from './s3-request.ts';
import { withServiceDefaults } from './service-defaults.ts';
import { spellMembers } from './spell-members.ts';
import { UNCONFIRMED } from './unconfirmed-choices.ts';
import { headerOf } from './wire-header.ts';

/** `requestParameters`: what the client sent, spelled as CloudTrail does; null when there is nothing to tell. */
export function requestParametersOf(
  decoded: DecodedCall,
  facts: OperationFacts | undefined,
  circumstances: {
    readonly error: SpelledError | undefined;
    readonly accountId: string;
    readonly awsRegion: string;
  },
): JsonObject | null {
  const { error } = circumstances;
  const { service, protocol, signingName } = decoded.recognition;
  const key = service ?? signingName;
  if (error !== undefined && isThrottled(error.errorCode) && protocol !== 'ec2') return null;
  if (
    error !== undefined &&
    isAccessDenied(error.errorCode) &&
    (UNCONFIRMED.noParametersWhenDenied as readonly string[]).includes(key)
  )
    return null;
  if (service === 's3' || (service === undefined && decoded.s3 !== undefined))
    return orNull(s3Request(decoded));
  if (decoded.isInputTruncated) return tooLarge(decoded);
  const operation = decoded.operation ?? '';
  const hide = hideTreeOf({ service, operation, direction: 'in', modelPaths: facts?.hideIn ?? [] });
  const shapes = shapesOf(service);
  if (protocol === 'ec2') return ec2Request({ input: decoded.input ?? {}, operation, shapes, hide });
  const type = shapes?.operations[operation]?.[0] ?? '';
  const input = withServiceDefaults(decoded);
  const spelled = spellMembers(input, { type, hide, spelling: spellingOf(decoded, facts) });
  if (service === 's3control') return orNull(s3Control(decoded, spelled));
  return orNull(service === 'lambda' ? lambdaRequest(operation, spelled, circumstances) : spelled);
}

/** What is larger than a capture is larger than a record may hold: CloudTrail's marker tells the size of the body. */
function tooLarge(decoded: DecodedCall): JsonObject {
  const originalSize = decoded.call.requestBody.sizeBytes;
  return { reason: 'requestParameters too large', omitted: true, originalSize };
}

/** S3 Control names its host, which names the account, so the account itself is left out. */
function s3Control(decoded: DecodedCall, spelled: JsonObject): JsonObject {
  const { accountId: _, ...rest } = spelled;
  const host = headerOf(decoded.call.head.headers, 'host')?.replace(/:\d+$/, '');
  return host === undefined ? rest : { ...rest, Host: host };
}

function orNull(parameters: JsonObject): JsonObject | null {
  for (const _name in parameters) return parameters;
  return null;
}
