import type { SignatureResult } from '../aws/protocol/signature.ts';
import type { CredentialLookup } from '../aws/protocol/sigv4.ts';
import type { PrincipalResolver } from '../identity/resolve-principal.ts';
import type { SignatureFinding } from '../record/gateway/forward/verification.ts';
import { unprovenPrincipal } from '../record/identity/create-principal-directory.ts';
import type { PrincipalDirectory } from '../record/identity/principal-directory.ts';

/** The secret of a key and whom it stands for; expired credentials are told apart where the signature is checked. */
export function credentialsOf(resolver: PrincipalResolver): CredentialLookup {
  return async (accessKeyId, sessionToken) => {
    const resolution = await resolver.resolve(accessKeyId, sessionToken);
    if (resolution.kind === 'known') return { ...resolution.credential, principal: resolution.principal };
    return resolution.kind === 'expired' ? resolution.credential : undefined;
  };
}

/** Whether a key, with its session token where it has one, may still be used. */
export function keyCheckOf(resolver: PrincipalResolver) {
  return async (key: { readonly accessKeyId: string; readonly sessionToken: string | undefined }) =>
    (await resolver.resolve(key.accessKeyId, key.sessionToken)).kind === 'known';
}

/**
 * A key whose secret is known here, and another signature, is somebody who pretends; where the signature covers a body that
 * was not captured whole, nothing can be said.
 */
export function signatureFinding(result: SignatureResult, hasBody: boolean): SignatureFinding {
  if (result.isValid) return 'right';
  const isSeen = hasBody || result.parsed?.payload.kind !== 'body';
  return result.failure.kind === 'mismatch' && isSeen ? 'wrong' : 'unknown';
}

/** Keys that are known here beat those that were learnt from forwarded calls. */
export function knownBeforeLearnt(
  resolver: PrincipalResolver,
  learnt: PrincipalDirectory,
  installationAccountId: string,
): PrincipalDirectory {
  return {
    async resolve(accessKeyId) {
      if (accessKeyId !== undefined && accessKeyId !== '') {
        const resolution = await resolver.resolve(accessKeyId);
        if (resolution.kind === 'known') {
          const { accountId, userIdentity } = resolution.principal;
          return { accountId, userIdentity, source: 'configured' };
        }
        // Inactive, or of somebody who is gone: nobody's at present, whatever an upstream says of it.
        if (resolution.kind !== 'unknownKey') return unprovenPrincipal(accessKeyId, installationAccountId);
      }
      return learnt.resolve(accessKeyId);
    },
    learn: (principals) => learnt.learn(principals),
  };
}
