import type { IdentityChange, IdentityStore } from '../../store/identity-store.ts';
import type { AccountEntity } from '../entities.ts';

/**
 * The step that keeps an account in one organization only: it writes the account's document as it is, so that of two
 * organizations that an account would join at once only one gets it. An account that nobody has written of is made.
 * Undefined where the account is in an organization already.
 */
export async function claimAccount(
  store: IdentityStore,
  accountId: string,
  nowMs: number,
): Promise<IdentityChange | undefined> {
  const reference = { kind: 'account', accountId, name: accountId } as const;
  // Read before the membership: who joins meanwhile has changed this document, and the commit fails.
  const document = await store.get(reference);
  if ((await store.find('organizationMember', accountId)) !== undefined) return undefined;
  const unnamed = unnamedAccount(accountId, nowMs);
  const known: AccountEntity = document === undefined ? unnamed : JSON.parse(document.body);
  // An account that was only given an alias has no address yet.
  const entity = known.email === '' ? { ...known, email: unnamed.email } : known;
  return {
    ...reference,
    body: JSON.stringify(entity),
    expectedRevision: document?.revision ?? 0,
  };
}

/** An account that only its id is known of, such as the installation's own before anyone has named it. */
function unnamedAccount(accountId: string, createdAtMs: number): AccountEntity {
  // `.invalid` is reserved for names that must not resolve (RFC 2606).
  const email = `${accountId}@opentrail.invalid`;
  return { accountId, name: `Account ${accountId}`, email, status: 'ACTIVE', createdAtMs };
}

/** What is kept of an account itself, wherever it belongs. */
export async function accountEntity(
  store: IdentityStore,
  accountId: string,
): Promise<{ readonly entity: AccountEntity; readonly revision: number } | undefined> {
  const document = await store.get({ kind: 'account', accountId, name: accountId });
  if (document === undefined) return undefined;
  return { entity: JSON.parse(document.body), revision: document.revision };
}
