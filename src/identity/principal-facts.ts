import type { UserIdentity } from '../model/cloudtrail-event.ts';
import type { RoleEntity, Tag, UserEntity } from './entities.ts';
import type { Principal } from './principal.ts';
import type { SessionClaims } from './session/session-claims.ts';

/** A key, and whose it is. */
interface KeyFacts {
  readonly accessKeyId: string;
  readonly accountId: string;
}

export function rootPrincipal({ accessKeyId, accountId }: KeyFacts, alias: string | undefined): Principal {
  const arn = `arn:aws:iam::${accountId}:root`;
  const userIdentity: UserIdentity = {
    type: 'Root',
    principalId: accountId,
    arn,
    accountId,
    accessKeyId,
    ...(alias === undefined ? {} : { userName: alias }),
  };
  return { type: 'Root', accountId, arn, userId: accountId, accessKeyId, userIdentity, tags: [] };
}

export function userPrincipal({ accessKeyId, accountId }: KeyFacts, user: UserEntity): Principal {
  const { userName, userId, tags } = user;
  const arn = `arn:aws:iam::${accountId}:user${user.path}${userName}`;
  const userIdentity = { type: 'IAMUser', principalId: userId, arn, accountId, accessKeyId, userName };
  return { type: 'IAMUser', accountId, arn, userId, accessKeyId, userIdentity, userName, tags };
}

/** The session of a user or root that `GetSessionToken` gave: the same principal, for a time. */
export function ownSession(owner: Principal, claims: SessionClaims): Principal {
  const { sourceIdentity } = claims;
  return {
    ...owner,
    userIdentity: {
      ...owner.userIdentity,
      sessionContext: {
        sessionIssuer: {},
        attributes: attributesOf(claims),
        ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
      },
    },
    session: sessionOf(claims, []),
  };
}

/** `policies`: the documents of the session's policies, inline and managed. */
export function assumedRolePrincipal(
  { accessKeyId, accountId }: KeyFacts,
  role: RoleEntity,
  session: { readonly claims: SessionClaims; readonly policies: readonly string[] },
): Principal {
  const { claims, policies } = session;
  const { roleName, roleId } = role;
  const sessionName = claims.sessionName ?? '';
  const arn = `arn:aws:sts::${accountId}:assumed-role/${roleName}/${sessionName}`;
  const roleArn = `arn:aws:iam::${accountId}:role${role.path}${roleName}`;
  const userId = `${roleId}:${sessionName}`;
  const { sourceIdentity } = claims;
  return {
    type: 'AssumedRole',
    accountId,
    arn,
    userId,
    accessKeyId,
    userIdentity: {
      type: 'AssumedRole',
      principalId: userId,
      arn,
      accountId,
      accessKeyId,
      sessionContext: {
        sessionIssuer: { type: 'Role', principalId: roleId, arn: roleArn, accountId, userName: roleName },
        attributes: attributesOf(claims),
        ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
      },
    },
    tags: mergedTags(role.tags, claims.tags),
    session: { ...sessionOf(claims, policies), roleArn, roleName },
  };
}

/** `owner`: the user, or root, that called `GetFederationToken`. */
export function federatedPrincipal(
  owner: Principal,
  session: { readonly claims: SessionClaims; readonly policies: readonly string[] },
): Principal {
  const { claims, policies } = session;
  const { accountId, accessKeyId } = owner;
  const sessionName = claims.sessionName ?? '';
  const arn = `arn:aws:sts::${accountId}:federated-user/${sessionName}`;
  const userId = `${accountId}:${sessionName}`;
  const { accessKeyId: _, ...sessionIssuer } = owner.userIdentity;
  return {
    type: 'FederatedUser',
    accountId,
    arn,
    userId,
    accessKeyId,
    userIdentity: {
      type: 'FederatedUser',
      principalId: userId,
      arn,
      accountId,
      accessKeyId,
      sessionContext: { sessionIssuer, attributes: attributesOf(claims) },
    },
    ...(owner.userName === undefined ? {} : { userName: owner.userName }),
    tags: mergedTags(owner.tags, claims.tags),
    session: sessionOf(claims, policies),
  };
}

function sessionOf(claims: SessionClaims, policies: readonly string[]): NonNullable<Principal['session']> {
  const { issuedAtMs, expiresAtMs, hasMfa, sessionName, sourceIdentity, transitiveTagKeys } = claims;
  return {
    issuedAtMs,
    expiresAtMs,
    hasMfa,
    ...(sessionName === undefined ? {} : { sessionName }),
    ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    transitiveTagKeys,
    policies,
  };
}

function attributesOf({ issuedAtMs, hasMfa }: SessionClaims) {
  const creationDate = `${new Date(issuedAtMs).toISOString().slice(0, 19)}Z`;
  return { creationDate, mfaAuthenticated: String(hasMfa) };
}

/** Tags of a session stand over those of the role or user that have the same key in whatever case. */
function mergedTags(own: readonly Tag[], session: readonly Tag[]): readonly Tag[] {
  const keys = new Set(session.map(({ key }) => key.toLowerCase()));
  return [...own.filter(({ key }) => !keys.has(key.toLowerCase())), ...session];
}
