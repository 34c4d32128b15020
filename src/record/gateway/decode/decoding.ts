import type { CapturedCall } from '../../../model/captured-call.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { WireError } from '../decoded-call.ts';
import type { RequestView } from '../recognise/request-view.ts';
import type { OperationRow } from '../recognise/service-tables.ts';
import type { Recognition } from '../recognition.ts';

/** What the decoder of a protocol works on. */
export interface DecodingInput {
  readonly call: CapturedCall;
  readonly view: RequestView;
  readonly recognition: Recognition;
  /** Undefined for operations that the tables do not have. */
  readonly row: OperationRow | undefined;
}

export interface DecodedRequest {
  readonly input: JsonObject | undefined;
  /** As the request named it. */
  readonly apiVersion?: string | undefined;
  /** Present where the body told more than the head. */
  readonly recognition?: Recognition;
}

export interface DecodedAnswer {
  readonly output: JsonObject | undefined;
  readonly error: WireError | undefined;
  /** From the body. */
  readonly requestId?: string | undefined;
}
