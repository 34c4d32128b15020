import { ApiError } from '../../../model/api-error.ts';

/** Codes of STS on the wire and their HTTP status (botocore's service-2.json of STS, and what its answers show). */
const STATUS = {
  AccessDenied: 403,
  InvalidParameterValue: 400,
  MalformedPolicyDocument: 400,
  PackedPolicyTooLarge: 400,
  ValidationError: 400,
} as const;

export function stsError(code: keyof typeof STATUS, message: string): ApiError {
  return new ApiError(code, message, { status: STATUS[code] });
}
