import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aws } from '../harness/aws-cli.ts';
import { clientEnvironment, OpenTrailServer } from '../harness/opentrail-server.ts';
import { needsProgram } from '../harness/programs.ts';
import { needsTerraform, TerraformFolder } from '../harness/terraform.ts';

const resources = `
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "AWS"
      identifiers = ["arn:aws:iam::000000000000:root"]
    }
  }
}
resource "aws_iam_role" "reader" {
  name               = "tf-reader"
  assume_role_policy = data.aws_iam_policy_document.trust.json
  tags               = { team = "red" }
}
resource "aws_iam_policy" "read" {
  name   = "tf-read"
  path   = "/tf/"
  policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "cloudtrail:LookupEvents", Resource = "*" }] })
}
resource "aws_iam_role_policy_attachment" "read" {
  role       = aws_iam_role.reader.name
  policy_arn = aws_iam_policy.read.arn
}
resource "aws_iam_role_policy" "inline" {
  name   = "inline"
  role   = aws_iam_role.reader.id
  policy = aws_iam_policy.read.policy
}
resource "aws_iam_user" "erin" {
  name          = "tf-erin"
  force_destroy = true
  tags          = { team = "red" }
}
resource "aws_iam_access_key" "erin" {
  user = aws_iam_user.erin.name
}
resource "aws_iam_user_policy" "inline" {
  name   = "inline"
  user   = aws_iam_user.erin.name
  policy = aws_iam_policy.read.policy
}
resource "aws_iam_group" "ops" {
  name = "tf-ops"
}
resource "aws_iam_user_group_membership" "erin" {
  user   = aws_iam_user.erin.name
  groups = [aws_iam_group.ops.name]
}
`;

describe('Terraform', () => {
  test('makes users, groups, roles and policies, finds nothing to change, and removes them', async (context) => {
    const pluginFolder = needsTerraform(context);
    if (pluginFolder === undefined || !needsProgram(context, 'aws')) return;
    await using server = await OpenTrailServer.start({ flags: ['--account', '000000000000'] });
    const env = clientEnvironment(server.endpoint);
    await using folder = await TerraformFolder.open({ pluginFolder, env, resources });
    const applied = await folder.run('apply');
    assert.equal(applied.status, 0, applied.stderr);
    const planned = await folder.run('plan', '-detailed-exitcode');
    assert.equal(planned.status, 0, `nothing is left to change: ${planned.stdout}${planned.stderr}`);
    const destroyed = await folder.run('destroy');
    assert.equal(destroyed.status, 0, destroyed.stderr);
    const listed = await aws(['iam', 'list-roles'], env);
    assert.deepEqual(JSON.parse(listed.stdout), { Roles: [] }, listed.stderr);
  });
});
