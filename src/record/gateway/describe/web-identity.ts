import type { UserIdentity } from '../../../model/cloudtrail-event.ts';
import type { DecodedCall } from '../decoded-call.ts';
import { answerOf } from './answer-members.ts';

/** Callers of AssumeRoleWithSAML and -WebIdentity have no key: the answer tells who they are. Others stay as they are. */
export function webIdentityOf(decoded: DecodedCall, identity: UserIdentity): UserIdentity {
  if (decoded.recognition.service !== 'sts' || decoded.recognition.accessKeyId !== undefined) return identity;
  const answer = decoded.error === undefined ? answerOf(decoded) : undefined;
  if (answer === undefined) return identity;
  const { Subject, NameQualifier, Issuer, Provider, Audience, SubjectFromWebIdentityToken } = answer;
  if (decoded.operation === 'AssumeRoleWithSAML' && typeof Subject === 'string')
    return {
      type: 'SAMLUser',
      principalId: `${typeof NameQualifier === 'string' ? NameQualifier : ''}:${Subject}`,
      userName: Subject,
      ...(typeof Issuer === 'string' ? { identityProvider: Issuer } : {}),
    };
  if (decoded.operation === 'AssumeRoleWithWebIdentity' && typeof SubjectFromWebIdentityToken === 'string')
    return {
      type: 'WebIdentityUser',
      principalId: [Provider, Audience, SubjectFromWebIdentityToken]
        .filter((part) => typeof part === 'string')
        .join(':'),
      userName: SubjectFromWebIdentityToken,
      ...(typeof Provider === 'string' ? { identityProvider: Provider } : {}),
    };
  return identity;
}
