import { DependencyError } from '../base/dependency-error.ts';
import { ApiError } from '../model/api-error.ts';

/** Seconds after which a client may try again; the engine restarts in less. */
const retryAfterSeconds = 2;

/**
 * Answers `ServiceUnavailable` with `Retry-After` while the event store is down; recording goes on meanwhile.
 */
export async function withEngine<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw engineUnavailable(cause) ?? cause;
  }
}

/** The caller's view of an event store that does not answer; undefined for any other error. */
export function engineUnavailable(cause: unknown): ApiError | undefined {
  if (!(cause instanceof DependencyError)) return undefined;
  return new ApiError('ServiceUnavailable', 'the event store is not available at present: try again', {
    isPlatform: true,
    status: 503,
    retryAfterSeconds,
    cause,
  });
}
