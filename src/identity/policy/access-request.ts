import type { Principal } from '../principal.ts';

/**
 * What is known of a request beside who, what and on what: condition keys in lower case, each with its values.
 * An empty list is the same as no key.
 */
export type RequestContext = ReadonlyMap<string, readonly string[]>;

/** The members of a principal that policies can name. */
export type RequestPrincipal = Pick<Principal, 'type' | 'accountId' | 'arn' | 'userIdentity' | 'session'>;

/** One question to the evaluator: may this principal do this to that? */
export interface AccessRequest {
  /** Undefined for an anonymous request. */
  readonly principal: RequestPrincipal | undefined;
  /** `cloudtrail:LookupEvents` */
  readonly action: string;
  /** An ARN without wildcards, or `*` for an action that is about no resource. */
  readonly resourceArn: string;
  /** The account that owns the resource; that of the principal where the action is about no resource. */
  readonly resourceAccountId: string;
  readonly context: RequestContext;
}
