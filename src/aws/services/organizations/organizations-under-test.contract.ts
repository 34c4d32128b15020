import assert from 'node:assert/strict';
import { createOrganizationDirectory } from '../../../identity/organization/organization-directory.ts';
import type { Principal } from '../../../identity/principal.ts';
import { ApiError } from '../../../model/api-error.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import { systemClock } from '../../../server/system/system-clock.ts';
import { systemRandom } from '../../../server/system/system-random.ts';
import type { IdentityStore } from '../../../store/identity-store.ts';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import type { AccessTarget, ServiceCall } from '../service-operation.ts';
import { createOrganizationsService } from './create-organizations-service.ts';

/** The account that manages the organization of a test. */
export const management = '111111111111';

export function rootOf(accountId: string): Principal {
  const arn = `arn:aws:iam::${accountId}:root`;
  return {
    type: 'Root',
    accountId,
    arn,
    userId: accountId,
    accessKeyId: 'AKIATEST',
    userIdentity: { type: 'Root', accountId, arn },
    tags: [],
  };
}

/** The service on a store in memory, called as its operations are called by the front door after authorization. */
export class OrganizationsUnderTest {
  readonly store: IdentityStore;
  readonly directory: ReturnType<typeof createOrganizationDirectory>;
  nowMs = Date.parse('2026-03-02T09:00:00Z');
  readonly #service;

  constructor(store: IdentityStore = new MemoryIdentityStore()) {
    this.store = store;
    this.directory = createOrganizationDirectory(store);
    this.#service = createOrganizationsService({
      store,
      directory: this.directory,
      clock: { ...systemClock, now: () => this.nowMs },
      random: systemRandom,
    });
  }

  /** One whose organization is there. */
  static async withOrganization(
    input: JsonObject = {},
    store?: IdentityStore,
  ): Promise<OrganizationsUnderTest> {
    const test = new OrganizationsUnderTest(store);
    await test.call('CreateOrganization', input);
    return test;
  }

  async call<Output = JsonObject>(
    name: string,
    input: JsonObject = {},
    accountId: string = management,
  ): Promise<Output> {
    const operation = this.#service.operations.get(name);
    assert.ok(operation, `there is no operation ${name}`);
    return (await operation.run(callOf(accountId, input))) as Output;
  }

  async targets(name: string, input: JsonObject, accountId = management): Promise<readonly AccessTarget[]> {
    const operation = this.#service.operations.get(name);
    return (await operation?.targets?.(callOf(accountId, input))) ?? [];
  }

  /** The code of the error that a call is answered with, and its reason where it has one. */
  async refusal(name: string, input: JsonObject = {}, accountId: string = management): Promise<string> {
    try {
      await this.call(name, input, accountId);
      return 'none';
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      const { Reason: reason } = error.details;
      return reason === undefined ? error.code : `${error.code} ${reason}`;
    }
  }

  /** One whose organization has service-control policies enabled. */
  static async withPolicies(): Promise<OrganizationsUnderTest> {
    const test = await OrganizationsUnderTest.withOrganization();
    const PolicyType = 'SERVICE_CONTROL_POLICY';
    await test.call('EnablePolicyType', { RootId: await test.rootId(), PolicyType });
    return test;
  }

  /** A new account of the organization; answers its id. */
  async newAccount(name = 'one'): Promise<string> {
    const { CreateAccountStatus: status } = await this.call<{ CreateAccountStatus: { AccountId: string } }>(
      'CreateAccount',
      { Email: `${name}@example.com`, AccountName: name },
    );
    return status.AccountId;
  }

  /** A new unit; answers its id. */
  async newUnit(name: string, parentId?: string): Promise<string> {
    const ParentId = parentId ?? (await this.rootId());
    const { OrganizationalUnit: unit } = await this.call<{ OrganizationalUnit: { Id: string } }>(
      'CreateOrganizationalUnit',
      { ParentId, Name: name },
    );
    return unit.Id;
  }

  async rootId(): Promise<string> {
    const { Roots } = await this.call<{ Roots: { Id: string }[] }>('ListRoots');
    return Roots[0]?.Id ?? '';
  }

  async accountIds(): Promise<string[]> {
    const { Accounts } = await this.call<{ Accounts: { Id: string }[] }>('ListAccounts');
    return Accounts.map(({ Id }) => Id);
  }
}

function callOf(accountId: string, input: JsonObject): ServiceCall {
  return {
    principal: rootOf(accountId),
    region: 'us-east-1',
    sourceIPAddress: '192.0.2.1',
    requestId: 'request',
    input,
  };
}
