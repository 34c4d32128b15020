/** `OpenTrailAuditor`: reads everything and changes nothing; queries are how an event data store is read. */
export const OPEN_TRAIL_AUDITOR = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Sid": "ReadHistory",
      "Effect": "Allow",
      "Action": [
        "cloudtrail:Describe*",
        "cloudtrail:Get*",
        "cloudtrail:List*",
        "cloudtrail:LookupEvents",
        "cloudtrail:SearchSampleQueries",
        "cloudtrail:StartQuery",
        "cloudtrail:CancelQuery",
        "cloudtrail:GenerateQuery",
        "cloudtrail:GenerateQueryResultsSummary"
      ],
      "Resource": "*"
    },
    {
      "Sid": "ReadOpenTrail",
      "Effect": "Allow",
      "Action": [
        "opentrail:GetStatus",
        "opentrail:ListHolds",
        "opentrail:ListImportConflicts",
        "opentrail:ListPrincipals",
        "opentrail:LookupAllAccounts",
        "opentrail:LookupMemberAccounts",
        "opentrail:ReadChain",
        "opentrail:ReadHistory",
        "opentrail:SearchEvents",
        "opentrail:TailEvents"
      ],
      "Resource": "*"
    },
    {
      "Sid": "ReadIdentities",
      "Effect": "Allow",
      "Action": [
        "iam:GenerateCredentialReport",
        "iam:GenerateOrganizationsAccessReport",
        "iam:GenerateServiceLastAccessedDetails",
        "iam:Get*",
        "iam:List*",
        "iam:SimulateCustomPolicy",
        "iam:SimulatePrincipalPolicy",
        "organizations:Describe*",
        "organizations:List*",
        "sts:GetAccessKeyInfo",
        "sts:GetCallerIdentity"
      ],
      "Resource": "*"
    }
  ]
}
`;
