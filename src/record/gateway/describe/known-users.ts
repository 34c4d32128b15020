/** What an answer told of an IAM user. */
export interface KnownUser {
  readonly userId: string;
  readonly arn: string;
}

/** More users than one installation creates between two restarts; the oldest goes first. */
const USERS_MAX = 10_000;

/** Users seen in answers of CreateUser and GetUser, so that a key created later tells its user's id and path. */
export class KnownUsers {
  readonly #users = new Map<string, KnownUser>();

  remember(accountId: string, userName: string, user: KnownUser): void {
    const key = `${accountId}/${userName}`;
    const known = this.#users.get(key);
    // A map that is deleted from and added to at every call is made anew each time.
    if (known?.userId === user.userId && known.arn === user.arn) return;
    this.#users.delete(key);
    this.#users.set(key, user);
    if (this.#users.size > USERS_MAX) {
      const [oldest] = this.#users.keys();
      if (oldest !== undefined) this.#users.delete(oldest);
    }
  }

  /**
   * The user of that account; else the only one of that name, because a caller whom OpenTrail knows under its own account
   * (root, say) may be working in the account of the upstream.
   */
  find(accountId: string, userName: string): KnownUser | undefined {
    const own = this.#users.get(`${accountId}/${userName}`);
    if (own !== undefined) return own;
    const named = [...this.#users.keys()].filter((key) => key.slice(key.indexOf('/') + 1) === userName);
    return named.length === 1 ? this.#users.get(named[0] ?? '') : undefined;
  }
}
