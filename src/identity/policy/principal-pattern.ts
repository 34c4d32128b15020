import type { RequestContext, RequestPrincipal } from './access-request.ts';
import { malformedPolicy } from './malformed-policy.ts';
import type { PolicyJson, PolicyJsonObject } from './policy-json.ts';

/**
 * How a statement names who asks, which decides what else must allow it in the same account:
 * `direct`: everyone, a user, a session or a service: nothing else; `role`: the role of a session, whose boundary and
 * session policies still bind; `account`: only the account, which has to allow it by policies of its own.
 */
export type PrincipalReach = 'direct' | 'role' | 'account';

/** A compiled `Principal` or `NotPrincipal`. */
export interface PrincipalPattern {
  readonly isEveryone: boolean;
  /** Account ids. */
  readonly accounts: ReadonlySet<string>;
  /** ARNs of users, roles and sessions; and unique ids, which a policy has where a user or role is gone. */
  readonly arns: ReadonlySet<string>;
  /** `cloudtrail.amazonaws.com` */
  readonly services: ReadonlySet<string>;
  /** What `aws:FederatedProvider` may be. */
  readonly providers: ReadonlySet<string>;
}

const ACCOUNT = /^(?:arn:aws(?:-cn|-us-gov)?:iam::)?(\d{12})(?::root)?$/; // arn:aws:iam::111122223333:root
const IAM_ARN = /^arn:aws(?:-cn|-us-gov)?:iam::\d{12}:(?:user|role)\/[\u0021-\u007e]+$/;
const STS_ARN =
  /^arn:aws(?:-cn|-us-gov)?:sts::\d{12}:(?:assumed-role\/[\w+=,.@-]+\/[\w+=,.@-]+|federated-user\/[\w+=,.@-]+)$/;
const UNIQUE_ID = /^A(?:IDA|ROA)[A-Z0-9]{12,124}$/; // AIDAJQABLZS4A3QDU576Q
const SERVICE = /^[a-z0-9][a-z0-9.-]*\.[a-z0-9.-]+$/; // cloudtrail.amazonaws.com
const PROVIDER =
  /^(?:arn:aws(?:-cn|-us-gov)?:iam::\d{12}:(?:saml-provider|oidc-provider)\/[\w+=,.@/:-]+|[a-z0-9][\w.-]*\.[\w./-]+)$/;
const CANONICAL_USER = /^[0-9a-f]{64}$/;

/** Longer than any ARN or name of a service; the bound keeps the patterns above from long hostile text. */
const NAME_LENGTH_MAX = 2048;

/** Compiles the value of `Principal` or `NotPrincipal`. Throws `MalformedPolicyDocument`. */
export function compilePrincipals(json: PolicyJson): PrincipalPattern {
  if (json.kind === 'string') {
    if (json.value !== '*') throw malformedPolicy(`Invalid principal in policy: "${json.value}"`);
    return { ...emptyPattern(), isEveryone: true };
  }
  if (json.kind !== 'object') throw malformedPolicy();
  if (json.members.size === 0) throw malformedPolicy('Missing required field Principal cannot be empty!');
  return compileMembers(json);
}

const emptyPattern = () => ({
  isEveryone: false,
  accounts: new Set<string>(),
  arns: new Set<string>(),
  services: new Set<string>(),
  providers: new Set<string>(),
});

function compileMembers({ members }: PolicyJsonObject): PrincipalPattern {
  const pattern = emptyPattern();
  for (const [kind, value] of members) {
    const names = namesOf(value);
    for (const name of names) {
      const invalid = () => malformedPolicy(`Invalid principal in policy: "${kind}":"${name}"`);
      if (kind === 'AWS') {
        const account = accountOf(name);
        if (name === '*') pattern.isEveryone = true;
        else if (account !== undefined) pattern.accounts.add(account);
        else if (isArn(name) || UNIQUE_ID.test(name)) pattern.arns.add(name);
        else throw invalid();
      } else if (kind === 'Service') {
        if (!SERVICE.test(name)) throw invalid();
        pattern.services.add(name);
      } else if (kind === 'Federated') {
        if (!PROVIDER.test(name)) throw invalid();
        pattern.providers.add(name);
      } else if (kind === 'CanonicalUser') {
        // S3's own name of an account, which no principal here is known by: valid, and names nobody.
        if (!CANONICAL_USER.test(name)) throw invalid();
      } else throw malformedPolicy();
    }
  }
  return pattern;
}

function accountOf(name: string): string | undefined {
  const isWhole = name.startsWith('arn:') === name.endsWith(':root');
  return isWhole ? ACCOUNT.exec(name)?.[1] : undefined;
}

/** No wildcards: of AWS's names only the lone `*` stands for others. */
function isArn(name: string): boolean {
  return !/[*?]/.test(name) && (IAM_ARN.test(name) || STS_ARN.test(name));
}

function namesOf(value: PolicyJson): string[] {
  const items = value.kind === 'array' ? value.items : [value];
  if (items.length === 0) throw malformedPolicy();
  return items.map((item) => {
    if (item.kind !== 'string' || item.value.length > NAME_LENGTH_MAX) throw malformedPolicy();
    return item.value;
  });
}

/** How a `Principal` names who asks; undefined when it does not. */
export function reachOf(
  pattern: PrincipalPattern,
  principal: RequestPrincipal | undefined,
  context: RequestContext,
): PrincipalReach | undefined {
  if (pattern.isEveryone) return 'direct';
  const provider = context.get('aws:federatedprovider')?.[0];
  if (provider !== undefined && pattern.providers.has(provider)) return 'direct';
  if (principal === undefined) return undefined;
  if (principal.type === 'AWSService') {
    return pattern.services.has(serviceName(principal)) ? 'direct' : undefined;
  }
  // Of a user `AIDA…`, of a session `AROA…:session`.
  const { principalId = '' } = principal.userIdentity;
  if (pattern.arns.has(principal.arn) || pattern.arns.has(principalId)) return 'direct';
  const { roleArn } = principal.session ?? {};
  const [roleId = ''] = principalId.split(':', 1);
  if (roleArn !== undefined && (pattern.arns.has(roleArn) || pattern.arns.has(roleId))) return 'role';
  return pattern.accounts.has(principal.accountId) ? 'account' : undefined;
}

/**
 * Whether a `NotPrincipal` leaves who asks out of a denial: only when every name of it is listed, the account, the
 * role and the session, as AWS demands.
 */
export function isLeftOut(
  pattern: PrincipalPattern,
  principal: RequestPrincipal | undefined,
  context: RequestContext,
): boolean {
  if (pattern.isEveryone) return true;
  const provider = context.get('aws:federatedprovider')?.[0];
  if (provider !== undefined && pattern.providers.has(provider)) return true;
  if (principal === undefined) return false;
  if (principal.type === 'AWSService') return pattern.services.has(serviceName(principal));
  if (!pattern.accounts.has(principal.accountId)) return false;
  const { roleArn } = principal.session ?? {};
  if (roleArn !== undefined && !pattern.arns.has(roleArn)) return false;
  return principal.type === 'Root' || pattern.arns.has(principal.arn);
}

/** A service is known by its name, `cloudtrail.amazonaws.com`. */
export function serviceName(principal: RequestPrincipal): string {
  return principal.userIdentity.invokedBy ?? principal.arn;
}
