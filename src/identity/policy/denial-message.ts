import type { AccessRequest } from './access-request.ts';
import type { Decision } from './decide.ts';

const IMPLICIT = {
  identity: 'no identity-based policy allows',
  resource: 'no resource-based policy allows',
  trust: 'no role trust policy allows',
  boundary: 'no permissions boundary allows',
  session: 'no session policy allows',
  serviceControl: 'no service control policy allows',
} as const;

const EXPLICIT = {
  identity: 'an identity-based policy',
  resource: 'a resource-based policy',
  trust: 'the role trust policy',
  boundary: 'a permissions boundary',
  session: 'a session policy',
  serviceControl: 'a service control policy',
} as const;

/**
 * AWS's sentence for a denial: `User: <arn> is not authorized to perform: <action> on resource: <arn> because no
 * identity-based policy allows the <action> action`.
 *
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
 */
export function denialMessage(request: AccessRequest, decision: Decision): string {
  const { principal, action, resourceArn } = request;
  const who = principal === undefined ? 'anonymous' : principal.arn;
  const what = `User: ${who} is not authorized to perform: ${action} on resource: ${resourceArn}`;
  if (decision.decidedBy === 'root') return what;
  return decision.isExplicit
    ? `${what} with an explicit deny in ${EXPLICIT[decision.decidedBy]}`
    : `${what} because ${IMPLICIT[decision.decidedBy]} the ${action} action`;
}
