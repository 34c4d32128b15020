/** One call of the AWS CLI and what the record of it must have. */
export interface WireCall {
  readonly args: readonly string[];
  readonly eventSource: string;
  readonly eventName: string;
  readonly isReadOnly: boolean;
  /** Compared member by member, exactly. */
  readonly requestParameters: unknown;
  /** Members that the answer must have; null when it has to be null. */
  readonly responseElements: Readonly<Record<string, unknown>> | null;
  readonly region?: string;
  readonly errorCode?: string;
  readonly category?: 'Data';
  /** `type` and `ARN` of the resources, where they must be written. */
  readonly resources?: readonly (readonly [type: string | undefined, arn: string])[];
}
