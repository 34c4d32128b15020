import type { Tag } from '../entities.ts';
import type { Principal } from '../principal.ts';
import type { RequestContext } from './access-request.ts';
import { serviceName } from './principal-pattern.ts';

/** What is known of a request beside who makes it; what is left out leaves out its condition keys. */
export interface RequestFacts {
  readonly nowMs: number;
  /** `aws:SourceIp`; left out for requests of AWS's own services. */
  readonly sourceIPAddress?: string;
  readonly userAgent?: string;
  /** Whether it came over TLS. */
  readonly isSecureTransport?: boolean;
  /** `aws:RequestedRegion` */
  readonly region?: string;
  /** `aws:PrincipalOrgID`: `o-a1b2c3d4e5`. */
  readonly principalOrganizationId?: string;
  /** `aws:PrincipalOrgPaths`: `o-a1b2c3d4e5/r-ab12/ou-ab12-11111111/`. */
  readonly principalOrganizationPath?: string;
  /** `aws:ResourceAccount` */
  readonly resourceAccountId?: string;
  /** `aws:ResourceOrgID` */
  readonly resourceOrganizationId?: string;
  /** `aws:ResourceTag/…` */
  readonly resourceTags?: ReadonlyMap<string, string>;
  /** `aws:RequestTag/…` and `aws:TagKeys` */
  readonly requestTags?: ReadonlyMap<string, string>;
  /** Keys of the service, `sts:externalid`. They cannot take the place of one that is about the principal or the request. */
  readonly keys?: RequestContext;
}

/** The condition keys of a request, with AWS's global ones. The principal is undefined for an anonymous request. */
export function requestContext(principal: Principal | undefined, facts: RequestFacts): RequestContext {
  const context = new Map<string, readonly string[]>();
  for (const [key, values] of facts.keys ?? []) context.set(key.toLowerCase(), values);
  // A key of the request that says who asks is somebody's attempt to say so.
  for (const key of context.keys()) if (PROTECTED.test(key)) context.delete(key);
  addTags(context, facts);
  addFacts(context, facts);
  addPrincipal(context, principal, facts.nowMs);
  return context;
}

/** The keys that only the principal, the connection and the resource's account may give. */
const PROTECTED =
  /^aws:(principal|userid$|username$|sourceidentity$|multifactorauth|tokenissuetime$|sourceip$|currenttime$|epochtime$|securetransport$|useragent$|requestedregion$|resourceaccount$|resourceorg|calledvia|viaawsservice$)/;

type Keys = Map<string, readonly string[]>;

function set(context: Keys, key: string, value: string | undefined): void {
  if (value !== undefined) context.set(key, [value]);
}

function addTags(context: Keys, { resourceTags, requestTags }: RequestFacts): void {
  for (const [key, value] of resourceTags ?? []) set(context, `aws:resourcetag/${key.toLowerCase()}`, value);
  for (const [key, value] of requestTags ?? []) set(context, `aws:requesttag/${key.toLowerCase()}`, value);
  if (requestTags !== undefined && requestTags.size > 0) context.set('aws:tagkeys', [...requestTags.keys()]);
}

function addFacts(context: Keys, facts: RequestFacts): void {
  set(context, 'aws:currenttime', new Date(facts.nowMs).toISOString());
  set(context, 'aws:epochtime', String(Math.floor(facts.nowMs / 1000)));
  set(context, 'aws:sourceip', facts.sourceIPAddress);
  set(context, 'aws:useragent', facts.userAgent);
  set(context, 'aws:requestedregion', facts.region);
  set(context, 'aws:principalorgid', facts.principalOrganizationId);
  set(context, 'aws:principalorgpaths', facts.principalOrganizationPath);
  set(context, 'aws:resourceaccount', facts.resourceAccountId);
  set(context, 'aws:resourceorgid', facts.resourceOrganizationId);
  if (facts.isSecureTransport !== undefined) {
    set(context, 'aws:securetransport', String(facts.isSecureTransport));
  }
}

/** `aws:PrincipalType` as AWS's table of policy variables has it. */
const PRINCIPAL_TYPES = {
  Root: 'Account',
  IAMUser: 'User',
  AssumedRole: 'AssumedRole',
  FederatedUser: 'FederatedUser',
  AWSService: undefined,
} as const;

function addPrincipal(context: Keys, principal: Principal | undefined, nowMs: number): void {
  set(context, 'aws:viaawsservice', 'false');
  set(context, 'aws:principalisawsservice', String(principal?.type === 'AWSService'));
  if (principal === undefined) {
    set(context, 'aws:principaltype', 'Anonymous');
    set(context, 'aws:userid', 'anonymous');
    return;
  }
  if (principal.type === 'AWSService') {
    set(context, 'aws:principalservicename', serviceName(principal));
    return;
  }
  const { type, session } = principal;
  set(context, 'aws:principalarn', session?.roleArn ?? principal.arn);
  set(context, 'aws:principalaccount', principal.accountId);
  set(context, 'aws:principaltype', PRINCIPAL_TYPES[type]);
  set(context, 'aws:userid', principal.userId);
  if (type === 'IAMUser') set(context, 'aws:username', principal.userName);
  addPrincipalTags(context, principal.tags);
  if (session === undefined) return;
  set(context, 'aws:tokenissuetime', new Date(session.issuedAtMs).toISOString());
  set(context, 'aws:sourceidentity', session.sourceIdentity);
  set(context, 'aws:multifactorauthpresent', String(session.hasMfa));
  if (!session.hasMfa) return;
  const ageSeconds = Math.max(0, Math.floor((nowMs - session.issuedAtMs) / 1000));
  set(context, 'aws:multifactorauthage', String(ageSeconds));
}

function addPrincipalTags(context: Keys, tags: readonly Tag[]): void {
  for (const { key, value } of tags) set(context, `aws:principaltag/${key.toLowerCase()}`, value);
}
