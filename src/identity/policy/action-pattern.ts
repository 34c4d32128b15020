import { compileGlob, matchesGlob } from './glob.ts';
import { malformedPolicy } from './malformed-policy.ts';
import { type PatternToken, tokenise } from './text-pattern.ts';

/** Whether an action in lower case, `cloudtrail:lookupevents`, is one of those that a statement lists. */
export type ActionMatcher = (action: string) => boolean;

const VENDOR = /^[a-z0-9][a-z0-9.-]*$/;
const NAME = /^[a-z0-9*?_.-]+$/;

/** Compiles `Action` or `NotAction`. Throws `MalformedPolicyDocument`. */
export function compileActions(patterns: readonly string[]): ActionMatcher {
  const exact = new Set<string>();
  const globs = patterns
    .map((pattern) => pattern.toLowerCase())
    .flatMap((pattern) => {
      checkAction(pattern);
      if (!/[*?]/.test(pattern)) {
        exact.add(pattern);
        return [];
      }
      return [
        compileGlob(tokenise(pattern, { hasVariables: false, hasWildcards: true }).filter(isGlobToken)),
      ];
    });
  return (action) => exact.has(action) || globs.some((glob) => matchesGlob(glob, action));
}

/** `*`, or a service without wildcards, a colon and a name. */
function checkAction(pattern: string): void {
  if (pattern === '*' || pattern === '*:*') return;
  const [vendor = '', name, ...rest] = pattern.split(':');
  if (name === undefined) {
    throw malformedPolicy('Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc.');
  }
  if (rest.length > 0) throw malformedPolicy('Actions/Condition can contain only one colon.');
  if (!VENDOR.test(vendor)) throw malformedPolicy(`Vendor ${vendor} is not valid`);
  if (!NAME.test(name)) throw malformedPolicy();
}

function isGlobToken(token: PatternToken): token is Exclude<PatternToken, { variable: string }> {
  return typeof token === 'string' || 'wildcard' in token;
}
