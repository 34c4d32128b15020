import { stsError } from './sts-error.ts';

/** There are no MFA devices here: a code that nobody can check is a wrong one. Throws `AccessDenied`. */
export function refuseMfa(input: {
  readonly SerialNumber?: string | undefined;
  readonly TokenCode?: string | undefined;
}): void {
  if (input.SerialNumber === undefined && input.TokenCode === undefined) return;
  throw stsError('AccessDenied', 'MultiFactorAuthentication failed with invalid MFA one time pass code.');
}
