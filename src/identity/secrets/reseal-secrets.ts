import { DependencyError } from '../../base/dependency-error.ts';
import type { Random } from '../../base/random.ts';
import type { IdentityDocument, IdentityKind, IdentityStore } from '../../store/identity-store.ts';
import type { MasterKeyRing } from './master-key.ts';
import { createSecretSealer, type SecretSealer, sealingKeyId } from './secret-sealer.ts';

/** Kinds of documents that hold sealed secrets, as members of their bodies. */
const SEALED_KINDS: readonly IdentityKind[] = ['accessKey'];

/** Documents that are read at once. */
const PAGE = 200;

export interface Resealed {
  readonly resealedCount: number;
  /** Documents with a secret that no key opens; left as they are. */
  readonly unopenedNames: readonly string[];
}

/** Seals with the newest key every secret that is not. A document that is changed meanwhile is read again. */
export async function resealSecrets(options: {
  readonly store: IdentityStore;
  readonly ring: MasterKeyRing;
  readonly random: Random;
}): Promise<Resealed> {
  const { store, ring } = options;
  const sealer = createSecretSealer(options);
  const unopenedNames: string[] = [];
  let resealedCount = 0;
  for (const kind of SEALED_KINDS) {
    for await (const document of documentsOf(store, kind)) {
      const outcome = await resealDocument(document, { store, sealer, currentKeyId: ring.current.id });
      if (outcome === 'resealed') resealedCount++;
      if (outcome === 'unopened') unopenedNames.push(document.name);
    }
  }
  return { resealedCount, unopenedNames };
}

async function* documentsOf(store: IdentityStore, kind: IdentityKind): AsyncIterable<IdentityDocument> {
  for (let after: IdentityDocument | undefined; ; ) {
    const page = await store.listAll({ kind, limit: PAGE, ...(after === undefined ? {} : { after }) });
    yield* page;
    after = page.at(-1);
    if (after === undefined) return;
  }
}

async function resealDocument(
  document: IdentityDocument,
  facts: {
    readonly store: IdentityStore;
    readonly sealer: SecretSealer;
    readonly currentKeyId: string;
  },
): Promise<'resealed' | 'current' | 'unopened'> {
  const { kind, accountId, name } = document;
  for (let read: IdentityDocument | undefined = document; read !== undefined; ) {
    const body = resealBody(read, facts);
    if (body === undefined) return 'unopened';
    if (body === read.body) return 'current';
    const change = { kind, accountId, name: read.name, body, expectedRevision: read.revision };
    if (await facts.store.commit([change])) return 'resealed';
    read = await facts.store.get({ kind, accountId, name });
  }
  // Deleted meanwhile: nothing is left to be sealed.
  return 'current';
}

/** The body with all of its secrets under the current key; undefined where one cannot be opened. */
function resealBody(
  document: IdentityDocument,
  { sealer, currentKeyId }: { readonly sealer: SecretSealer; readonly currentKeyId: string },
): string | undefined {
  const members = JSON.parse(document.body) as Record<string, unknown>;
  let isChanged = false;
  for (const [member, value] of Object.entries(members)) {
    const keyId = typeof value === 'string' ? sealingKeyId(value) : undefined;
    if (keyId === undefined || keyId === currentKeyId) continue;
    const plain = attempt(() => sealer.open(String(value), document));
    if (plain === undefined) return undefined;
    members[member] = sealer.seal(plain, document);
    isChanged = true;
  }
  return isChanged ? JSON.stringify(members) : document.body;
}

/** Undefined where the secret does not open: reported by name with the others. */
function attempt(open: () => string): string | undefined {
  try {
    return open();
  } catch (error) {
    if (error instanceof DependencyError) return undefined;
    throw error;
  }
}
