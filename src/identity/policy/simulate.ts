import type { AccessRequest } from './access-request.ts';
import type { ActionTable } from './action-table.ts';
import type { CompiledPolicy, TextPosition } from './compiled-policy.ts';
import { decide, isMatch, type PolicySet, type ServiceControl } from './decide.ts';

/** A policy with the name that the answer of a simulation gives it. */
export interface NamedPolicy {
  /** `SourcePolicyId`: `PolicyInputList.1`, the name of a policy. */
  readonly sourcePolicyId: string;
  /** `SourcePolicyType`: `IAM Policy`, `user-managed`, … */
  readonly sourcePolicyType: string;
  readonly policy: CompiledPolicy;
}

export interface Simulation {
  readonly principal: AccessRequest['principal'];
  readonly actions: readonly string[];
  /** None means `*`. */
  readonly resourceArns: readonly string[];
  readonly resourceAccountId: string;
  readonly context: AccessRequest['context'];
  readonly identity: readonly NamedPolicy[];
  readonly boundary?: NamedPolicy;
  readonly resource?: NamedPolicy;
  readonly serviceControl?: ServiceControl;
}

export interface MatchedStatement {
  readonly sourcePolicyId: string;
  readonly sourcePolicyType: string;
  readonly start: TextPosition;
  readonly end: TextPosition;
}

export interface SimulationResult {
  /** As it was asked for. */
  readonly action: string;
  readonly resourceArn: string;
  readonly decision: 'allowed' | 'explicitDeny' | 'implicitDeny';
  /** What decided: of a denial by statements only those, of a permission all that allow it, else none. */
  readonly matchedStatements: readonly MatchedStatement[];
  /** Keys that the policies ask for and the simulation does not give, as the policies spell them. */
  readonly missingContextValues: readonly string[];
  /** Only where there is a boundary. */
  readonly isAllowedByBoundary?: boolean;
  /** Only where service-control policies bind. */
  readonly isAllowedByOrganization?: boolean;
}

/**
 * Asks the evaluator about every action on every resource, for `SimulatePrincipalPolicy` and `SimulateCustomPolicy`.
 * An action that is about no single resource is asked about `*`, as AWS answers it.
 */
export function simulate(simulation: Simulation, table?: ActionTable): SimulationResult[] {
  const { actions, resourceArns } = simulation;
  const missingContextValues = missingKeys(simulation);
  return actions.flatMap((action) => {
    const hasResources = table?.find(action)?.hasResources ?? true;
    const asked = hasResources && resourceArns.length > 0 ? resourceArns : ['*'];
    return asked.map((resourceArn) => ({
      action,
      resourceArn,
      ...simulateOne({ ...simulation, action, resourceArn }, simulation),
      missingContextValues,
    }));
  });
}

function simulateOne(
  request: AccessRequest,
  simulation: Simulation,
): Omit<SimulationResult, 'action' | 'resourceArn' | 'missingContextValues'> {
  const { identity, boundary, resource, serviceControl } = simulation;
  const policies: PolicySet = {
    identity: identity.map(({ policy }) => policy),
    ...(boundary === undefined ? {} : { boundary: boundary.policy }),
    ...(resource === undefined ? {} : { resource: [resource.policy] }),
    ...(serviceControl === undefined ? {} : { serviceControl }),
  };
  const { isAllowed, isExplicit } = decide(request, policies);
  const named = [...identity, boundary, resource].filter((policy) => policy !== undefined);
  const effect = isExplicit ? 'Deny' : 'Allow';
  return {
    decision: isAllowed ? 'allowed' : isExplicit ? 'explicitDeny' : 'implicitDeny',
    matchedStatements: isAllowed || isExplicit ? named.flatMap((one) => matched(one, request, effect)) : [],
    ...(boundary === undefined ? {} : { isAllowedByBoundary: isAllowedBy(boundary, request) }),
    ...(serviceControl === undefined
      ? {}
      : { isAllowedByOrganization: isAllowedByOrganization(request, serviceControl) }),
  };
}

function matched(
  { policy, sourcePolicyId, sourcePolicyType }: NamedPolicy,
  request: AccessRequest,
  effect: 'Allow' | 'Deny',
): MatchedStatement[] {
  const action = request.action.toLowerCase();
  return policy.statements
    .filter((statement) => statement.effect === effect && isMatch(statement, request, action))
    .map(({ start, end }) => ({ sourcePolicyId, sourcePolicyType, start, end }));
}

function isAllowedBy(policy: NamedPolicy, request: AccessRequest): boolean {
  return matched(policy, request, 'Deny').length === 0 && matched(policy, request, 'Allow').length > 0;
}

function isAllowedByOrganization(request: AccessRequest, serviceControl: ServiceControl): boolean {
  return decide(request, { identity: [], serviceControl }).decidedBy !== 'serviceControl';
}

function missingKeys({ identity, boundary, resource, context }: Simulation): string[] {
  const missing = new Map<string, string>();
  for (const named of [...identity, boundary, resource]) {
    for (const key of named?.policy.contextKeys ?? []) {
      const isGiven = (context.get(key.toLowerCase())?.length ?? 0) > 0;
      if (!isGiven) missing.set(key.toLowerCase(), key);
    }
  }
  return [...missing.values()];
}
