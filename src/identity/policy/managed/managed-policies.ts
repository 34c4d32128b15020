import { ADMINISTRATOR_ACCESS } from './administrator-access.ts';
import { CLOUD_TRAIL_FULL_ACCESS } from './cloud-trail-full-access.ts';
import { CLOUD_TRAIL_READ_ONLY_ACCESS } from './cloud-trail-read-only-access.ts';
import { IAM_FULL_ACCESS } from './iam-full-access.ts';
import { IAM_READ_ONLY_ACCESS } from './iam-read-only-access.ts';
import { OPEN_TRAIL_AUDITOR } from './open-trail-auditor.ts';
import { OPEN_TRAIL_RECORDER } from './open-trail-recorder.ts';

/** A policy that every account has and none can change. */
export interface ManagedPolicy {
  readonly policyName: string;
  /** `arn:aws:iam::aws:policy/AdministratorAccess` */
  readonly arn: string;
  /** `ANPA…` */
  readonly policyId: string;
  readonly path: string;
  readonly description: string;
  /** `v3`: the version that AWS had when it was taken over; of our own `v1`. */
  readonly defaultVersionId: string;
  readonly document: string;
  /** When its first version was made, milliseconds since 1970 UTC. */
  readonly createdAtMs: number;
  /** When this version was made, milliseconds since 1970 UTC. */
  readonly updatedAtMs: number;
}

const policy = (
  policyName: string,
  document: string,
  about: Pick<ManagedPolicy, 'policyId' | 'description' | 'defaultVersionId'> & {
    readonly created: string;
    readonly updated?: string;
  },
): ManagedPolicy => {
  const { created, updated = created, ...rest } = about;
  return {
    policyName,
    arn: `arn:aws:iam::aws:policy/${policyName}`,
    path: '/',
    ...rest,
    document,
    createdAtMs: Date.parse(created),
    updatedAtMs: Date.parse(updated),
  };
};

/** In the order of their names. Ids are AWS's own where they are known, and of AWS's form where not. */
const MANAGED_POLICIES: readonly ManagedPolicy[] = [
  policy('AdministratorAccess', ADMINISTRATOR_ACCESS, {
    policyId: 'ANPAIWMBCKSKIEE64ZLYK',
    description: 'Provides full access to AWS services and resources.',
    defaultVersionId: 'v1',
    created: '2015-02-06T18:39:46Z',
  }),
  policy('AWSCloudTrail_FullAccess', CLOUD_TRAIL_FULL_ACCESS, {
    policyId: 'ANPAOPENTRAILCTFULL01',
    description: 'Provides full access to AWS CloudTrail.',
    defaultVersionId: 'v3',
    created: '2020-10-08T23:41:15Z',
    updated: '2021-02-22T19:01:00Z',
  }),
  policy('AWSCloudTrail_ReadOnlyAccess', CLOUD_TRAIL_READ_ONLY_ACCESS, {
    policyId: 'ANPAOPENTRAILCTREAD01',
    description: 'Provides read only access to AWS CloudTrail.',
    defaultVersionId: 'v1',
    created: '2022-06-14T17:19:05Z',
  }),
  policy('IAMFullAccess', IAM_FULL_ACCESS, {
    policyId: 'ANPAOPENTRAILIAMFULL1',
    description: 'Provides full access to IAM via the AWS Management Console.',
    defaultVersionId: 'v2',
    created: '2015-02-06T18:40:38Z',
    updated: '2019-06-21T19:40:00Z',
  }),
  policy('IAMReadOnlyAccess', IAM_READ_ONLY_ACCESS, {
    policyId: 'ANPAOPENTRAILIAMREAD1',
    description: 'Provides read only access to IAM via the AWS Management Console.',
    defaultVersionId: 'v4',
    created: '2015-02-06T18:40:39Z',
    updated: '2018-01-25T19:11:27Z',
  }),
  policy('OpenTrailAuditor', OPEN_TRAIL_AUDITOR, {
    policyId: 'ANPAOPENTRAILAUDITOR1',
    description: 'Reads the whole record and who may do what, and changes nothing.',
    defaultVersionId: 'v1',
    created: '2026-11-21T00:00:00Z',
  }),
  policy('OpenTrailRecorder', OPEN_TRAIL_RECORDER, {
    policyId: 'ANPAOPENTRAILRECORD01',
    description: 'Puts events of other programs into the record through channels, and does nothing else.',
    defaultVersionId: 'v1',
    created: '2026-11-21T00:00:00Z',
  }),
];

const BY_ARN = new Map(MANAGED_POLICIES.map((managed) => [managed.arn, managed]));

/** The policy of an ARN, `arn:aws:iam::aws:policy/AdministratorAccess`; undefined when there is none. */
export function findManagedPolicy(arn: string): ManagedPolicy | undefined {
  return BY_ARN.get(arn);
}

export function listManagedPolicies(): readonly ManagedPolicy[] {
  return MANAGED_POLICIES;
}
