import type { CapturedCall, RequestHead } from '../../model/captured-call.ts';
import type { EventDraft, UserIdentity } from '../../model/cloudtrail-event.ts';
import type { PrincipalRecord } from '../../store/catalog.ts';

export type WireProtocol = 'json' | 'query' | 'ec2' | 'rest-json' | 'rest-xml' | 'cbor' | 'unknown';

/** How a request says who sent it. */
export type AuthenticationForm =
  | 'header'
  | 'query'
  | 'sigv4a-header'
  | 'sigv4a-query'
  | 'sigv2-header'
  | 'sigv2-query'
  | 'postForm'
  | 'bearer'
  | 'none';

/** What the head of a request tells: enough to choose the upstream, the recording mode and what to capture. */
export interface Recognition {
  /** Signing name as in `--upstream SERVICE=…` (`monitoring`, `s3`), or `unknown`. */
  readonly signingName: string;
  /** Key of the service in the tables (`cloudwatch`); undefined for services that the tables do not have. */
  readonly service: string | undefined;
  readonly region: string;
  readonly protocol: WireProtocol;
  readonly authentication: AuthenticationForm;
  readonly accessKeyId: string | undefined;
  /** Known from the head for all protocols but query, ec2 and form uploads. */
  readonly operation: string | undefined;
  /** False for what CloudTrail never records: container registry pulls, `execute-api`, Lambda function URLs. */
  readonly isRecorded: boolean;
  /** How many bytes of the bodies `describe` needs; 0 for object contents. */
  readonly requestCaptureBytes: number;
  readonly responseCaptureBytes: number;
  /**
   * How many bytes of an answer with status 300 or more `describe` needs, where that is more than
   * `responseCaptureBytes`: a refused download has its reason in the body. Absent: `responseCaptureBytes`.
   */
  readonly errorCaptureBytes?: number;
  /** S3 only: what path and host say the request is about, decoded once; absent parts are undefined. */
  readonly s3?: { readonly bucket: string | undefined; readonly key: string | undefined };
  /** From endpoint-specific host names: `vpce-0a1b2c`. */
  readonly vpcEndpointId?: string;
}

/** What a finished call comes to. */
export interface Description {
  readonly draft: EventDraft;
  /** Principals that the answer told: new access keys, sessions, callers. */
  readonly learnt: readonly PrincipalRecord[];
}

export interface Recogniser {
  recognise(head: RequestHead): Recognition;
  /**
   * Never throws on hostile input: what cannot be understood is left out, and an unknown operation is recorded as what
   * can be known of it.
   */
  describe(call: CapturedCall, recognition: Recognition, identity: UserIdentity): Description;
}
