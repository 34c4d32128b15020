/**
 * A shape of an API model, reduced to what validation needs. Lengths of strings are in characters, of lists
 * in items.
 */
export interface ApiShape {
  readonly type:
    | 'structure'
    | 'string'
    | 'list'
    | 'boolean'
    | 'blob'
    | 'timestamp'
    | 'double'
    | 'float'
    | 'integer'
    | 'long'
    | 'map';
  readonly members?: Readonly<Record<string, ApiMember>>;
  readonly required?: readonly string[];
  readonly member?: string;
  readonly key?: string;
  readonly value?: string;
  readonly min?: number;
  readonly max?: number;
  readonly pattern?: string;
  readonly enum?: readonly string[];
}

export interface ApiMember {
  readonly shape: string;
  readonly location?: string;
  readonly locationName?: string;
}

export interface ApiOperation {
  readonly http: readonly string[];
  readonly input: string;
  readonly output: string;
  /** Names of the modelled errors, as on the wire. */
  readonly errors: readonly string[];
  readonly idempotent?: boolean;
}

export interface ServiceApi {
  readonly operations: Readonly<Record<string, ApiOperation>>;
  /**
   * Input and output shapes; the shapes of errors are left out, because none has a member beside its message.
   */
  readonly shapes: Readonly<Record<string, ApiShape>>;
}
