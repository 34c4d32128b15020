import type { UserIdentity } from '../../model/cloudtrail-event.ts';
import type { PrincipalRecord } from '../../store/catalog.ts';

export interface ResolvedPrincipal {
  readonly accountId: string;
  /** With `accessKeyId` in its place; `type: Unknown` where nothing is known but the key. */
  readonly userIdentity: UserIdentity;
  readonly source: 'configured' | 'learnt' | 'decoded' | 'none';
}

/** Who an access key belongs to: the keys that OpenTrail knows, then those learnt from traffic, then what the key id itself tells. */
export interface PrincipalDirectory {
  /** Answers from memory or the catalog; never fails, an unreadable catalog counts as not knowing. */
  resolve(accessKeyId: string | undefined): Promise<ResolvedPrincipal>;
  /** Keeps learnt principals; configured ones are never overwritten. */
  learn(principals: readonly PrincipalRecord[]): Promise<void>;
}
