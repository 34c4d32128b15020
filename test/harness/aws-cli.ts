import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface CommandResult {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end; never rejects for its exit status. */
export async function run(
  program: string,
  args: readonly string[],
  options: { readonly env?: Record<string, string>; readonly input?: string; readonly cwd?: string } = {},
): Promise<CommandResult> {
  const child = spawn(program, args, {
    env: options.env ?? (process.env as Record<string, string>),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.input ?? '');
  const [status] = (await once(child, 'close')) as [number | null];
  return { status, stdout, stderr };
}

/**
 * Runs the real AWS CLI and returns what it printed, as JSON where it is. The endpoint is also given as a flag, since the
 * CLI of version 1 does not read `AWS_ENDPOINT_URL` for SQS.
 */
export async function aws(args: readonly string[], env: Record<string, string>): Promise<CommandResult> {
  const endpoint = env.AWS_ENDPOINT_URL === undefined ? [] : ['--endpoint-url', env.AWS_ENDPOINT_URL];
  return await run('aws', [...args, ...endpoint, '--output', 'json'], { env });
}
