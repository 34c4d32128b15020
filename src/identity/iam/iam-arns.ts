import { parseArn } from '../../model/arn.ts';
import { iamError } from './iam-error.ts';

/** The account, and the partition that its ARNs begin with. */
export interface IamAccount {
  readonly accountId: string;
  /** `aws` */
  readonly partition: string;
}

/** `path` is `/` or `/team/`; `arn:aws:iam::111122223333:user/team/bob`. */
export function entityArn(
  { partition, accountId }: IamAccount,
  kind: 'user' | 'group' | 'role' | 'policy',
  entity: { readonly path: string; readonly name: string },
): string {
  return `arn:${partition}:iam::${accountId}:${kind}${entity.path}${entity.name}`;
}

export function rootArn({ partition, accountId }: IamAccount): string {
  return `arn:${partition}:iam::${accountId}:root`;
}

/** Where a managed policy is found. */
export interface PolicyReference {
  readonly arn: string;
  /** True for those of AWS, `arn:aws:iam::aws:policy/…`. */
  readonly isAwsManaged: boolean;
  readonly accountId: string;
  /** As in the identity store: path and name without the first slash. */
  readonly documentName: string;
  readonly policyName: string;
}

/** Throws `InvalidInput` for what is not the ARN of a managed policy. */
export function parsePolicyArn(arn: string): PolicyReference {
  const parts = parseArn(arn);
  const documentName = parts?.resource.startsWith('policy/') ? parts.resource.slice('policy/'.length) : '';
  const isPolicy = parts?.service === 'iam' && parts.region === '' && /^(aws|\d{12})$/.test(parts.accountId);
  if (!isPolicy || documentName === '' || documentName.endsWith('/')) {
    throw iamError('InvalidInput', `ARN ${arn} is not valid.`);
  }
  return {
    arn,
    isAwsManaged: parts.accountId === 'aws',
    accountId: parts.accountId,
    documentName,
    policyName: documentName.slice(documentName.lastIndexOf('/') + 1),
  };
}
