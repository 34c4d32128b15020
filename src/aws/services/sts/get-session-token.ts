import type { SessionClaims } from '../../../identity/session/session-claims.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import { type InputOf, integer, readInput } from '../iam/iam-input.ts';
import type { ServiceCall, ServiceOperation } from '../service-operation.ts';
import { refuseMfa } from './refuse-mfa.ts';
import type { StsContext } from './sts-context.ts';
import { stsError } from './sts-error.ts';
import * as members from './sts-members.ts';
import { issueCredentials, sessionTimes } from './wire-session.ts';

const SHAPE = {
  DurationSeconds: integer({ min: 900, max: 129_600 }),
  SerialNumber: members.serialNumber,
  TokenCode: members.tokenCode,
};

const DURATION_DEFAULT_SECONDS = 43_200;
/** The root's sessions are given no more, whatever is asked for. */
const ROOT_SECONDS_MAX = 3_600;

/** Gives temporary credentials of the caller itself. Needs no permission, as with AWS. */
export function createGetSessionToken(context: StsContext): ServiceOperation {
  return {
    name: 'GetSessionToken',
    isReadOnly: true,
    action: null,
    run: async (call) => getSessionToken(context, call, readInput(SHAPE, call.input)),
  };
}

function getSessionToken(
  { clock, sessions }: StsContext,
  { principal }: ServiceCall,
  input: InputOf<typeof SHAPE>,
): JsonObject {
  if (principal.session !== undefined) {
    throw stsError('AccessDenied', 'Cannot call GetSessionToken with session credentials');
  }
  refuseMfa(input);
  const { accountId, accessKeyId, userName, userId } = principal;
  const isRoot = userName === undefined;
  const claims: SessionClaims = {
    kind: isRoot ? 'root' : 'user',
    accountId,
    ...sessionTimes(clock.now(), durationSeconds(isRoot, input.DurationSeconds)),
    hasMfa: false,
    ...(isRoot ? {} : { userName, userId }),
    issuingAccessKeyId: accessKeyId,
    tags: [],
    transitiveTagKeys: [],
    policyArns: [],
  };
  return { Credentials: issueCredentials(sessions, claims) };
}

/** Also of what is federated. */
export function durationSeconds(isRoot: boolean, asked: number | undefined): number {
  const seconds = asked ?? DURATION_DEFAULT_SECONDS;
  return isRoot ? Math.min(seconds, ROOT_SECONDS_MAX) : seconds;
}
