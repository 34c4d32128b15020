/** The parts of an Amazon Resource Name; empty text where a part is empty. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly accountId: string;
  /** Everything after the account: `user/team/bob`, `function:name`. */
  readonly resource: string;
}

/** Splits `arn:aws:iam::111122223333:user/bob`; undefined for what is no ARN. */
export function parseArn(text: string): Arn | undefined {
  if (!text.startsWith('arn:')) return undefined;
  const parts = text.split(':');
  if (parts.length < 6) return undefined;
  const [, partition = '', service = '', region = '', accountId = ''] = parts;
  return { partition, service, region, accountId, resource: parts.slice(5).join(':') };
}

/** Partition of a Region: `aws-cn` for `cn-north-1`, `aws-us-gov` for `us-gov-west-1`, else `aws`. */
export function partitionOf(region: string): string {
  if (region.startsWith('cn-')) return 'aws-cn';
  if (region.startsWith('us-gov-')) return 'aws-us-gov';
  return 'aws';
}
