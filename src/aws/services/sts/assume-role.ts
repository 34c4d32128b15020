import type { RoleEntity } from '../../../identity/entities.ts';
import type { SessionClaims } from '../../../identity/session/session-claims.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import { type InputOf, integer, readInput, required } from '../iam/iam-input.ts';
import type { ServiceCall, ServiceOperation } from '../service-operation.ts';
import { refuseMfa } from './refuse-mfa.ts';
import { packedPolicySize, sessionPolicies } from './session-policies.ts';
import { type SessionTags, sessionTags, tagContext } from './session-tags.ts';
import { factsOf, type StsContext } from './sts-context.ts';
import { stsError } from './sts-error.ts';
import * as members from './sts-members.ts';
import { findTargetRole } from './target-role.ts';
import { issueCredentials, sessionTimes } from './wire-session.ts';

const SHAPE = {
  RoleArn: required(members.roleArn),
  RoleSessionName: required(members.sessionName),
  PolicyArns: members.policyArns,
  Policy: members.sessionPolicy,
  DurationSeconds: integer({ min: 900, max: 43_200 }),
  Tags: members.sessionTags,
  TransitiveTagKeys: members.tagKeys,
  ExternalId: members.externalId,
  SerialNumber: members.serialNumber,
  TokenCode: members.tokenCode,
  SourceIdentity: members.sourceIdentity,
};
type Input = InputOf<typeof SHAPE>;

const DURATION_DEFAULT_SECONDS = 3_600;
/** A session that is got with another session lives no longer, whatever the role allows. */
const CHAINED_SECONDS_MAX = 3_600;

/** In the place of the trust policy of a role that is not there: no service has such a name (RFC 2606). */
const TRUSTS_NOBODY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Principal: { Service: 'nobody.invalid' }, Action: 'sts:AssumeRole' }],
});

/** Gives temporary credentials of a role to whom its trust policy trusts. */
export function createAssumeRole(context: StsContext): ServiceOperation {
  return {
    name: 'AssumeRole',
    isReadOnly: true,
    // Decided below, together with the role's trust policy.
    action: null,
    run: async (call) => assumeRole(context, call, readInput(SHAPE, call.input)),
  };
}

async function assumeRole(context: StsContext, call: ServiceCall, input: Input): Promise<JsonObject> {
  const { principal } = call;
  const { accountId, role: found } = await findTargetRole(context, input.RoleArn);
  if (principal.type === 'Root') {
    throw stsError('AccessDenied', 'Roles may not be assumed by root accounts.');
  }
  const tags = sessionTags(principal, { tags: input.Tags, transitiveTagKeys: input.TransitiveTagKeys });
  const sourceIdentity = principal.session?.sourceIdentity ?? input.SourceIdentity;
  const grant = { input, accountId, role: found, tags, sourceIdentity };
  await requireTrust(context, call, grant);
  const role = found ?? deny(call, 'sts:AssumeRole', input.RoleArn);
  if (input.SourceIdentity !== undefined && input.SourceIdentity !== sourceIdentity) {
    deny(call, 'sts:SetSourceIdentity', input.RoleArn);
  }
  refuseMfa(input);
  const policies = await sessionPolicies(context.identities, accountId, {
    policy: input.Policy,
    policyArns: input.PolicyArns,
  });
  const packedSize = packedPolicySize(policies, tags);
  const sessionName = input.RoleSessionName;
  const claims: SessionClaims = {
    kind: 'role',
    accountId,
    ...sessionTimes(context.clock.now(), durationOf(call, input, role)),
    hasMfa: false,
    roleName: role.roleName,
    roleId: role.roleId,
    sessionName,
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    ...tags,
    ...policies,
  };
  return {
    Credentials: issueCredentials(context.sessions, claims),
    AssumedRoleUser: {
      AssumedRoleId: `${role.roleId}:${sessionName}`,
      Arn: `arn:aws:sts::${accountId}:assumed-role/${role.roleName}/${sessionName}`,
    },
    ...(packedSize === undefined ? {} : { PackedPolicySize: packedSize }),
    ...(sourceIdentity === undefined ? {} : { SourceIdentity: sourceIdentity }),
  };
}

interface Grant {
  readonly input: Input;
  readonly accountId: string;
  readonly role: RoleEntity | undefined;
  readonly tags: SessionTags;
  readonly sourceIdentity: string | undefined;
}

/** Both the caller's policies and the role's trust policy have to allow it; tags and a source identity each by itself. */
async function requireTrust(context: StsContext, call: ServiceCall, grant: Grant): Promise<void> {
  const { input, accountId, role, tags, sourceIdentity } = grant;
  const { principal } = call;
  const actions = [
    'sts:AssumeRole',
    ...(tags.tags.length > 0 ? ['sts:TagSession'] : []),
    ...(sourceIdentity === undefined ? [] : ['sts:SetSourceIdentity']),
  ];
  const resource = {
    resourceArn: input.RoleArn,
    resourceAccountId: accountId,
    context: trustContext(grant),
    resourceTags: new Map((role?.tags ?? []).map(({ key, value }) => [key, value])),
    policy: { kind: 'trust', document: role?.trustPolicy ?? TRUSTS_NOBODY },
  } as const;
  for (const action of actions) {
    const question = { principal, action, facts: factsOf(call) };
    const decision = await context.authorizer.authorize(question, [resource]);
    if (decision.isAllowed) continue;
    // What another account's role says, and whether there is one, is not for the caller to know.
    const isOwn = accountId === principal.accountId && decision.decidedBy !== 'trust';
    if (isOwn) throw stsError('AccessDenied', decision.message);
    deny(call, action, input.RoleArn);
  }
}

function trustContext({ input, tags, sourceIdentity }: Grant): ReadonlyMap<string, readonly string[]> {
  const context = new Map(tagContext(tags));
  context.set('sts:rolesessionname', [input.RoleSessionName]);
  if (input.ExternalId !== undefined) context.set('sts:externalid', [input.ExternalId]);
  if (sourceIdentity !== undefined) context.set('sts:sourceidentity', [sourceIdentity]);
  if (tags.transitiveTagKeys.length > 0) context.set('sts:transitivetagkeys', tags.transitiveTagKeys);
  return context;
}

function durationOf({ principal }: ServiceCall, { DurationSeconds }: Input, role: RoleEntity): number {
  if (DurationSeconds === undefined) return DURATION_DEFAULT_SECONDS;
  if (principal.type === 'AssumedRole' && DurationSeconds > CHAINED_SECONDS_MAX) {
    throw stsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining.',
    );
  }
  if (DurationSeconds > role.maxSessionDurationSeconds) {
    throw stsError(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  }
  return DurationSeconds;
}

function deny({ principal }: ServiceCall, action: string, roleArn: string): never {
  const what = `User: ${principal.arn} is not authorized to perform: ${action} on resource: ${roleArn}`;
  throw stsError('AccessDenied', what);
}
