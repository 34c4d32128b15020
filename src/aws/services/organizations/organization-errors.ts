import { ApiError } from '../../../model/api-error.ts';

/** Errors of AWS Organizations, in its spelling: modelled ones have `Message`, and some a `Reason`. */
export function organizationError(code: string, message: string, reason?: string): ApiError {
  return new ApiError(code, message, reason === undefined ? {} : { details: { Reason: reason } });
}

export function notInUse(): ApiError {
  return organizationError(
    'AWSOrganizationsNotInUseException',
    'Your account is not a member of an organization.',
  );
}

export function accessDenied(): ApiError {
  return organizationError('AccessDeniedException', "You don't have permissions to access this resource.");
}

export function concurrentModification(): ApiError {
  const message =
    "AWS Organizations can't complete your request because it conflicts with another attempt to modify the same entity. Try again later.";
  return organizationError('ConcurrentModificationException', message);
}

export function constraintViolation(reason: string, message: string): ApiError {
  return organizationError('ConstraintViolationException', message, reason);
}

export function invalidInput(reason: string, message: string): ApiError {
  return organizationError('InvalidInputException', message, reason);
}

export function accountNotFound(): ApiError {
  return organizationError('AccountNotFoundException', "You specified an account that doesn't exist.");
}
