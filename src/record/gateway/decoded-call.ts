import type { CapturedCall } from '../../model/captured-call.ts';
import type { Json, JsonObject } from '../../model/cloudtrail-event.ts';
import type { Recognition } from './recognition.ts';

/** An error as the service sent it, before CloudTrail's spelling is applied. */
export interface WireError {
  /** Without namespace and suffix: `NoSuchEntity`, `AccessDeniedException`, `UnauthorizedOperation`. */
  readonly code: string;
  readonly message: string | undefined;
  /** `client` for 4xx, `server` for 5xx. */
  readonly fault: 'client' | 'server';
}

/**
 * A call with its bodies decoded, still in the spelling of the wire. Member values are JSON; binary members are left
 * out; timestamps are as the protocol has them (numbers or text).
 */
export interface DecodedCall {
  readonly call: CapturedCall;
  readonly recognition: Recognition;
  /** SDK name of the operation (`ListObjectsV2`); undefined when it cannot be told. */
  readonly operation: string | undefined;
  /** API version that a query request named, or the table's. */
  readonly apiVersion: string | undefined;
  /**
   * Members of the input as sent. json, cbor, rest-json: SDK member names, URI, query and header members merged in.
   * query, ec2: the dotted form rebuilt into nested objects and lists, all leaves strings. rest-xml other than S3: as
   * rest-json with the XML body's members. S3: see `s3`.
   */
  readonly input: JsonObject | undefined;
  /** True when the request body was longer than what was captured, so that `input` is not whole. */
  readonly isInputTruncated: boolean;
  readonly s3:
    | {
        readonly bucket: string | undefined;
        readonly key: string | undefined;
        /** Query parameters in the order sent, signature parameters removed, `x-id` included. */
        readonly query: readonly (readonly [string, string])[];
        /** Root element name and content of an XML body, as parsed. */
        readonly xmlRoot: string | undefined;
        readonly xmlBody: Json | undefined;
        readonly jsonBody: Json | undefined;
      }
    | undefined;
  /** Members of a successful answer; undefined for failures, empty and undecodable bodies. XML leaves are strings. */
  readonly output: JsonObject | undefined;
  readonly error: WireError | undefined;
  readonly requestId: string | undefined;
}
