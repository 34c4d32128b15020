import type { SessionClaims } from '../../../identity/session/session-claims.ts';
import type { SessionTokens } from '../../../identity/session/session-tokens.ts';
import { isoTime } from '../../../model/iso-time.ts';

/** Issues a session and answers its `Credentials` as the wire has them. */
export function issueCredentials(sessions: SessionTokens, claims: SessionClaims) {
  const { accessKeyId, secretAccessKey, sessionToken } = sessions.issue(claims);
  return {
    AccessKeyId: accessKeyId,
    SecretAccessKey: secretAccessKey,
    SessionToken: sessionToken,
    Expiration: isoTime(claims.expiresAtMs / 1_000),
  };
}

/** From the whole second that is running on, so that what is answered is exactly what holds. */
export function sessionTimes(nowMs: number, durationSeconds: number) {
  const issuedAtMs = Math.floor(nowMs / 1_000) * 1_000;
  return { issuedAtMs, expiresAtMs: issuedAtMs + durationSeconds * 1_000 };
}
