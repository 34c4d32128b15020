import { parseArn, partitionOf } from '../../../model/arn.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';

/** UpdateFunctionCode is the one operation whose record tells the function's ARN in parts. */
export function lambdaRequest(
  operation: string,
  parameters: JsonObject,
  circumstances: { readonly accountId: string; readonly awsRegion: string },
): JsonObject {
  const { functionName } = parameters;
  if (operation !== 'UpdateFunctionCode' || typeof functionName !== 'string') return parameters;
  const arn = parseArn(functionName);
  // `name`, `name:alias`, `111122223333:function:name`, or the resource of an ARN: `function:name:7`.
  const plain = (arn?.resource ?? functionName).replace(/^(?:\d{12}:)?(?:function:)?/, '');
  const [name = '', qualifier] = plain.split(':');
  const arnPrefix = {
    partition: arn?.partition ?? partitionOf(circumstances.awsRegion),
    region: arn?.region ?? circumstances.awsRegion,
    account: arn?.accountId ?? circumstances.accountId,
  };
  const fullyQualifiedArn = {
    arnPrefix,
    relativeId: { functionName: name },
    functionQualifier: qualifier === undefined ? {} : { functionQualifier: qualifier },
  };
  return { fullyQualifiedArn, ...parameters };
}
