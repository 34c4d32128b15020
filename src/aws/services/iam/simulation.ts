import { iamError } from '../../../identity/iam/iam-error.ts';
import { type SimulatedPrincipal, simulatedEntity } from '../../../identity/iam/simulated-principal.ts';
import type { CompiledPolicy, PolicyKind } from '../../../identity/policy/compiled-policy.ts';
import { parsePolicy } from '../../../identity/policy/parse-policy.ts';
import { requestContext } from '../../../identity/policy/request-context.ts';
import {
  type MatchedStatement,
  type NamedPolicy,
  type SimulationResult,
  simulate,
} from '../../../identity/policy/simulate.ts';
import type { Principal } from '../../../identity/principal.ts';
import { ApiError } from '../../../model/api-error.ts';
import { parseArn } from '../../../model/arn.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { ServiceCall, ServiceOperation } from '../service-operation.ts';
import { defineOperation } from './define-operation.ts';
import { accountOf, type IamContext, readWork } from './iam-context.ts';
import { type InputOf, list, required, structure, text } from './iam-input.ts';
import * as members from './iam-members.ts';
import { wireMembers } from './iam-wire.ts';
import { pageOf } from './paging.ts';

/** Items of a list in one request; each asks the evaluator once for each of the others. */
const LIST_MAX = 1_000;
/** Actions times resources times statements of one request: about 0.2 s, during which nothing else is answered. */
const EVALUATIONS_MAX = 200_000;

const documents = list(members.policyDocument, { max: LIST_MAX });
const resourceName = text({ max: 2_048 });

const shape = {
  ActionNames: required(list(text({ min: 3, max: 128 }), { max: LIST_MAX })),
  ResourceArns: list(resourceName, { max: LIST_MAX }),
  PermissionsBoundaryPolicyInputList: documents,
  ResourcePolicy: members.policyDocument,
  ResourceOwner: resourceName,
  CallerArn: resourceName,
  ContextEntries: list(
    structure({
      ContextKeyName: required(text({ min: 5, max: 256 })),
      ContextKeyValues: list(text({ min: 0, max: 2_048 }), { max: LIST_MAX }),
      ContextKeyType: text({ max: 32 }),
    }),
    { max: LIST_MAX },
  ),
  ResourceHandlingOption: text({ max: 64 }),
  ...members.paging,
};

type SimulationInput = InputOf<typeof shape>;

export function simulationOperations(context: IamContext): ServiceOperation[] {
  return [simulateCustomPolicy(context), simulatePrincipalPolicy(context)];
}

function simulateCustomPolicy(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'SimulateCustomPolicy',
    isReadOnly: true,
    input: { ...shape, PolicyInputList: required(documents) },
    targets: () => ({ resourceArn: '*' }),
    async run({ PolicyInputList, ...input }, call) {
      const caller = callerOf(input, call);
      return answer(context, {
        input,
        principal: caller,
        identity: named(PolicyInputList, 'PolicyInputList', 'identity'),
        boundary: undefined,
      });
    },
  });
}

function simulatePrincipalPolicy(context: IamContext): ServiceOperation {
  return defineOperation({
    name: 'SimulatePrincipalPolicy',
    isReadOnly: true,
    input: { ...shape, PolicySourceArn: required(members.arn), PolicyInputList: documents },
    targets: ({ PolicySourceArn }) => ({ resourceArn: PolicySourceArn }),
    async run({ PolicySourceArn, PolicyInputList, ...input }, call) {
      const work = readWork(context);
      const source: SimulatedPrincipal = await simulatedEntity(work, accountOf(call), PolicySourceArn);
      return answer(context, {
        input,
        principal: input.CallerArn === undefined ? source.principal : callerOf(input, call),
        identity: [...source.identity, ...named(PolicyInputList, 'PolicyInputList', 'identity')],
        boundary: source.boundary,
      });
    },
  });
}

/** Who would call: the user that `CallerArn` names, else somebody of this account. */
function callerOf({ CallerArn, ResourcePolicy }: SimulationInput, call: ServiceCall): Principal {
  if (CallerArn === undefined && ResourcePolicy !== undefined) {
    throw iamError('InvalidInput', 'CallerArn is required when ResourcePolicy is specified.');
  }
  const account = accountOf(call);
  const arn = CallerArn ?? `arn:${account.partition}:iam::${account.accountId}:user/simulated`;
  const parts = parseArn(arn);
  if (parts?.service !== 'iam' || !/^\d{12}$/.test(parts.accountId) || !parts.resource.startsWith('user/')) {
    throw iamError(
      'InvalidInput',
      `Invalid Entity Arn: ${arn} does not clearly define entity type and name.`,
    );
  }
  const userName = parts.resource.slice(parts.resource.lastIndexOf('/') + 1);
  return {
    type: 'IAMUser',
    accountId: parts.accountId,
    arn,
    userId: '',
    accessKeyId: '',
    userIdentity: {},
    userName,
    tags: [],
  };
}

function compile(document: string, kind: PolicyKind): CompiledPolicy {
  try {
    return parsePolicy(document, kind);
  } catch (error) {
    // The simulations have a code of their own for it.
    if (error instanceof ApiError) throw iamError('InvalidInput', error.message);
    throw error;
  }
}

function named(given: readonly string[] | undefined, listName: string, kind: PolicyKind): NamedPolicy[] {
  return (given ?? []).map((document, n) => ({
    sourcePolicyId: `${listName}.${n + 1}`,
    sourcePolicyType: 'IAM Policy',
    policy: compile(document, kind),
  }));
}

async function answer(
  context: IamContext,
  facts: {
    readonly input: SimulationInput;
    readonly principal: Principal;
    readonly identity: readonly NamedPolicy[];
    readonly boundary: NamedPolicy | undefined;
  },
): Promise<JsonObject> {
  const { input, principal, identity } = facts;
  const { ActionNames: actions, ResourceArns: resourceArns = [], PermissionsBoundaryPolicyInputList } = input;
  const boundary =
    named(PermissionsBoundaryPolicyInputList, 'PermissionsBoundaryPolicyInputList', 'boundary')[0] ??
    facts.boundary;
  const resource = named(
    input.ResourcePolicy === undefined ? [] : [input.ResourcePolicy],
    'ResourcePolicy',
    'resource',
  )[0];
  const asked = [...identity, boundary, resource].reduce(
    (sum, one) => sum + (one?.policy.statements.length ?? 0),
    1,
  );
  if (actions.length * Math.max(1, resourceArns.length) * asked > EVALUATIONS_MAX) {
    throw iamError(
      'InvalidInput',
      `At most ${EVALUATIONS_MAX} actions times resources times statements can be simulated at once.`,
    );
  }
  const serviceControl = await context.serviceControlOf?.(principal.accountId);
  const results = simulate(
    {
      principal,
      actions,
      resourceArns,
      resourceAccountId: ownerOf(input) ?? principal.accountId,
      context: simulatedContext(context, principal, input),
      identity,
      ...(boundary === undefined ? {} : { boundary }),
      ...(resource === undefined ? {} : { resource }),
      ...(serviceControl === undefined ? {} : { serviceControl }),
    },
    context.actions,
  );
  const numbered = results.map((result, n) => ({ result, key: String(n).padStart(8, '0') }));
  return pageOf(numbered, input, {
    member: 'EvaluationResults',
    keyOf: ({ key }) => key,
    toWire: ({ result }) => wireResult(result),
  });
}

/** The account of `arn:aws:iam::111122223333:root`. */
function ownerOf({ ResourceOwner }: SimulationInput): string | undefined {
  if (ResourceOwner === undefined) return undefined;
  const accountId = parseArn(ResourceOwner)?.accountId ?? ResourceOwner;
  if (/^\d{12}$/.test(accountId)) return accountId;
  throw iamError('InvalidInput', `Invalid resource owner: ${ResourceOwner}`);
}

/** What the principal tells of itself, under what the request says. */
function simulatedContext(context: IamContext, principal: Principal, { ContextEntries }: SimulationInput) {
  const keys = new Map(requestContext(principal, { nowMs: context.clock.now() }));
  for (const { ContextKeyName, ContextKeyValues = [] } of ContextEntries ?? []) {
    keys.set(ContextKeyName.toLowerCase(), ContextKeyValues);
  }
  return keys;
}

function wireResult(result: SimulationResult): JsonObject {
  const { isAllowedByBoundary, isAllowedByOrganization } = result;
  return wireMembers({
    EvalActionName: result.action,
    EvalResourceName: result.resourceArn,
    EvalDecision: result.decision,
    MatchedStatements: result.matchedStatements.map(wireStatement),
    MissingContextValues: result.missingContextValues,
    PermissionsBoundaryDecisionDetail:
      isAllowedByBoundary === undefined ? undefined : { AllowedByPermissionsBoundary: isAllowedByBoundary },
    OrganizationsDecisionDetail:
      isAllowedByOrganization === undefined ? undefined : { AllowedByOrganizations: isAllowedByOrganization },
  });
}

function wireStatement(statement: MatchedStatement): JsonObject {
  const { sourcePolicyId, sourcePolicyType, start, end } = statement;
  return {
    SourcePolicyId: sourcePolicyId,
    SourcePolicyType: sourcePolicyType,
    StartPosition: { Line: start.line, Column: start.column },
    EndPosition: { Line: end.line, Column: end.column },
  };
}
