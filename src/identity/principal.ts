import type { UserIdentity } from '../model/cloudtrail-event.ts';
import type { Tag } from './entities.ts';

/** Who makes a call, believed: the signature was right and the key is active. */
export interface Principal {
  readonly type: 'Root' | 'IAMUser' | 'AssumedRole' | 'FederatedUser' | 'AWSService';
  readonly accountId: string;
  /** `arn:aws:iam::111122223333:user/alice`, `arn:aws:sts::111122223333:assumed-role/Admin/alice`. */
  readonly arn: string;
  /** `aws:userid`: `AIDA…`, `AROA…:session`, the account id for root. */
  readonly userId: string;
  readonly accessKeyId: string;
  /** As the record has it. */
  readonly userIdentity: UserIdentity;
  /** IAM users, and sessions of IAM users. */
  readonly userName?: string;
  /** `aws:PrincipalTag/…`: tags of the user or role, and over them those of the session. */
  readonly tags: readonly Tag[];
  /** Temporary credentials only. */
  readonly session?: {
    readonly issuedAtMs: number;
    readonly expiresAtMs: number;
    readonly hasMfa: boolean;
    /** The role that was assumed. */
    readonly roleArn?: string;
    readonly roleName?: string;
    readonly sessionName?: string;
    readonly sourceIdentity?: string;
    readonly transitiveTagKeys: readonly string[];
    /** Inline session policy and the documents of managed ones; empty means that none restricts the session. */
    readonly policies: readonly string[];
  };
}
