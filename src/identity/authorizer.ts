import type { Clock } from '../base/clock.ts';
import { parseArn } from '../model/arn.ts';
import { createAccountBounds } from './account-bounds.ts';
import { compileStoredPolicy } from './compile-stored-policy.ts';
import type { OrganizationDirectory } from './organization/organization-directory.ts';
import type { AccessRequest } from './policy/access-request.ts';
import { type Decision, decide, type PolicySet } from './policy/decide.ts';
import { denialMessage } from './policy/denial-message.ts';
import { PolicyCache } from './policy/policy-cache.ts';
import { requestContext } from './policy/request-context.ts';
import type { Principal } from './principal.ts';
import { createPrincipalPolicies } from './principal-policies.ts';
import type { VersionedIdentityStore } from './versioned-identity-store.ts';

/** What is known of a call beside who makes it. */
export interface CallFacts {
  readonly sourceIPAddress?: string;
  readonly userAgent?: string;
  readonly region?: string;
  /** Whether it came over TLS. */
  readonly isSecure?: boolean;
}

/** What a call is about. */
export interface AccessResource {
  /** An ARN, or `*` for an action that is about no resource. */
  readonly resourceArn: string;
  /** The account that owns it, where the ARN does not tell; default: that of the principal. */
  readonly resourceAccountId?: string;
  /** Condition keys that the request itself gives, lower case: `aws:requesttag/team`, `sts:externalid`. */
  readonly context?: ReadonlyMap<string, readonly string[]>;
  /** `aws:ResourceTag/…` */
  readonly resourceTags?: ReadonlyMap<string, string>;
  /** The policy that is attached to it, as JSON; `trust` is that of a role, and always has to allow. */
  readonly policy?: { readonly kind: 'resource' | 'trust'; readonly document: string };
}

export interface AccessQuestion {
  readonly principal: Principal;
  /** `cloudtrail:LookupEvents` */
  readonly action: string;
  readonly facts: CallFacts;
}

export interface AccessDecision extends Decision {
  /** AWS's sentence, of denials: who, what, on what, and why not. */
  readonly message: string;
}

/** Decides what principals may do, by all policies that have a say. */
export interface Authorizer {
  /**
   * The decision on the first of the resources that is denied, else that on the last; none of them means `*`. Rejects with
   * a `DependencyError` where policies cannot be read.
   */
  authorize(question: AccessQuestion, resources?: readonly AccessResource[]): Promise<AccessDecision>;
}

export interface AuthorizerOptions {
  readonly store: VersionedIdentityStore;
  readonly organizations: Pick<OrganizationDirectory, 'organizationOf'>;
  readonly clock: Clock;
}

const NO_RESOURCE: readonly AccessResource[] = [{ resourceArn: '*' }];

export function createAuthorizer({ store, organizations, clock }: AuthorizerOptions): Authorizer {
  const policies = new PolicyCache();
  const principals = createPrincipalPolicies({ store, policies });
  const bounds = createAccountBounds({ store, organizations, policies });
  const decideOn = async (question: AccessQuestion, resource: AccessResource): Promise<AccessDecision> => {
    const { principal, action } = question;
    const resourceAccountId = accountOf(resource) ?? principal.accountId;
    const own = await bounds.of(principal.accountId);
    const { organizationId } = await bounds.of(resourceAccountId);
    const context = requestContext(principal, {
      nowMs: clock.now(),
      ...requestFacts(question.facts),
      ...(own.organizationId === undefined ? {} : { principalOrganizationId: own.organizationId }),
      ...(own.organizationPath === undefined ? {} : { principalOrganizationPath: own.organizationPath }),
      ...(organizationId === undefined ? {} : { resourceOrganizationId: organizationId }),
      ...(resource.resourceTags === undefined ? {} : { resourceTags: resource.resourceTags }),
      ...(resource.context === undefined ? {} : { keys: resource.context }),
      resourceAccountId,
    });
    const request: AccessRequest = {
      principal,
      action,
      resourceArn: resource.resourceArn,
      resourceAccountId,
      context,
    };
    const { policy } = resource;
    const set: PolicySet = {
      ...(await principals.of(principal)),
      ...(own.serviceControl === undefined ? {} : { serviceControl: own.serviceControl }),
      ...(policy === undefined
        ? {}
        : { resource: [compileStoredPolicy(policies, policy.document, policy.kind)] }),
    };
    const decision = isBarred(principal, action) ? BARRED : decide(request, set);
    return { ...decision, message: decision.isAllowed ? '' : denialMessage(request, decision) };
  };
  return {
    async authorize(question, resources = NO_RESOURCE) {
      const asked = resources.length === 0 ? NO_RESOURCE : resources;
      let decision: AccessDecision | undefined;
      for (const resource of asked) {
        decision = await decideOn(question, resource);
        if (!decision.isAllowed) break;
      }
      return decision ?? (await decideOn(question, { resourceArn: '*' }));
    },
  };
}

const BARRED: Decision = { isAllowed: false, isExplicit: false, decidedBy: 'session' };

/**
 * What temporary credentials of users and of the root are never good for: IAM without MFA, and of STS all but
 * `AssumeRole` and `GetCallerIdentity`; federated ones not even those with it.
 * https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
 */
function isBarred({ type, session }: Principal, action: string): boolean {
  if (session === undefined || type === 'AssumedRole') return false;
  const [service, name] = action.toLowerCase().split(':');
  if (service === 'iam') return type === 'FederatedUser' || !session.hasMfa;
  if (service !== 'sts' || name === 'getcalleridentity') return false;
  return type === 'FederatedUser' || !['assumerole', 'tagsession', 'setsourceidentity'].includes(name ?? '');
}

function accountOf({ resourceAccountId, resourceArn }: AccessResource): string | undefined {
  if (resourceAccountId !== undefined) return resourceAccountId;
  const accountId = parseArn(resourceArn)?.accountId ?? '';
  return /^\d{12}$/.test(accountId) ? accountId : undefined;
}

function requestFacts({ sourceIPAddress, userAgent, region, isSecure }: CallFacts) {
  return {
    ...(sourceIPAddress === undefined ? {} : { sourceIPAddress }),
    ...(userAgent === undefined ? {} : { userAgent }),
    ...(region === undefined ? {} : { region }),
    ...(isSecure === undefined ? {} : { isSecureTransport: isSecure }),
  };
}
