import type { Principal } from '../../identity/principal.ts';
import type { JsonObject } from '../../model/cloudtrail-event.ts';

/** A call of one of the small services (IAM, STS, Organizations) that OpenTrail answers itself, authenticated and allowed. */
export interface ServiceCall {
  readonly principal: Principal;
  readonly region: string;
  readonly sourceIPAddress: string;
  readonly userAgent?: string | undefined;
  /** True when the call came over TLS. */
  readonly isSecure?: boolean;
  readonly requestId: string;
  /** Members in the spelling of the wire; of query services all leaves are text. */
  readonly input: JsonObject;
}

/** What is asked of the authorizer before an operation runs. */
export interface AccessTarget {
  readonly resourceArn: string;
  /** Condition keys that the request itself gives, lower case: `aws:requesttag/team`, `sts:externalid`. */
  readonly context?: ReadonlyMap<string, readonly string[]>;
  /** `aws:ResourceTag/…` */
  readonly resourceTags?: ReadonlyMap<string, string>;
}

export interface ServiceOperation {
  /** `CreateUser` */
  readonly name: string;
  readonly isReadOnly: boolean;
  /** IAM action where it is not `<service>:<name>`; null where the operation needs no permission (`GetCallerIdentity`) or decides itself. */
  readonly action?: string | null;
  /** What the call is about; default: `*`. Called before `run`, after the input is well-formed. */
  targets?(call: ServiceCall): Promise<readonly AccessTarget[]> | readonly AccessTarget[];
  /**
   * Answers the members of the result in the spelling of the wire: `{ User: { UserName: 'bob', CreateDate: '2026-…Z' } }`.
   * Lists are arrays, maps are arrays of `{ key, value }` where the service is a query service (its XML says `entry`).
   * Throws `ApiError` with the code of the wire (`NoSuchEntity`, 404).
   */
  run(call: ServiceCall): Promise<JsonObject>;
}

/** One of the services, put together. */
export interface OwnService {
  /** `iam`: signing name and key in the tables. */
  readonly service: 'iam' | 'sts' | 'organizations';
  readonly protocol: 'query' | 'json';
  readonly operations: ReadonlyMap<string, ServiceOperation>;
}
