import { spawnSync } from 'node:child_process';
import type { TestContext } from 'node:test';

/** True when the program is on the machine. */
function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
}

/**
 * Skips the test, saying which program it needs, when that is missing. The gate fails when a test skipped for a
 * program that the machine has, so the wording is a contract: `needs <program>`.
 */
export function needsProgram(context: TestContext, name: string): boolean {
  if (hasProgram(name)) return true;
  context.skip(`needs ${name}`);
  return false;
}
