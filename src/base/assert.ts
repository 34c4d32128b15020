/** A bug of ours: something that can never be true was found to be true. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/**
 * Throws an `InvariantError` unless the condition holds.
 *
 * For what must be true whatever a caller or the world does; never for input.
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
