/** What the tables know of an operation. */
export interface OperationFacts {
  /** Paths of members that must not be seen: `Entries[].MessageBody`; `[]` each entry, `{}` each value. */
  readonly hideIn: readonly string[];
  readonly hideOut: readonly string[];
}
