import type { RequestContext } from './access-request.ts';
import { compileGlob, type GlobToken, matchesGlob } from './glob.ts';
import { malformedPolicy } from './malformed-policy.ts';

/** `${aws:username}`, `${aws:PrincipalTag/team, 'none'}` */
export interface VariableToken {
  /** As the document spells it. */
  readonly variable: string;
  readonly key: string;
  readonly fallback: string | undefined;
}

export type PatternToken = GlobToken | VariableToken;

/**
 * Whether a text is as a pattern says; undefined when the pattern has a variable that the request gives no single
 * value for, so that nobody can say.
 */
export type TextMatcher = (text: string, context: RequestContext) => boolean | undefined;

export interface PatternSyntax {
  /** Documents of version 2012-10-17 have policy variables; in older ones they are plain text. */
  readonly hasVariables: boolean;
  /** Whether `*` and `?` stand for other text. */
  readonly hasWildcards: boolean;
}

const VARIABLE = /^\s*([^\s,'{}]+)\s*(?:,\s*'([^']*)'\s*)?$/; // aws:PrincipalTag/team, 'none'

/** Takes a pattern apart. Throws `MalformedPolicyDocument` for a variable without an end or a name. */
export function tokenise(text: string, { hasVariables, hasWildcards }: PatternSyntax): PatternToken[] {
  const tokens: PatternToken[] = [];
  let plain = '';
  const add = (token: PatternToken) => {
    if (plain !== '') tokens.push(plain);
    plain = '';
    tokens.push(token);
  };
  for (let at = 0; at < text.length; at++) {
    const character = text[at] as string;
    if (hasVariables && character === '$' && text[at + 1] === '{') {
      const end = text.indexOf('}', at);
      if (end < 0) throw malformedPolicy();
      const name = text.slice(at + 2, end);
      // `${*}`, `${?}` and `${$}` are how a pattern says these characters themselves.
      if (name === '*' || name === '?' || name === '$') plain += name;
      else add(variableOf(name));
      at = end;
    } else if (hasWildcards && (character === '*' || character === '?')) add({ wildcard: character });
    else plain += character;
  }
  if (plain !== '') tokens.push(plain);
  return tokens;
}

function variableOf(source: string): VariableToken {
  const [, name, fallback] = VARIABLE.exec(source) ?? [];
  if (name === undefined) throw malformedPolicy();
  return { variable: name, key: name.toLowerCase(), fallback };
}

export function isVariable(token: PatternToken): token is VariableToken {
  return typeof token === 'object' && 'variable' in token;
}

/** Compiles what has no variables once; the rest with each request. */
export function compileText(tokens: readonly PatternToken[]): TextMatcher {
  const fixed = tokens.filter((token): token is GlobToken => !isVariable(token));
  if (fixed.length < tokens.length) {
    return (text, context) => {
      const resolved = resolve(tokens, context);
      return resolved === undefined ? undefined : matchesGlob(compileGlob(resolved), text);
    };
  }
  const glob = compileGlob(fixed);
  if (fixed.every((token) => typeof token === 'string')) {
    const only = fixed.join('');
    return (text) => text === only;
  }
  return (text) => matchesGlob(glob, text);
}

/** Values take the places of variables as plain text: a `*` in a user's name matches nothing but itself. */
function resolve(tokens: readonly PatternToken[], context: RequestContext): GlobToken[] | undefined {
  const resolved: GlobToken[] = [];
  for (const token of tokens) {
    if (!isVariable(token)) {
      resolved.push(token);
      continue;
    }
    const values = context.get(token.key);
    const value = values?.length === 1 ? values[0] : token.fallback;
    if (value === undefined || (values?.length ?? 0) > 1) return undefined;
    resolved.push(value);
  }
  return resolved;
}

/** True when one matches; else undefined when one cannot say; else false. */
export function matchesSome(
  matchers: readonly TextMatcher[],
  text: string,
  context: RequestContext,
): boolean | undefined {
  let answer: boolean | undefined = false;
  for (const matcher of matchers) {
    const matches = matcher(text, context);
    if (matches === true) return true;
    if (matches === undefined) answer = undefined;
  }
  return answer;
}
