import type { Rotation } from '../../identity/secrets/master-keys.ts';
import { requireInstallationAccount } from './access.ts';
import type { OpenTrailOperation } from './operation.ts';

/** `RotateMasterKey`: a new key for the secrets of the installation, while the server runs. */
export function rotateMasterKeyOperation(options: {
  readonly rotate: (options: { readonly isForgettingOld: boolean }) => Promise<Rotation>;
  readonly installationAccountId: string;
}): OpenTrailOperation {
  const action = 'opentrail:RotateMasterKey';
  return {
    name: 'RotateMasterKey',
    action,
    isReadOnly: false,
    takesBody: false,
    summary:
      'Makes a new master key and seals every secret with it. Sessions go on until they expire, or end at once with `EndSessions`. For the account of the installation only.',
    async run({ caller, input }) {
      requireInstallationAccount(caller, options.installationAccountId, action);
      const { EndSessions = false } = input as { readonly EndSessions?: boolean };
      const rotation = await options.rotate({ isForgettingOld: EndSessions });
      const { keyId, resealedCount, unopenedNames, removedKeyIds } = rotation;
      return {
        kind: 'json',
        output: {
          KeyId: keyId,
          ResealedCount: resealedCount,
          UnopenedNames: [...unopenedNames],
          RemovedKeyIds: [...removedKeyIds],
        },
      };
    },
  };
}
