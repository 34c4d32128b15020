import type { CompiledPolicy, PolicyKind } from './compiled-policy.ts';
import { parsePolicy } from './parse-policy.ts';

/** Policies that are kept where nobody says otherwise: some megabytes, and more than most installations have. */
const POLICIES_MAX = 20_000;

/** Compiled policies by their text, so that a document is compiled once however many principals have it. */
export class PolicyCache {
  readonly #policiesMax: number;
  readonly #byKind = new Map<PolicyKind, Map<string, CompiledPolicy>>();

  constructor(options: { readonly policiesMax?: number } = {}) {
    this.#policiesMax = options.policiesMax ?? POLICIES_MAX;
  }

  /** As `parsePolicy`, which see; what it throws is not kept. */
  compile(text: string, kind: PolicyKind): CompiledPolicy {
    const policies = this.#policiesOf(kind);
    const known = policies.get(text);
    if (known !== undefined) return known;
    const policy = parsePolicy(text, kind);
    policies.set(text, policy);
    // The oldest goes; should it still be in use, it is compiled once more.
    if (policies.size > this.#policiesMax) policies.delete(policies.keys().next().value ?? text);
    return policy;
  }

  #policiesOf(kind: PolicyKind): Map<string, CompiledPolicy> {
    let policies = this.#byKind.get(kind);
    if (policies === undefined) {
      policies = new Map();
      this.#byKind.set(kind, policies);
    }
    return policies;
  }
}
