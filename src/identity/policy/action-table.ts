/** What is known of an action beside its name. */
export interface ActionEntry {
  /** `cloudtrail:LookupEvents` */
  readonly name: string;
  /** Of the access levels `Read` and `List`. */
  readonly isReadOnly: boolean;
  /** Whether a statement can be about single resources of it; without it, only about `*`. */
  readonly hasResources: boolean;
}

/** The actions of AWS's services; reading them is left to who makes the table. */
export interface ActionTable {
  /** By name in any case; undefined for an action that no service has. */
  find(action: string): ActionEntry | undefined;
  /** In the order of the tables. */
  entries(): Iterable<ActionEntry>;
}
