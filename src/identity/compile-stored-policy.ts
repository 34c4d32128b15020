import { DependencyError } from '../base/dependency-error.ts';
import { ApiError } from '../model/api-error.ts';
import type { CompiledPolicy, PolicyKind } from './policy/compiled-policy.ts';
import type { PolicyCache } from './policy/policy-cache.ts';

/**
 * Compiles a policy that was accepted before. One that cannot be understood any more is no error of the caller, and never
 * left out, because it could be a denial: throws a `DependencyError`.
 */
export function compileStoredPolicy(policies: PolicyCache, text: string, kind: PolicyKind): CompiledPolicy {
  try {
    return policies.compile(text, kind);
  } catch (cause) {
    if (!(cause instanceof ApiError)) throw cause;
    throw new DependencyError({
      dependency: 'identity store',
      operation: 'readPolicy',
      isRetryable: false,
      reason: `a stored ${kind} policy cannot be understood: ${cause.message}`,
      cause,
    });
  }
}
