/** A difference between a real record and ours that is understood, and why it cannot or should not be removed. */
export interface KnownDifference {
  /** `<source>:<eventName>`. */
  readonly event: RegExp;
  readonly path: RegExp;
  readonly reason: string;
}

export const KNOWN_DIFFERENCES: readonly KnownDifference[] = [
  {
    event: /^ec2:Create(?:RouteTable|NetworkInterface)$/,
    path: /^requestParameters\.clientToken$/,
    reason: 'the SDK of today sends a token by itself that the one of 2023 did not',
  },
  {
    event: /^ec2:CreateNetworkInterface$/,
    path: /^requestParameters\.denyAllIgwTraffic$/,
    reason: 'sent by RDS for itself: the public API has no such member',
  },
  {
    event: /^health:DescribeEventAggregates$/,
    path: /^requestParameters\.filter\.startTimes\[\d+\]\.from$/,
    reason: 'Health writes dates with and without the second comma within one hour; ours is the newer form',
  },
  {
    event: /^ssm:SendCommand$/,
    path: /^requestParameters\.interactive$/,
    reason: 'added by the service: the public API has no such member',
  },
  {
    event: /^s3:GetStorageLensConfiguration$/,
    path: /^requestParameters\.configId$/,
    reason: 'the real record leaves the member out that is in the path, so its value had to be invented',
  },
];
