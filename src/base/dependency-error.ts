/** What went wrong in the world: a disk, the engine, an upstream, a network. */
export interface DependencyFailure {
  /** What failed, as a noun an operator knows: `journal`, `engine`, `catalog`, `upstream`. */
  readonly dependency: string;
  /** What was asked of it: `append`, `insert`, `lookup`. */
  readonly operation: string;
  /** Whether the same call may succeed later without anyone acting. */
  readonly isRetryable: boolean;
  /** Public reason in one line; lower case, no full stop. */
  readonly reason: string;
  readonly cause?: unknown;
}

/** Retried within a budget; at the edge it becomes a throttling or internal code, with its cause logged and never sent. */
export class DependencyError extends Error {
  override readonly name = 'DependencyError';
  readonly dependency: string;
  readonly operation: string;
  readonly isRetryable: boolean;

  constructor(failure: DependencyFailure) {
    super(`${failure.dependency} ${failure.operation}: ${failure.reason}`, { cause: failure.cause });
    this.dependency = failure.dependency;
    this.operation = failure.operation;
    this.isRetryable = failure.isRetryable;
  }
}
