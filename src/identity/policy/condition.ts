import type { RequestContext } from './access-request.ts';
import { CONDITION_OPERATORS, type ConditionOperator } from './condition-operators.ts';
import { malformedPolicy } from './malformed-policy.ts';
import type { PolicyJson, PolicyJsonObject } from './policy-json.ts';
import { isVariable, matchesSome, type TextMatcher, tokenise } from './text-pattern.ts';

export type Effect = 'Allow' | 'Deny';

/** One operator on one key; all of a statement's must hold. */
export interface Condition {
  /** The key, and those of its policy variables, as the document spells them. */
  readonly keys: readonly string[];
  readonly holds: (context: RequestContext) => boolean;
}

export interface ConditionSyntax {
  readonly effect: Effect;
  readonly hasVariables: boolean;
}

type Quantifier = 'ForAllValues' | 'ForAnyValue' | undefined;

const OPERATOR = /^(?:(ForAllValues|ForAnyValue):)?([A-Za-z]+?)(IfExists)?$/; // ForAllValues:StringLikeIfExists

/** Compiles a `Condition` block. Throws `MalformedPolicyDocument`. */
export function compileConditions(block: PolicyJsonObject, syntax: ConditionSyntax): Condition[] {
  const conditions: Condition[] = [];
  for (const [operator, keys] of block.members) {
    if (keys.kind !== 'object') throw malformedPolicy();
    const seen = new Set<string>();
    for (const [name, values] of keys.members) {
      const key = conditionKey(name);
      // Keys are the same in any case, and of two of one name a reader would see only one.
      if (seen.has(key)) throw malformedPolicy();
      seen.add(key);
      const test = { values: valuesOf(values), ...syntax };
      const variables = test.values.flatMap((value) => variablesOf(value, syntax));
      conditions.push({ keys: [name, ...variables], holds: compileTest(operator, key, test) });
    }
  }
  return conditions;
}

function conditionKey(name: string): string {
  if (!/^[^:\s]+:\S/.test(name)) {
    throw malformedPolicy('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
  }
  return name.toLowerCase();
}

/** One value or a list of them; numbers and booleans as the document spells them. */
function valuesOf(json: PolicyJson): string[] {
  const items = json.kind === 'array' ? json.items : [json];
  return items.map((item) => {
    if (item.kind === 'array' || item.kind === 'object' || item.kind === 'null') throw malformedPolicy();
    return item.value;
  });
}

function variablesOf(value: string, { hasVariables }: ConditionSyntax): string[] {
  const tokens = tokenise(value, { hasVariables, hasWildcards: false });
  return tokens.filter(isVariable).map(({ variable }) => variable);
}

interface Test extends ConditionSyntax {
  readonly values: readonly string[];
}

function compileTest(name: string, key: string, test: Test): Condition['holds'] {
  if (name === 'Null') return compileNull(key, test.values);
  const [, quantifier, base = '', ifExists] = OPERATOR.exec(name) ?? [];
  const operator = CONDITION_OPERATORS.get(base);
  if (operator === undefined) throw malformedPolicy();
  const matchers = test.values.map((value) => operator.compile(value, test.hasVariables));
  const ifMissing = ifExists !== undefined || isMetByNothing(operator, quantifier as Quantifier);
  const holdsFor = valueTest(operator, matchers, test.effect);
  return (context) => {
    const given = context.get(key);
    if (given === undefined || given.length === 0) return ifMissing;
    switch (quantifier) {
      case 'ForAnyValue':
        return given.some((value) => holdsFor(value, context));
      case 'ForAllValues':
        return given.every((value) => holdsFor(value, context));
      default:
        // Without a set operator a key of several values matches by any of them, and is "not" something by all.
        return operator.isNegated
          ? given.every((value) => holdsFor(value, context))
          : given.some((value) => holdsFor(value, context));
    }
  };
}

/** What a condition on a key that the request does not have comes to. */
function isMetByNothing(operator: ConditionOperator, quantifier: Quantifier): boolean {
  if (quantifier === 'ForAllValues') return true;
  return quantifier === undefined && operator.isNegated;
}

/**
 * Whether one value of the request meets the operator. Where a policy variable has no value, nothing equals it; what
 * "not equal" then comes to is taken the safe way: it lets a denial apply, and a permission not.
 */
function valueTest(
  operator: ConditionOperator,
  matchers: readonly TextMatcher[],
  effect: Effect,
): (value: string, context: RequestContext) => boolean {
  if (!operator.isNegated) return (value, context) => matchesSome(matchers, value, context) === true;
  return (value, context) => {
    const matches = matchesSome(matchers, value, context);
    return matches === undefined ? effect === 'Deny' : !matches;
  };
}

/** `"Null": {"aws:TokenIssueTime": "true"}` holds when the request does not have the key. */
function compileNull(key: string, values: readonly string[]): Condition['holds'] {
  const wanted = values.map((value) => {
    if (!/^(true|false)$/i.test(value)) throw malformedPolicy();
    return value.toLowerCase() === 'true';
  });
  return (context) => wanted.includes((context.get(key)?.length ?? 0) === 0);
}
