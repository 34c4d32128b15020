import { existsSync, readdirSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { type CommandResult, run } from './aws-cli.ts';
import { needsProgram } from './programs.ts';

/** Where a machine may keep provider plugins, so that nothing is downloaded. */
const PLUGIN_FOLDERS = [
  '/opt/tf-plugins',
  '/usr/local/share/terraform/plugins',
  join(homedir(), '.terraform.d/plugins'),
];
const PROVIDER = 'registry.terraform.io/hashicorp/aws';

/** The folder of plugins that has the AWS provider; otherwise the test is skipped. */
export function needsTerraform(context: TestContext): string | undefined {
  if (!needsProgram(context, 'terraform')) return undefined;
  const folder = PLUGIN_FOLDERS.find(
    (each) => existsSync(join(each, PROVIDER)) && readdirSync(join(each, PROVIDER)).length > 0,
  );
  if (folder === undefined) context.skip('needs terraform-provider-aws');
  return folder;
}

/** A Terraform configuration in a folder of its own, with an endpoint for the services that it uses. */
export class TerraformFolder {
  readonly #path: string;
  readonly #env: Record<string, string>;

  private constructor(path: string, env: Record<string, string>) {
    this.#path = path;
    this.#env = { ...env, TF_CLI_CONFIG_FILE: '/dev/null', TF_IN_AUTOMATION: '1', CHECKPOINT_DISABLE: '1' };
  }

  /** Writes the configuration and initialises it from the plugins of the machine. */
  static async open(options: {
    readonly pluginFolder: string;
    readonly env: Record<string, string>;
    readonly resources: string;
  }): Promise<TerraformFolder> {
    const folder = new TerraformFolder(await mkdtemp(join(tmpdir(), 'opentrail-terraform-')), options.env);
    await folder.write(options.resources);
    const { status, stdout, stderr } = await folder.run('init', `-plugin-dir=${options.pluginFolder}`);
    if (status !== 0) throw new Error(`terraform init: ${stdout}${stderr}`);
    return folder;
  }

  /** Puts these resources in the place of those that are there. */
  async write(resources: string): Promise<void> {
    const configuration = `terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
provider "aws" {
  skip_metadata_api_check = true
  skip_region_validation  = true
}
${resources}`;
    await writeFile(join(this.#path, 'main.tf'), configuration);
  }

  /** `apply`, `plan`, `destroy`, with what they need to ask nothing. */
  run(command: 'init' | 'apply' | 'plan' | 'destroy', ...flags: readonly string[]): Promise<CommandResult> {
    const approval = command === 'apply' || command === 'destroy' ? ['-auto-approve'] : [];
    const args = [`-chdir=${this.#path}`, command, '-no-color', '-input=false', ...approval, ...flags];
    return run('terraform', args, { env: this.#env });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#path, { recursive: true, force: true });
  }
}
