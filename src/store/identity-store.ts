/** What a document of the identity store is about. `name` is unique within account and kind. */
export type IdentityKind =
  /** Of the account itself: status, e-mail, alias. Name: the account id, which is also `accountId`. */
  | 'account'
  | 'user'
  | 'group'
  | 'role'
  /** A customer managed policy; name: its path and name, as they end its ARN (`team/ReadOnly`), without regard to case. */
  | 'policy'
  /** Name: the access key id. */
  | 'accessKey'
  /** When and where a key was used last; apart from the key, because it is written often and may be lost. */
  | 'accessKeyUse'
  /** The one organization that an account manages; name: its id. */
  | 'organization'
  | 'organizationalUnit'
  | 'serviceControlPolicy'
  /** An account within an organization: parent, status, when and how it joined. Under the management account's id. */
  | 'organizationMember'
  | 'delegatedAdministrator'
  /** Kept values of the installation: rotated keys, requests under way. */
  | 'state';

export interface IdentityReference {
  readonly kind: IdentityKind;
  readonly accountId: string;
  /** As the user wrote it; compared without regard to case for users, groups, roles and policies, as IAM does. */
  readonly name: string;
}

export interface IdentityDocument extends IdentityReference {
  /** JSON; its shape belongs to `src/identity`. MUST NOT hold a secret in clear. */
  readonly body: string;
  /**
   * The generation of the commit that wrote it, so at least 1. Never the same twice for one name, also where a document
   * was deleted and made again: whoever read the earlier one cannot overwrite the later one.
   */
  readonly revision: number;
}

/** One step of a transaction; a transaction has at most one for each document. */
export type IdentityChange =
  /** `expectedRevision` 0: the document MUST NOT exist yet. */
  | (IdentityReference & { readonly body: string; readonly expectedRevision: number })
  /** Without `body`: the document goes. `expectedRevision` MUST be that of a document. */
  | (IdentityReference & { readonly body?: undefined; readonly expectedRevision: number });

/**
 * Users, roles, policies, keys, organizations: small documents with optimistic concurrency.
 *
 * A commit that has resolved MUST survive a crash; it is made whole or not at all. Two commits that expect the same
 * revision of a document MUST NOT both succeed. `generation` MUST grow with every successful commit, also one of another
 * process, so that whoever caches can tell that nothing changed.
 */
export interface IdentityStore {
  get(reference: IdentityReference): Promise<IdentityDocument | undefined>;
  /** The document of that kind and name in whatever account: access keys, accounts. Undefined where none or several are. */
  find(kind: IdentityKind, name: string): Promise<IdentityDocument | undefined>;
  /**
   * In the order of their folded names, by code point; `after` is the name of the last one of a page, which need not exist
   * any more.
   */
  list(query: {
    readonly kind: IdentityKind;
    readonly accountId: string;
    readonly after?: string;
    readonly limit?: number;
  }): Promise<IdentityDocument[]>;
  /** Of every account, in the order of account ids and then of folded names, from behind `after` on. */
  listAll(query: {
    readonly kind: IdentityKind;
    readonly after?: { readonly accountId: string; readonly name: string };
    readonly limit: number;
  }): Promise<IdentityDocument[]>;
  count(query: { readonly kind: IdentityKind; readonly accountId: string }): Promise<number>;
  /** False, and nothing changed, where a revision is not the expected one. */
  commit(changes: readonly IdentityChange[]): Promise<boolean>;
  /** 0 before the first commit. */
  generation(): Promise<number>;
  close(): Promise<void>;
}

const FOLDED_KINDS: ReadonlySet<IdentityKind> = new Set(['user', 'group', 'role', 'policy']);

/** The name that documents are unique by: lower case where IAM does not tell `Bob` from `bob`. */
export function foldedName(kind: IdentityKind, name: string): string {
  return FOLDED_KINDS.has(kind) ? name.toLowerCase() : name;
}
