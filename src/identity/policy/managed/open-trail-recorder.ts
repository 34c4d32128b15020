/** `OpenTrailRecorder`: may put events through channels, and nothing else. */
export const OPEN_TRAIL_RECORDER = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "PutEvents",
      "Effect": "Allow",
      "Action": "cloudtrail-data:PutAuditEvents",
      "Resource": "*"
    }
  ]
}
`;
