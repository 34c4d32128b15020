/** `AWSCloudTrail_ReadOnlyAccess` as AWS publishes it. */
export const CLOUD_TRAIL_READ_ONLY_ACCESS = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": [
        "cloudtrail:Get*",
        "cloudtrail:Describe*",
        "cloudtrail:List*",
        "cloudtrail:LookupEvents"
      ],
      "Resource": "*"
    }
  ]
}
`;
