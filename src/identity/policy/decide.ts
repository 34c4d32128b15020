import type { AccessRequest, RequestPrincipal } from './access-request.ts';
import type { CompiledPolicy, CompiledStatement, PolicyKind } from './compiled-policy.ts';
import type { Effect } from './condition.ts';
import type { PrincipalReach } from './principal-pattern.ts';

/** Every policy that has a say in a request. */
export interface PolicySet {
  /** Of the user with its groups, or of the role. */
  readonly identity: readonly CompiledPolicy[];
  /** Of the resource (kind `resource`), or the trust policy of the role that is to be assumed (kind `trust`). */
  readonly resource?: readonly CompiledPolicy[];
  /**
   * Whether a resource policy has to allow it even within the account. Trust policies always have to; of others
   * only those of services which say so, as KMS does.
   */
  readonly isResourcePolicyRequired?: boolean;
  readonly boundary?: CompiledPolicy;
  /** Of the session; none means that none restricts it. What one of several allows is allowed. */
  readonly session?: readonly CompiledPolicy[];
  /** Of the organization of the principal's account; absent outside of organizations, and where they are turned off. */
  readonly serviceControl?: ServiceControl;
}

export interface ServiceControl {
  /** Never bound. */
  readonly managementAccountId: string;
  /** The policies at the root, at each unit on the way down, and at the account itself: each level has to allow. */
  readonly levels: readonly (readonly CompiledPolicy[])[];
}

export interface Decision {
  readonly isAllowed: boolean;
  /** A denial by a statement that says `Deny`; otherwise it is denied because nothing allows it. */
  readonly isExplicit: boolean;
  /**
   * The kind of policy that allowed or denied it, or did not allow it; `root` where an account's root needs none.
   */
  readonly decidedBy: PolicyKind | 'root';
  /** The statement that allowed or denied it. */
  readonly statement?: CompiledStatement;
}

/**
 * Decides a request as AWS does: a denial in any policy is final; then the organization's policies, the resource's,
 * the principal's own, its boundary and its session's have to allow it, with what the resource's policy makes
 * unnecessary within one account.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
 */
export function decide(request: AccessRequest, policies: PolicySet): Decision {
  const question = { request, action: request.action.toLowerCase() };
  const levels = isBoundByOrganization(request.principal, policies.serviceControl)
    ? (policies.serviceControl?.levels ?? [])
    : [];
  const denial = findDenial(question, policies, levels);
  if (denial !== undefined) return denial;
  for (const level of levels) {
    if (findAllow(question, level) === undefined) return notAllowedBy('serviceControl');
  }
  const resource = findResourceAllow(question, policies.resource ?? []);
  const { principal } = request;
  if (principal === undefined || principal.type === 'AWSService') {
    return resource === undefined
      ? notAllowedBy(resourceKind(policies))
      : allowedBy(resourceKind(policies), resource.statement);
  }
  return principal.accountId === request.resourceAccountId
    ? decideWithinAccount(question, policies, resource)
    : decideAcrossAccounts(question, policies, resource);
}

interface Question {
  readonly request: AccessRequest;
  /** In lower case. */
  readonly action: string;
}

interface ResourceAllow {
  readonly reach: PrincipalReach;
  readonly statement: CompiledStatement;
}

/**
 * A resource's policy that names a user or a session, or everyone, is enough by itself. One that names a role makes
 * the role's own policies unnecessary, but not those of its boundary and session. One that names the account leaves
 * it to the account's own policies.
 */
function decideWithinAccount(
  question: Question,
  policies: PolicySet,
  resource: ResourceAllow | undefined,
): Decision {
  const kind = resourceKind(policies);
  const isRoot = question.request.principal?.type === 'Root';
  if (resource?.reach === 'direct' && !isRoot) return allowedBy(kind, resource.statement);
  const isRequired = policies.isResourcePolicyRequired ?? kind === 'trust';
  const own = decideByOwnPolicies(question, policies, resource?.reach === 'role' ? resource : undefined);
  if (own.isAllowed && isRequired && resource === undefined) return notAllowedBy(kind);
  return own;
}

/** Both accounts have to allow it, each by policies of its own. */
function decideAcrossAccounts(
  question: Question,
  policies: PolicySet,
  resource: ResourceAllow | undefined,
): Decision {
  const own = decideByOwnPolicies(question, policies, undefined);
  if (!own.isAllowed) return own;
  const kind = resourceKind(policies);
  return resource === undefined ? notAllowedBy(kind) : allowedBy(kind, resource.statement);
}

/** What the principal's own account says. `instead` stands in for the identity policies. */
function decideByOwnPolicies(
  question: Question,
  policies: PolicySet,
  instead: ResourceAllow | undefined,
): Decision {
  if (question.request.principal?.type === 'Root') {
    return { isAllowed: true, isExplicit: false, decidedBy: 'root' };
  }
  const own = instead?.statement ?? findAllow(question, policies.identity);
  if (own === undefined) return notAllowedBy('identity');
  const { boundary, session = [] } = policies;
  if (boundary !== undefined && findAllow(question, [boundary]) === undefined)
    return notAllowedBy('boundary');
  // A federated user has of its maker's permissions only what was passed with the session; nothing is nothing.
  const isBoundBySession = session.length > 0 || question.request.principal?.type === 'FederatedUser';
  if (isBoundBySession && findAllow(question, session) === undefined) return notAllowedBy('session');
  return allowedBy(instead === undefined ? 'identity' : resourceKind(policies), own);
}

/** Members of the organization, their roots too; but not its management account, AWS's services and the roles made for them. */
function isBoundByOrganization(
  principal: RequestPrincipal | undefined,
  serviceControl: ServiceControl | undefined,
): boolean {
  if (principal === undefined || serviceControl === undefined) return false;
  if (principal.type === 'AWSService' || principal.accountId === serviceControl.managementAccountId)
    return false;
  return principal.session?.roleArn?.includes(':role/aws-service-role/') !== true;
}

function findDenial(
  question: Question,
  policies: PolicySet,
  levels: readonly (readonly CompiledPolicy[])[],
): Decision | undefined {
  const { identity, resource = [], boundary, session = [] } = policies;
  const lists: readonly (readonly [PolicyKind, readonly CompiledPolicy[]])[] = [
    ...levels.map((level) => ['serviceControl', level] as const),
    [resourceKind(policies), resource],
    ['identity', identity],
    ['boundary', boundary === undefined ? [] : [boundary]],
    ['session', session],
  ];
  for (const [decidedBy, list] of lists) {
    for (const policy of list) {
      const statement = findStatement(question, policy, 'Deny');
      if (statement !== undefined) return { isAllowed: false, isExplicit: true, decidedBy, statement };
    }
  }
  return undefined;
}

/** Whether a statement is about the request and its principal. `action` is that of the request in lower case. */
export function isMatch(statement: CompiledStatement, request: AccessRequest, action: string): boolean {
  return statement.appliesTo(request, action) && statement.reach(request) !== undefined;
}

function findAllow(question: Question, policies: readonly CompiledPolicy[]): CompiledStatement | undefined {
  for (const policy of policies) {
    const statement = findStatement(question, policy, 'Allow');
    if (statement !== undefined) return statement;
  }
  return undefined;
}

function findStatement(
  { request, action }: Question,
  policy: CompiledPolicy,
  effect: Effect,
): CompiledStatement | undefined {
  return policy.statements.find(
    (statement) => statement.effect === effect && isMatch(statement, request, action),
  );
}

const REACHES: readonly PrincipalReach[] = ['account', 'role', 'direct'];

/** The statement that reaches furthest. */
function findResourceAllow(
  { request, action }: Question,
  policies: readonly CompiledPolicy[],
): ResourceAllow | undefined {
  let best: ResourceAllow | undefined;
  for (const policy of policies) {
    for (const statement of policy.statements) {
      if (statement.effect !== 'Allow' || !statement.appliesTo(request, action)) continue;
      const reach = statement.reach(request);
      if (reach === undefined) continue;
      if (best === undefined || REACHES.indexOf(reach) > REACHES.indexOf(best.reach))
        best = { reach, statement };
    }
  }
  return best;
}

function resourceKind({ resource }: PolicySet): PolicyKind {
  return resource?.[0]?.kind ?? 'resource';
}

function notAllowedBy(decidedBy: PolicyKind): Decision {
  return { isAllowed: false, isExplicit: false, decidedBy };
}

function allowedBy(decidedBy: PolicyKind, statement: CompiledStatement): Decision {
  return { isAllowed: true, isExplicit: false, decidedBy, statement };
}
