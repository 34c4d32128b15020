import type { SessionClaims } from '../../../identity/session/session-claims.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import { type InputOf, integer, readInput, required } from '../iam/iam-input.ts';
import type { ServiceCall, ServiceOperation } from '../service-operation.ts';
import { durationSeconds } from './get-session-token.ts';
import { packedPolicySize, sessionPolicies } from './session-policies.ts';
import { sessionTags, tagContext } from './session-tags.ts';
import { factsOf, type StsContext } from './sts-context.ts';
import { stsError } from './sts-error.ts';
import * as members from './sts-members.ts';
import { issueCredentials, sessionTimes } from './wire-session.ts';

const SHAPE = {
  Name: required(members.federatedName),
  Policy: members.sessionPolicy,
  PolicyArns: members.policyArns,
  DurationSeconds: integer({ min: 900, max: 129_600 }),
  Tags: members.sessionTags,
};

/** Gives temporary credentials to somebody whom the caller vouches for: what both may, and nothing without policies. */
export function createGetFederationToken(context: StsContext): ServiceOperation {
  return {
    name: 'GetFederationToken',
    isReadOnly: true,
    // Decided below, once the tags are known.
    action: null,
    run: async (call) => getFederationToken(context, call, readInput(SHAPE, call.input)),
  };
}

async function getFederationToken(
  context: StsContext,
  call: ServiceCall,
  input: InputOf<typeof SHAPE>,
): Promise<JsonObject> {
  const { principal } = call;
  const { accountId, accessKeyId, userName, userId } = principal;
  if (principal.session !== undefined) {
    throw stsError('AccessDenied', 'Cannot call GetFederationToken with session credentials');
  }
  const tags = sessionTags(principal, { tags: input.Tags });
  const arn = `arn:aws:sts::${accountId}:federated-user/${input.Name}`;
  for (const action of ['sts:GetFederationToken', ...(tags.tags.length > 0 ? ['sts:TagSession'] : [])]) {
    const question = { principal, action, facts: factsOf(call) };
    const resource = { resourceArn: arn, context: tagContext(tags) };
    const decision = await context.authorizer.authorize(question, [resource]);
    if (!decision.isAllowed) throw stsError('AccessDenied', decision.message);
  }
  const policies = await sessionPolicies(context.identities, accountId, {
    policy: input.Policy,
    policyArns: input.PolicyArns,
  });
  const packedSize = packedPolicySize(policies, tags);
  const isRoot = userName === undefined;
  const claims: SessionClaims = {
    kind: 'federated',
    accountId,
    ...sessionTimes(context.clock.now(), durationSeconds(isRoot, input.DurationSeconds)),
    hasMfa: false,
    sessionName: input.Name,
    ...(isRoot ? {} : { userName, userId }),
    issuingAccessKeyId: accessKeyId,
    ...tags,
    ...policies,
  };
  return {
    Credentials: issueCredentials(context.sessions, claims),
    FederatedUser: { FederatedUserId: `${accountId}:${input.Name}`, Arn: arn },
    ...(packedSize === undefined ? {} : { PackedPolicySize: packedSize }),
  };
}
