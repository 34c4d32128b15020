import type { AccessRequest } from './access-request.ts';
import { compileActions } from './action-pattern.ts';
import { compileArn } from './arn-pattern.ts';
import type { CompiledStatement, PolicyKind, TextPosition } from './compiled-policy.ts';
import { type Condition, compileConditions, type Effect } from './condition.ts';
import { malformedPolicy } from './malformed-policy.ts';
import type { PolicyJson, PolicyJsonObject } from './policy-json.ts';
import { compilePrincipals, isLeftOut, type PrincipalReach, reachOf } from './principal-pattern.ts';
import { checkResource } from './resource-grammar.ts';
import { isVariable, matchesSome, tokenise } from './text-pattern.ts';

export interface StatementSyntax {
  readonly kind: PolicyKind;
  readonly hasVariables: boolean;
  /** Where the keys of conditions and variables are put, by their name in lower case. */
  readonly contextKeys: Map<string, string>;
  readonly positionOf: (offset: number) => TextPosition;
}

const MEMBERS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

/** What may be done to a role; no wildcard that takes in more. */
const TRUST_ACTION = /^sts:(?:AssumeRole[\w*?]*|TagSession|SetSourceIdentity|SetContext)$/i;

/** Compiles one statement by the grammar of its policy's kind. Throws `MalformedPolicyDocument`. */
export function compileStatement(json: PolicyJsonObject, syntax: StatementSyntax): CompiledStatement {
  for (const name of json.members.keys()) if (!MEMBERS.has(name)) throw malformedPolicy();
  const effect = effectOf(json);
  const isAction = compileAction(json, syntax);
  const isResource = compileResource(json, syntax, effect);
  const conditions = compileCondition(json, syntax, effect);
  return {
    sid: sidOf(json, syntax.kind),
    effect,
    start: syntax.positionOf(json.start),
    end: syntax.positionOf(json.end),
    appliesTo: (request, action) =>
      isAction(action) && isResource(request) && conditions.every(({ holds }) => holds(request.context)),
    reach: compileReach(json, syntax.kind, effect),
  };
}

function effectOf({ members }: PolicyJsonObject): Effect {
  const effect = members.get('Effect');
  if (effect?.kind !== 'string') throw malformedPolicy();
  if (effect.value !== 'Allow' && effect.value !== 'Deny') throw malformedPolicy();
  return effect.value;
}

/** Letters and digits; policies of resources may have any text, as those of buckets do. */
function sidOf({ members }: PolicyJsonObject, kind: PolicyKind): string | undefined {
  const sid = members.get('Sid');
  if (sid === undefined) return undefined;
  if (sid.kind !== 'string') throw malformedPolicy();
  if (kind !== 'resource' && !/^[0-9A-Za-z]*$/.test(sid.value)) {
    throw malformedPolicy(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    );
  }
  return sid.value;
}

function compileAction(json: PolicyJsonObject, { kind }: StatementSyntax): (action: string) => boolean {
  const element = eitherOf(json, 'Action', 'NotAction');
  if (element === undefined || element.values.length === 0) {
    throw malformedPolicy(
      kind === 'trust' ? 'Missing required field Action' : 'Policy statement must contain actions.',
    );
  }
  const matches = compileActions(element.values);
  if (kind === 'trust' && !element.values.every((action) => TRUST_ACTION.test(action))) {
    throw malformedPolicy('AssumeRole policy may only specify STS AssumeRole actions.');
  }
  return element.isNegated ? (action) => !matches(action) : matches;
}

function compileResource(
  json: PolicyJsonObject,
  { kind, hasVariables, contextKeys }: StatementSyntax,
  effect: Effect,
): (request: AccessRequest) => boolean {
  const element = eitherOf(json, 'Resource', 'NotResource');
  if (kind === 'trust') {
    if (element?.isNegated === true) throw malformedPolicy('AssumeRole policy must not contain resources.');
    if (element !== undefined) throw malformedPolicy('Has prohibited field Resource');
    return () => true;
  }
  if (element === undefined || element.values.length === 0) {
    // The policy of a resource is about what it is attached to, and some of CloudTrail's examples leave it at that.
    if (kind === 'resource' && element === undefined) return () => true;
    throw malformedPolicy('Policy statement must contain resources.');
  }
  const matchers = element.values.map((value) => {
    checkResource(value, hasVariables);
    const tokens = tokenise(value, { hasVariables, hasWildcards: true });
    for (const token of tokens) if (isVariable(token)) contextKeys.set(token.key, token.variable);
    return compileArn(tokens);
  });
  if (!element.isNegated) {
    return ({ resourceArn, context }) => matchesSome(matchers, resourceArn, context) === true;
  }
  return ({ resourceArn, context }) => {
    const matches = matchesSome(matchers, resourceArn, context);
    // A variable without a value leaves nothing out of a denial and lets nothing into a permission.
    return matches === undefined ? effect === 'Deny' : !matches;
  };
}

function compileCondition(
  { members }: PolicyJsonObject,
  { hasVariables, contextKeys }: StatementSyntax,
  effect: Effect,
): Condition[] {
  const block = members.get('Condition');
  if (block === undefined) return [];
  if (block.kind !== 'object') throw malformedPolicy();
  const conditions = compileConditions(block, { effect, hasVariables });
  for (const { keys } of conditions) for (const key of keys) contextKeys.set(key.toLowerCase(), key);
  return conditions;
}

function compileReach(
  { members }: PolicyJsonObject,
  kind: PolicyKind,
  effect: Effect,
): (request: AccessRequest) => PrincipalReach | undefined {
  const principal = members.get('Principal');
  const notPrincipal = members.get('NotPrincipal');
  const named = principal ?? notPrincipal;
  if (kind !== 'resource' && kind !== 'trust') {
    if (named !== undefined) throw malformedPolicy('Policy document should not specify a principal.');
    return () => 'direct';
  }
  if (named === undefined) throw malformedPolicy('Missing required field Principal');
  if (principal !== undefined && notPrincipal !== undefined) throw malformedPolicy();
  const pattern = compilePrincipals(named);
  if (principal !== undefined) return (request) => reachOf(pattern, request.principal, request.context);
  if (effect === 'Allow') throw malformedPolicy('Allow with NotPrincipal is not allowed.');
  if (kind === 'trust') throw malformedPolicy('AssumeRole policy must not contain NotPrincipal field.');
  return (request) => (isLeftOut(pattern, request.principal, request.context) ? undefined : 'direct');
}

/** One of two members that exclude one another, as a list of texts. */
function eitherOf(
  { members }: PolicyJsonObject,
  name: string,
  notName: string,
): { readonly values: readonly string[]; readonly isNegated: boolean } | undefined {
  const element = members.get(name);
  const notElement = members.get(notName);
  if (element !== undefined && notElement !== undefined) throw malformedPolicy();
  const json = element ?? notElement;
  return json === undefined ? undefined : { values: textsOf(json), isNegated: element === undefined };
}

function textsOf(json: PolicyJson): string[] {
  const items = json.kind === 'array' ? json.items : [json];
  return items.map((item) => {
    if (item.kind !== 'string') throw malformedPolicy();
    return item.value;
  });
}
