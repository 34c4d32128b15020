import { createIamService } from '../aws/services/iam/create-iam-service.ts';
import { createOrganizationsService } from '../aws/services/organizations/create-organizations-service.ts';
import type { RecordServiceAction } from '../aws/services/service-action.ts';
import type { OwnService } from '../aws/services/service-operation.ts';
import { createStsService } from '../aws/services/sts/create-sts-service.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import type { Random } from '../base/random.ts';
import { createAccountBounds } from '../identity/account-bounds.ts';
import { AttemptGuard } from '../identity/attempt-guard.ts';
import { type Authorizer, createAuthorizer } from '../identity/authorizer.ts';
import { type KeyUseLog, openKeyUseLog } from '../identity/key-use-log.ts';
import { loadActionTable } from '../identity/load-action-table.ts';
import {
  createOrganizationDirectory,
  type OrganizationDirectory,
} from '../identity/organization/organization-directory.ts';
import { PolicyCache } from '../identity/policy/policy-cache.ts';
import { createPrincipalResolver, type PrincipalResolver } from '../identity/resolve-principal.ts';
import type { MasterKeyFile } from '../identity/secrets/master-key-file.ts';
import { openMasterKeys, type Rotation } from '../identity/secrets/master-keys.ts';
import { createPasswordHasher } from '../identity/secrets/password-hash.ts';
import { createSecretSealer } from '../identity/secrets/secret-sealer.ts';
import { createSessionTokens } from '../identity/session/session-tokens.ts';
import { openVersionedStore, type VersionedIdentityStore } from '../identity/versioned-identity-store.ts';
import type { IdentityStore } from '../store/identity-store.ts';
import type { RootCredentials } from './root-credentials.ts';

/** Services whose actions policies of an installation are about. */
const ACTION_SERVICES = ['cloudtrail', 'cloudtrail-data', 'iam', 'organizations', 's3', 'sts'];

export interface IdentityOptions {
  readonly identities: IdentityStore;
  readonly accountId: string;
  readonly root: RootCredentials;
  readonly masterKeyFile: MasterKeyFile;
  /** Wrong passwords of one source address before it has to wait; 0, or absent: it never has to. */
  readonly failedAttemptsMax?: number;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Who calls, what they may do, and the services through which that is managed. */
export interface Identity {
  /** Of the key that secrets are sealed with. */
  readonly masterKeyId: string;
  readonly rotateMasterKey: (options: { readonly isForgettingOld: boolean }) => Promise<Rotation>;
  readonly store: VersionedIdentityStore;
  readonly resolver: PrincipalResolver;
  readonly keyUse: KeyUseLog;
  readonly authorizer: Authorizer;
  readonly organizations: OrganizationDirectory;
  /** Names who records what is done in the name of a service; until then nothing of that kind happens. */
  recordServiceActionsWith(record: RecordServiceAction): void;
  /** By signing name. */
  readonly services: ReadonlyMap<string, OwnService>;
}

/** Opens what identities stand on; makes the master key at the first start. What has to be closed is left in `stack`. */
export async function openIdentity(options: IdentityOptions, stack: AsyncDisposableStack): Promise<Identity> {
  const { identities, accountId, root, clock, random, log } = options;
  const ring = await openMasterKeys({ file: options.masterKeyFile, store: identities, random, clock });
  const sealer = createSecretSealer({ ring, random });
  const sessions = createSessionTokens({ ring, random });
  const store = await openVersionedStore(identities, clock);
  const organizations = createOrganizationDirectory(store);
  const { accessKeyId, secretAccessKey } = root;
  const resolver = createPrincipalResolver({
    store,
    sealer,
    sessions,
    rootKeys: [{ accountId, accessKeyId, secretAccessKey }],
    installationAccountId: accountId,
    clock,
    log,
  });
  const keyUse = openKeyUseLog({ store, clock, log });
  stack.defer(() => keyUse.close());
  const bounds = createAccountBounds({ store, organizations, policies: new PolicyCache() });
  const iam = createIamService({
    identities: store,
    clock,
    random,
    sealer,
    passwords: createPasswordHasher({ random }),
    attempts: new AttemptGuard(options.failedAttemptsMax ?? 0),
    actions: await loadActionTable(ACTION_SERVICES),
    serviceControlOf: async (id) => (await bounds.of(id)).serviceControl,
  });
  const authorizer = createAuthorizer({ store, organizations, clock });
  const sts = createStsService({
    identities: store,
    authorizer,
    sessions,
    clock,
    installationAccountId: accountId,
  });
  let recordServiceAction: RecordServiceAction = async () => {};
  const organizationsService = createOrganizationsService({
    store,
    directory: organizations,
    clock,
    random,
    recordServiceAction: (action) => recordServiceAction(action),
  });
  const services = [iam, sts, organizationsService];
  return {
    masterKeyId: ring.current.id,
    rotateMasterKey: (rotation) => ring.rotate(rotation),
    recordServiceActionsWith(record) {
      recordServiceAction = record;
    },
    store,
    resolver,
    keyUse,
    authorizer,
    organizations,
    services: new Map(services.map((service) => [service.service, service])),
  };
}
