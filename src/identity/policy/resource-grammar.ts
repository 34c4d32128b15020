import { splitPattern } from './arn-pattern.ts';
import { malformedPolicy } from './malformed-policy.ts';
import { isVariable, tokenise } from './text-pattern.ts';

const PARTITIONS = new Set(['aws', 'aws-cn', 'aws-us-gov']);

/** Refuses what is neither `*` nor the pattern of an ARN, with the sentences that IAM has for it. */
export function checkResource(value: string, hasVariables: boolean): void {
  if (/^\*+$/.test(value)) return;
  if (!value.startsWith('arn:')) throw malformedPolicy(`Resource ${value} must be in ARN format or "*".`);
  const parts = splitPattern(tokenise(value, { hasVariables, hasWildcards: true }));
  if (parts.length < 6) throw malformedPolicy('The policy failed legacy parsing');
  const [, partition = [], vendor = [], , account = []] = parts;
  if (partition.every((token) => typeof token === 'string') && !PARTITIONS.has(partition.join(''))) {
    const name = partition.join('');
    throw malformedPolicy(`Partition "${name}" is not valid for resource "${value}".`);
  }
  if (vendor.length === 0 || !vendor.every((token) => typeof token === 'string')) {
    throw malformedPolicy('Resource vendor must be fully qualified and cannot contain regexes.');
  }
  // The account is written out or a wildcard: IAM takes no variable for it.
  if (account.some(isVariable)) throw malformedPolicy('The policy failed legacy parsing');
}
