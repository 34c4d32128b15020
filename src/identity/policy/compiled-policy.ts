import type { AccessRequest } from './access-request.ts';
import type { Effect } from './condition.ts';
import type { PrincipalReach } from './principal-pattern.ts';

/**
 * What a document is for, which decides its grammar and how it counts: `identity` for users, groups and roles,
 * `trust` for who may assume a role, `resource` for what is attached to a resource, `boundary` and `session` for what
 * bounds a user or role and a session, `serviceControl` for what bounds the accounts of an organization.
 */
export type PolicyKind = 'identity' | 'trust' | 'resource' | 'boundary' | 'session' | 'serviceControl';

/** A place in a document, both counted from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

export interface CompiledStatement {
  readonly sid: string | undefined;
  readonly effect: Effect;
  /** Where AWS says that it starts: behind the bracket or comma before it, or behind the brace of an only one. */
  readonly start: TextPosition;
  /** Behind its closing brace. */
  readonly end: TextPosition;
  /** Whether action, resource and conditions are as the statement says. `action` is that of the request in lower case. */
  readonly appliesTo: (request: AccessRequest, action: string) => boolean;
  /** How it names who asks, undefined where it does not; `direct` in the kinds of policy that name nobody. */
  readonly reach: (request: AccessRequest) => PrincipalReach | undefined;
}

/** A policy ready to be asked; holds nothing of any request. */
export interface CompiledPolicy {
  readonly kind: PolicyKind;
  readonly statements: readonly CompiledStatement[];
  /** Condition keys of conditions and variables, as the document spells them, each once whatever its case. */
  readonly contextKeys: readonly string[];
}
