import { ApiError } from '../../model/api-error.ts';

/** Codes of IAM on the wire and their HTTP status (botocore's service-2.json of IAM). */
const STATUS = {
  ConcurrentModification: 409,
  DeleteConflict: 409,
  EntityAlreadyExists: 409,
  EntityTemporarilyUnmodifiable: 409,
  LimitExceeded: 409,
  NoSuchEntity: 404,
  InvalidInput: 400,
  InvalidUserType: 400,
  MalformedInput: 400,
  MalformedPolicyDocument: 400,
  PasswordPolicyViolation: 400,
  PolicyNotAttachable: 400,
  UnmodifiableEntity: 400,
  ValidationError: 400,
} as const;

/** An error of IAM's own, with the status that IAM answers it with. */
export function iamError(code: keyof typeof STATUS, message: string): ApiError {
  return new ApiError(code, message, { status: STATUS[code] });
}
