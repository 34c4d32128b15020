import { ApiError } from '../../model/api-error.ts';
import type { Operation } from './operation.ts';

/**
 * An operation that AWS has and OpenTrail has not yet: it answers so, and the call is recorded like any
 * other.
 */
export function notBuilt(name: string): Operation {
  return {
    isBuilt: false,
    async run() {
      const message = `the operation ${name} is not built in this version of OpenTrail: see docs/compatibility.md`;
      throw new ApiError('UnsupportedOperationException', message);
    },
  };
}
