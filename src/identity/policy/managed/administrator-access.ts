/** `AdministratorAccess` as AWS publishes it. */
export const ADMINISTRATOR_ACCESS = `{
  "Version": "2012-10-17",
  "Statement": [
    {
      "Effect": "Allow",
      "Action": "*",
      "Resource": "*"
    }
  ]
}
`;
