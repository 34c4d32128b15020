import { compileText, type PatternToken, type TextMatcher } from './text-pattern.ts';

/** `arn:partition:service:region:account:resource` */
const PARTS = 6;

/**
 * Matches ARNs as IAM does: each of the six parts by itself, so that no wildcard reaches over a colon, except in the
 * resource, which is all that comes after the fifth. A lone `*` matches everything, also what is no ARN. A pattern of
 * fewer parts matches nothing.
 */
export function compileArn(tokens: readonly PatternToken[]): TextMatcher {
  if (tokens.length > 0 && tokens.every(isStar)) return () => true;
  const parts = splitPattern(tokens).map(compileText);
  if (parts.length < PARTS) return () => false;
  return (text, context) => {
    const given = splitArn(text);
    if (given === undefined) return false;
    let isKnown = true;
    for (let index = 0; index < PARTS; index++) {
      const matches = parts[index]?.(given[index] ?? '', context);
      if (matches === false) return false;
      if (matches === undefined) isKnown = false;
    }
    return isKnown ? true : undefined;
  };
}

function isStar(token: PatternToken): boolean {
  return typeof token === 'object' && 'wildcard' in token && token.wildcard === '*';
}

/** The parts of a pattern; a colon inside a variable, as in `${aws:username}`, parts nothing. */
export function splitPattern(tokens: readonly PatternToken[]): PatternToken[][] {
  let part: PatternToken[] = [];
  const parts = [part];
  for (const token of tokens) {
    if (typeof token !== 'string') {
      part.push(token);
      continue;
    }
    let rest = token;
    for (let colon = rest.indexOf(':'); colon >= 0 && parts.length < PARTS; colon = rest.indexOf(':')) {
      if (colon > 0) part.push(rest.slice(0, colon));
      rest = rest.slice(colon + 1);
      part = [];
      parts.push(part);
    }
    if (rest !== '') part.push(rest);
  }
  return parts;
}

function splitArn(text: string): string[] | undefined {
  const parts: string[] = [];
  let from = 0;
  for (let index = 1; index < PARTS; index++) {
    const colon = text.indexOf(':', from);
    if (colon < 0) return undefined;
    parts.push(text.slice(from, colon));
    from = colon + 1;
  }
  parts.push(text.slice(from));
  return parts;
}
