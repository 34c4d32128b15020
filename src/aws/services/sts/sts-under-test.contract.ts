import assert from 'node:assert/strict';
import { createAuthorizer } from '../../../identity/authorizer.ts';
import { HOME, IdentityUnderTest, OTHER } from '../../../identity/identity-under-test.contract.ts';
import { createOrganizationDirectory } from '../../../identity/organization/organization-directory.ts';
import type { Principal } from '../../../identity/principal.ts';
import { ApiError } from '../../../model/api-error.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import { MemoryIdentityStore } from '../../../store/memory/memory-identity-store.ts';
import { createStsService } from './create-sts-service.ts';

interface Credentials {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  readonly Expiration: string;
}

/** What the operations answer, together. */
export interface StsAnswer {
  readonly Credentials: Credentials;
  readonly AssumedRoleUser: { readonly AssumedRoleId: string; readonly Arn: string };
  readonly FederatedUser: { readonly FederatedUserId: string; readonly Arn: string };
  readonly PackedPolicySize?: number;
  readonly SourceIdentity?: string;
  readonly Account: string;
  readonly Arn: string;
  readonly UserId: string;
}

/** The service on a store in memory, called as the front door calls it. */
export class StsUnderTest {
  readonly identity: IdentityUnderTest;
  readonly #service;
  readonly #authorizer;

  private constructor(identity: IdentityUnderTest) {
    this.identity = identity;
    const { store, clock, sessions } = identity;
    const organizations = createOrganizationDirectory(store);
    this.#authorizer = createAuthorizer({ store, clock, organizations });
    this.#service = createStsService({
      identities: store,
      authorizer: this.#authorizer,
      sessions,
      clock,
      installationAccountId: HOME,
    });
  }

  static async open(): Promise<StsUnderTest> {
    const sts = new StsUnderTest(await IdentityUnderTest.open(new MemoryIdentityStore()));
    await sts.identity.putAccount(OTHER);
    return sts;
  }

  async call(principal: Principal, name: string, input: JsonObject = {}): Promise<StsAnswer> {
    const operation = this.#service.operations.get(name) ?? assert.fail(name);
    const call = {
      principal,
      region: 'us-east-1',
      sourceIPAddress: '192.0.2.7',
      requestId: '00000000-0000-4000-8000-000000000000',
      input,
    };
    const targets = await operation.targets?.(call);
    if (operation.action !== null) {
      const question = { principal, action: `sts:${name}`, facts: {} };
      const decision = await this.#authorizer.authorize(question, targets);
      if (!decision.isAllowed) throw new ApiError('AccessDenied', decision.message, { status: 403 });
    }
    return (await operation.run(call)) as unknown as StsAnswer;
  }

  /** Whom the credentials of an answer stand for. */
  async principalOf({ Credentials }: StsAnswer): Promise<Principal> {
    return this.identity.principal(Credentials.AccessKeyId, Credentials.SessionToken);
  }
}

/** For `assert.rejects`. */
export function stsFailure(code: string, message: RegExp | string) {
  return (error: unknown) => {
    assert.ok(error instanceof ApiError, String(error));
    assert.equal(error.code, code);
    if (typeof message === 'string') assert.equal(error.message, message);
    else assert.match(error.message, message);
    assert.equal(error.status ?? 400, code === 'AccessDenied' ? 403 : 400);
    return true;
  };
}
