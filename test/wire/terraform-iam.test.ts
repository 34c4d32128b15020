import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { aws } from '../harness/aws-cli.ts';
import { clientEnvironment, OpenTrailServer } from '../harness/opentrail-server.ts';
import { needsProgram } from '../harness/programs.ts';
import { needsTerraform, TerraformFolder } from '../harness/terraform.ts';

/** `action`: what the managed policy allows; another one is another version of it. */
function resources(action: string): string {
  return `
data "aws_caller_identity" "current" {}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole", "sts:TagSession"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::\${data.aws_caller_identity.current.account_id}:root"]
    }
    condition {
      test     = "StringEquals"
      variable = "sts:ExternalId"
      values   = ["agreed"]
    }
  }
}
data "aws_iam_policy" "read_only" {
  name = "AWSCloudTrail_ReadOnlyAccess"
}
resource "aws_iam_account_alias" "this" {
  account_alias = "trail-of-ours"
}
resource "aws_iam_policy" "read" {
  name        = "read"
  path        = "/auditors/"
  description = "What auditors may do"
  policy      = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "${action}", Resource = "*" }] })
  tags        = { team = "blue" }
}
resource "aws_iam_policy" "bound" {
  name   = "bound"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["cloudtrail:*", "iam:Get*"], Resource = "*" }] })
}
resource "aws_iam_user" "alice" {
  name                 = "alice"
  path                 = "/people/"
  permissions_boundary = aws_iam_policy.bound.arn
  tags                 = { team = "blue" }
  force_destroy        = true
}
resource "aws_iam_user" "bob" {
  name = "bob.\${var.suffix}@example.com"
}
resource "aws_iam_access_key" "alice" {
  user = aws_iam_user.alice.name
}
resource "aws_iam_access_key" "bob" {
  user   = aws_iam_user.bob.name
  status = "Inactive"
}
resource "aws_iam_user_login_profile" "alice" {
  user                    = aws_iam_user.alice.name
  password_reset_required = true
}
resource "aws_iam_user_policy" "alice" {
  name   = "own"
  user   = aws_iam_user.alice.name
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "iam:GetUser", Resource = "arn:aws:iam::*:user/people/$\${aws:username}" }] })
}
resource "aws_iam_user_policy_attachment" "alice" {
  user       = aws_iam_user.alice.name
  policy_arn = aws_iam_policy.read.arn
}
resource "aws_iam_group" "auditors" {
  name = "auditors"
  path = "/teams/"
}
resource "aws_iam_group_policy" "auditors" {
  name   = "own"
  group  = aws_iam_group.auditors.name
  policy = aws_iam_policy.bound.policy
}
resource "aws_iam_group_policy_attachment" "auditors" {
  group      = aws_iam_group.auditors.name
  policy_arn = data.aws_iam_policy.read_only.arn
}
resource "aws_iam_group_membership" "auditors" {
  name  = "auditors"
  group = aws_iam_group.auditors.name
  users = [aws_iam_user.alice.name, aws_iam_user.bob.name]
}
resource "aws_iam_role" "auditor" {
  name                 = "Auditor"
  path                 = "/service/"
  description          = "Reads <everything> & changes nothing"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  max_session_duration = 7200
  permissions_boundary = aws_iam_policy.bound.arn
  tags                 = { team = "blue", stage = "test" }
}
resource "aws_iam_role_policy" "auditor" {
  name   = "own"
  role   = aws_iam_role.auditor.id
  policy = aws_iam_policy.read.policy
}
resource "aws_iam_role_policy_attachment" "auditor" {
  role       = aws_iam_role.auditor.name
  policy_arn = data.aws_iam_policy.read_only.arn
}
resource "aws_iam_policy" "extra" {
  name_prefix = "extra-"
  policy      = aws_iam_policy.bound.policy
}
resource "aws_iam_policy_attachment" "extra" {
  name   = "extra"
  roles  = [aws_iam_role.auditor.name]
  groups = [aws_iam_group.auditors.name]

  policy_arn = aws_iam_policy.extra.arn
}
variable "suffix" {
  default = "b+c"
}
`;
}

describe('Terraform', () => {
  it('makes every part of IAM, finds nothing to change, changes a policy in its place, and removes it all', async (context) => {
    const pluginFolder = needsTerraform(context);
    if (pluginFolder === undefined || !needsProgram(context, 'aws')) return;
    await using server = await OpenTrailServer.start();
    const env = clientEnvironment(server.endpoint);
    await using folder = await TerraformFolder.open({
      pluginFolder,
      env,
      resources: resources('cloudtrail:LookupEvents'),
    });
    await requireStable(folder);
    await folder.write(resources('cloudtrail:GetTrail'));
    await requireStable(folder);
    const versions = await aws(['iam', 'list-policy-versions', '--policy-arn', await policyArn(env)], env);
    assert.match(versions.stdout, /"VersionId": "v2",\s+"IsDefaultVersion": true/);
    const destroyed = await folder.run('destroy');
    assert.equal(destroyed.status, 0, destroyed.stderr);
    const { stdout } = await aws(['iam', 'get-account-summary'], env);
    for (const name of ['Users', 'Groups', 'Roles', 'Policies']) {
      assert.match(stdout, new RegExp(`"${name}": 0`), 'nothing is left');
    }
  });
});

async function requireStable(folder: TerraformFolder): Promise<void> {
  const applied = await folder.run('apply');
  assert.equal(applied.status, 0, applied.stderr);
  const planned = await folder.run('plan', '-detailed-exitcode');
  assert.equal(planned.status, 0, `nothing is left to change: ${planned.stdout}${planned.stderr}`);
}

async function policyArn(env: Record<string, string>): Promise<string> {
  const { stdout } = await aws(
    ['iam', 'list-policies', '--scope', 'Local', '--path-prefix', '/auditors/'],
    env,
  );
  return (JSON.parse(stdout) as { Policies: { Arn: string }[] }).Policies[0]?.Arn ?? '';
}
