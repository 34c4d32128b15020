import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { clientEnvironment } from '../harness/opentrail-server.ts';

const LAUNCHER = fileURLToPath(new URL('../../opentrail', import.meta.url));

export interface CliResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Starts `./opentrail …` as a user does, as a client of that server. */
export function startCli(
  endpoint: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): ChildProcess {
  return spawn(LAUNCHER, [...args], {
    env: { ...clientEnvironment(endpoint), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}

export async function runCli(
  endpoint: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const child = startCli(endpoint, args, env);
  const output = { stdout: '', stderr: '' };
  child.stdout?.on('data', (chunk: Buffer) => {
    output.stdout += chunk.toString();
  });
  child.stderr?.on('data', (chunk: Buffer) => {
    output.stderr += chunk.toString();
  });
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}
