import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { aws } from '../harness/aws-cli.ts';
import { clientEnvironment, OpenTrailServer } from '../harness/opentrail-server.ts';
import { needsProgram } from '../harness/programs.ts';
import { needsTerraform, TerraformFolder } from '../harness/terraform.ts';

const resources = `
resource "aws_organizations_organization" "this" {
  aws_service_access_principals = ["cloudtrail.amazonaws.com"]
  enabled_policy_types          = ["SERVICE_CONTROL_POLICY"]
  feature_set                   = "ALL"
}
resource "aws_organizations_organizational_unit" "team" {
  name      = "team"
  parent_id = aws_organizations_organization.this.roots[0].id
  tags      = { team = "red" }
}
resource "aws_organizations_organizational_unit" "inner" {
  name      = "inner"
  parent_id = aws_organizations_organizational_unit.team.id
}
resource "aws_organizations_account" "audit" {
  name      = "audit"
  email     = "audit@example.com"
  parent_id = aws_organizations_organizational_unit.inner.id
  tags      = { team = "red" }
}
resource "aws_organizations_policy" "no_iam" {
  name    = "no-iam"
  content = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Deny", Action = "iam:*", Resource = "*" }] })
  tags    = { team = "red" }

  depends_on = [aws_organizations_organization.this]
}
resource "aws_organizations_policy_attachment" "no_iam" {
  policy_id = aws_organizations_policy.no_iam.id
  target_id = aws_organizations_organizational_unit.inner.id
}
resource "aws_cloudtrail_organization_delegated_admin_account" "audit" {
  account_id = aws_organizations_account.audit.id
  depends_on = [aws_organizations_organization.this]
}
`;

describe('Terraform', () => {
  test('makes an organization with all its parts, finds nothing to change, and removes it', async (context) => {
    const pluginFolder = needsTerraform(context);
    if (pluginFolder === undefined || !needsProgram(context, 'aws')) return;
    await using server = await OpenTrailServer.start();
    const env = clientEnvironment(server.endpoint);
    await using folder = await TerraformFolder.open({ pluginFolder, env, resources });
    const applied = await folder.run('apply');
    assert.equal(applied.status, 0, applied.stderr);
    const planned = await folder.run('plan', '-detailed-exitcode');
    assert.equal(planned.status, 0, `nothing is left to change: ${planned.stdout}${planned.stderr}`);
    const destroyed = await folder.run('destroy');
    assert.equal(destroyed.status, 0, destroyed.stderr);
    const described = await aws(['organizations', 'describe-organization'], env);
    assert.match(described.stderr, /AWSOrganizationsNotInUseException/);
  });
});
