/**
 * Lets one at a time change what the store holds: between telling which sequence numbers a partition holds and dropping
 * it, no insert may add to it, or an event would go without being accounted for.
 */
export class StoreLock {
  #tail: Promise<unknown> = Promise.resolve();

  /** Runs the work when all that came before it has ended, however it ended. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work, work);
    this.#tail = result.catch(() => undefined);
    return result;
  }
}
