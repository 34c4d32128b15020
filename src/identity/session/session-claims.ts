import type { Tag } from '../entities.ts';

/** What temporary credentials say about themselves, before anybody looked whether it still holds. */
export interface SessionClaims {
  /**
   * `role`: of `AssumeRole`; `user` and `root`: of `GetSessionToken`, by whom it was called; `federated`: of
   * `GetFederationToken`, called by a user, or by root where `userName` is absent.
   */
  readonly kind: 'role' | 'user' | 'root' | 'federated';
  readonly accountId: string;
  /** Whole seconds, as every answer tells them; milliseconds since 1970 UTC. */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
  readonly hasMfa: boolean;
  /** `role` */
  readonly roleName?: string;
  readonly roleId?: string;
  /** `role` and `federated`: the name that the caller chose. */
  readonly sessionName?: string;
  /** `user`, `federated` */
  readonly userName?: string;
  readonly userId?: string;
  /** All but `role`: the key that asked for the session, which ends with it. */
  readonly issuingAccessKeyId?: string;
  readonly sourceIdentity?: string;
  readonly tags: readonly Tag[];
  readonly transitiveTagKeys: readonly string[];
  /** The inline session policy. */
  readonly policy?: string;
  /** Managed session policies, whose documents are read when the session is used. */
  readonly policyArns: readonly string[];
}

/** Claims as they stand in a token: short names, nothing that is empty. */
export function encodeClaims(claims: SessionClaims): string {
  const { tags, transitiveTagKeys, policyArns } = claims;
  return JSON.stringify({
    k: claims.kind,
    a: claims.accountId,
    i: claims.issuedAtMs / 1000,
    x: claims.expiresAtMs / 1000,
    m: claims.hasMfa ? 1 : undefined,
    r: claims.roleName,
    ri: claims.roleId,
    s: claims.sessionName,
    u: claims.userName,
    ui: claims.userId,
    key: claims.issuingAccessKeyId,
    src: claims.sourceIdentity,
    t: tags.length === 0 ? undefined : tags.map(({ key, value }) => [key, value]),
    tt: transitiveTagKeys.length === 0 ? undefined : transitiveTagKeys,
    p: claims.policy,
    pa: policyArns.length === 0 ? undefined : policyArns,
  });
}

interface EncodedClaims {
  readonly k: SessionClaims['kind'];
  readonly a: string;
  readonly i: number;
  readonly x: number;
  readonly m?: 1;
  readonly r?: string;
  readonly ri?: string;
  readonly s?: string;
  readonly u?: string;
  readonly ui?: string;
  readonly key?: string;
  readonly src?: string;
  readonly t?: readonly (readonly [string, string])[];
  readonly tt?: readonly string[];
  readonly p?: string;
  readonly pa?: readonly string[];
}

/** The inverse of `encodeClaims`; the text is one that was sealed here. */
export function decodeClaims(text: string): SessionClaims {
  const encoded = JSON.parse(text) as EncodedClaims;
  return {
    kind: encoded.k,
    accountId: encoded.a,
    issuedAtMs: encoded.i * 1000,
    expiresAtMs: encoded.x * 1000,
    hasMfa: encoded.m === 1,
    ...(encoded.r === undefined ? {} : { roleName: encoded.r }),
    ...(encoded.ri === undefined ? {} : { roleId: encoded.ri }),
    ...(encoded.s === undefined ? {} : { sessionName: encoded.s }),
    ...(encoded.u === undefined ? {} : { userName: encoded.u }),
    ...(encoded.ui === undefined ? {} : { userId: encoded.ui }),
    ...(encoded.key === undefined ? {} : { issuingAccessKeyId: encoded.key }),
    ...(encoded.src === undefined ? {} : { sourceIdentity: encoded.src }),
    tags: (encoded.t ?? []).map(([key, value]) => ({ key, value })),
    transitiveTagKeys: encoded.tt ?? [],
    ...(encoded.p === undefined ? {} : { policy: encoded.p }),
    policyArns: encoded.pa ?? [],
  };
}
