import { type Arn, parseArn } from '../../../model/arn.ts';
import type { Json, JsonObject, SessionIssuer, UserIdentity } from '../../../model/cloudtrail-event.ts';
import type { PrincipalRecord } from '../../../store/catalog.ts';
import type { DecodedCall } from '../decoded-call.ts';
import { answerOf } from './answer-members.ts';
import { parseWireDate, writeEventTime } from './date-text.ts';
import type { KnownUsers } from './known-users.ts';
import { isObject } from './spell-members.ts';

/** Temporary credentials live at most this long (GetSessionToken), where an answer does not tell. */
const SESSION_HOURS_MAX = 36;

interface Learning {
  readonly input: JsonObject;
  readonly output: JsonObject;
  readonly caller: UserIdentity;
  readonly accountId: string;
  readonly nowMs: number;
  readonly users: KnownUsers;
}

/**
 * Principals that a successful answer of IAM or STS tells: whom new keys and sessions belong to, and who the caller is.
 * Identities only; secrets and tokens are never taken over.
 */
export function learntPrincipals(
  decoded: DecodedCall,
  options: { readonly caller: UserIdentity; readonly accountId: string; readonly users: KnownUsers },
): readonly PrincipalRecord[] {
  const { recognition, operation = '' } = decoded;
  if (recognition.service !== 'iam' && recognition.service !== 'sts') return [];
  const output = decoded.error === undefined ? answerOf(decoded) : undefined;
  if (output === undefined) return [];
  const learning: Learning = {
    input: decoded.input ?? {},
    output,
    nowMs: decoded.call.completedAt,
    ...options,
  };
  switch (operation) {
    case 'CreateAccessKey':
      return createdKey(learning);
    case 'CreateUser':
      rememberUser(learning);
      return [];
    case 'GetUser':
      rememberUser(learning);
      return learning.input.UserName === undefined ? callerFromUser(learning, recognition.accessKeyId) : [];
    case 'AssumeRole':
    case 'AssumeRoleWithSAML':
    case 'AssumeRoleWithWebIdentity':
      return assumedRole(learning);
    case 'GetSessionToken':
      return sessionToken(learning);
    case 'GetFederationToken':
      return federationToken(learning);
    case 'GetCallerIdentity':
      return callerIdentity(learning, recognition.accessKeyId);
    default:
      return [];
  }
}

function createdKey(learning: Learning): readonly PrincipalRecord[] {
  const key = objectAt(learning.output, 'AccessKey');
  const accessKeyId = textAt(key, 'AccessKeyId');
  const userName = textAt(key, 'UserName');
  if (accessKeyId === undefined || userName === undefined) return [];
  const callerAccountId = learning.caller.accountId ?? learning.accountId;
  const user = learning.users.find(callerAccountId, userName);
  const accountId = (user === undefined ? undefined : parseArn(user.arn)?.accountId) ?? callerAccountId;
  const identity: UserIdentity = {
    type: 'IAMUser',
    ...(user === undefined ? {} : { principalId: user.userId }),
    arn: user?.arn ?? `arn:aws:iam::${accountId}:user/${userName}`,
    accountId,
    userName,
  };
  return [principal(accessKeyId, identity, learning.nowMs, null)];
}

function rememberUser({ output, users, accountId }: Learning): void {
  const user = objectAt(output, 'User');
  const arn = textAt(user, 'Arn');
  const userId = textAt(user, 'UserId');
  const userName = textAt(user, 'UserName');
  if (arn === undefined || userId === undefined || userName === undefined) return;
  users.remember(parseArn(arn)?.accountId ?? accountId, userName, { arn, userId });
}

/** GetUser without a name answers the caller itself. */
function callerFromUser(learning: Learning, accessKeyId: string | undefined): readonly PrincipalRecord[] {
  const user = objectAt(learning.output, 'User');
  const arn = textAt(user, 'Arn');
  const userId = textAt(user, 'UserId');
  if (accessKeyId === undefined || arn === undefined || userId === undefined) return [];
  return identified({ arn, userId, accessKeyId }, learning);
}

function callerIdentity(learning: Learning, accessKeyId: string | undefined): readonly PrincipalRecord[] {
  const arn = textAt(learning.output, 'Arn');
  const userId = textAt(learning.output, 'UserId');
  if (accessKeyId === undefined || arn === undefined || userId === undefined) return [];
  return identified({ arn, userId, accessKeyId }, learning);
}

function identified(
  caller: { readonly arn: string; readonly userId: string; readonly accessKeyId: string },
  learning: Learning,
): readonly PrincipalRecord[] {
  const parsed = parseArn(caller.arn);
  if (parsed === undefined || !/^\d{12}$/.test(parsed.accountId)) return [];
  const identity = identityOfArn(parsed, caller);
  if (identity === undefined) return [];
  const isTemporary = caller.accessKeyId.startsWith('ASIA') || identity.type === 'AssumedRole';
  const expiresAtMs = isTemporary ? learning.nowMs + SESSION_HOURS_MAX * 3_600_000 : null;
  return [principal(caller.accessKeyId, identity, learning.nowMs, expiresAtMs)];
}

function identityOfArn(parsed: Arn, caller: { arn: string; userId: string }): UserIdentity | undefined {
  const { accountId, partition, resource } = parsed;
  const base = { principalId: caller.userId, arn: caller.arn, accountId };
  const [kind = '', ...rest] = resource.split('/');
  if (resource === 'root') return { type: 'Root', ...base };
  if (kind === 'user' && rest.length > 0) return { type: 'IAMUser', ...base, userName: rest.at(-1) ?? '' };
  if (kind === 'federated-user') return { type: 'FederatedUser', ...base };
  if (kind !== 'assumed-role' || rest.length < 2) return undefined;
  const [roleName = ''] = rest;
  const sessionIssuer: SessionIssuer = {
    type: 'Role',
    principalId: caller.userId.split(':')[0] ?? '',
    arn: `arn:${partition}:iam::${accountId}:role/${roleName}`,
    accountId,
    userName: roleName,
  };
  return { type: 'AssumedRole', ...base, sessionContext: { sessionIssuer } };
}

function assumedRole(learning: Learning): readonly PrincipalRecord[] {
  const session = credentials(learning);
  const role = objectAt(learning.output, 'AssumedRoleUser');
  const arn = textAt(role, 'Arn');
  const principalId = textAt(role, 'AssumedRoleId');
  const roleArn = textAt(learning.input, 'RoleArn');
  const accountId = arn === undefined ? undefined : parseArn(arn)?.accountId;
  if (session === undefined || arn === undefined || principalId === undefined || accountId === undefined)
    return [];
  const roleName = arn.split('/')[1] ?? '';
  const sourceIdentity = textAt(learning.output, 'SourceIdentity');
  const identity: UserIdentity = {
    type: 'AssumedRole',
    principalId,
    arn,
    accountId,
    sessionContext: {
      sessionIssuer: {
        type: 'Role',
        principalId: principalId.split(':')[0] ?? '',
        arn: roleArn ?? `arn:aws:iam::${accountId}:role/${roleName}`,
        accountId,
        userName: roleName,
      },
      attributes: attributes(learning),
      ...(sourceIdentity === undefined ? {} : { sourceIdentity }),
    },
  };
  return [principal(session.accessKeyId, identity, learning.nowMs, session.expiresAtMs)];
}

/** The session of a user or root keeps the caller's identity. */
function sessionToken(learning: Learning): readonly PrincipalRecord[] {
  const session = credentials(learning);
  const { accessKeyId: _, ...caller } = learning.caller;
  if (session === undefined || caller.type === 'Unknown' || caller.type === undefined) return [];
  const identity: UserIdentity = {
    ...caller,
    sessionContext: { sessionIssuer: {}, attributes: attributes(learning) },
  };
  return [principal(session.accessKeyId, identity, learning.nowMs, session.expiresAtMs)];
}

function federationToken(learning: Learning): readonly PrincipalRecord[] {
  const session = credentials(learning);
  const user = objectAt(learning.output, 'FederatedUser');
  const arn = textAt(user, 'Arn');
  const principalId = textAt(user, 'FederatedUserId');
  const accountId = arn === undefined ? undefined : parseArn(arn)?.accountId;
  if (session === undefined || arn === undefined || principalId === undefined || accountId === undefined)
    return [];
  const { accessKeyId: _, sessionContext: __, invokedBy: ___, ...issuer } = learning.caller;
  const sessionIssuer = issuer.type === 'Root' || issuer.type === 'IAMUser' ? (issuer as SessionIssuer) : {};
  const identity: UserIdentity = {
    type: 'FederatedUser',
    principalId,
    arn,
    accountId,
    sessionContext: { sessionIssuer, attributes: attributes(learning) },
  };
  return [principal(session.accessKeyId, identity, learning.nowMs, session.expiresAtMs)];
}

function attributes({ input, nowMs }: Learning): { creationDate: string; mfaAuthenticated: string } {
  return { creationDate: writeEventTime(nowMs), mfaAuthenticated: String(input.SerialNumber !== undefined) };
}

function credentials(learning: Learning): { accessKeyId: string; expiresAtMs: number } | undefined {
  const given = objectAt(learning.output, 'Credentials');
  const accessKeyId = textAt(given, 'AccessKeyId');
  if (accessKeyId === undefined) return undefined;
  const expiresAtMs = parseWireDate(given.Expiration) ?? learning.nowMs + SESSION_HOURS_MAX * 3_600_000;
  return { accessKeyId, expiresAtMs };
}

function principal(
  accessKeyId: string,
  identity: UserIdentity,
  learntAtMs: number,
  expiresAtMs: number | null,
): PrincipalRecord {
  return {
    accessKeyId,
    accountId: identity.accountId ?? '',
    userIdentityJson: JSON.stringify(identity),
    source: 'learnt',
    learntAtMs,
    expiresAtMs,
  };
}

function objectAt(container: JsonObject, name: string): JsonObject {
  const value: Json = container[name] ?? null;
  return isObject(value) ? value : {};
}

/** Ids and ARNs are short: longer text is no identity and is not kept. */
function textAt(container: JsonObject, name: string): string | undefined {
  const value = container[name];
  return typeof value === 'string' && value !== '' && value.length <= 2048 ? value : undefined;
}
