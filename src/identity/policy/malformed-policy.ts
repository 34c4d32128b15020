import { ApiError } from '../../model/api-error.ts';

/** The sentence that IAM has for most of what a policy can have wrong. */
const SYNTAX_ERRORS = 'Syntax errors in policy.';

/** What IAM answers to a document that is no policy; the sentence is AWS's own where it is known. */
export function malformedPolicy(sentence: string = SYNTAX_ERRORS, cause?: unknown): ApiError {
  return new ApiError('MalformedPolicyDocument', sentence, cause === undefined ? {} : { cause });
}
