import { iamError } from './iam-error.ts';

/** IAM's default password policy: at least 8 characters, of three kinds out of four. */
const LENGTH_MIN = 8;
const KINDS = [/[A-Z]/, /[a-z]/, /[0-9]/, /[!@#$%^&*()_+\-=[\]{}|']/];
const KINDS_MIN = 3;

/** Throws `PasswordPolicyViolation`; says nothing of the password itself. */
export function checkPassword(password: string): void {
  if (password.length < LENGTH_MIN) {
    throw iamError('PasswordPolicyViolation', `Password should have a minimum length of ${LENGTH_MIN}`);
  }
  if (KINDS.filter((kind) => kind.test(password)).length < KINDS_MIN) {
    const message =
      'Password should contain at least three of: uppercase letters, lowercase letters, numbers, and symbols';
    throw iamError('PasswordPolicyViolation', message);
  }
}
