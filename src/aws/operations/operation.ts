import type { LookupEvents } from '../../history/lookup-events.ts';
import type { JsonObject } from '../../model/cloudtrail-event.ts';
import type { Caller } from '../opentrail/operation.ts';
import type { OwnExceptions } from '../protocol/validate-input.ts';
import type { DelegationContext } from './organizations/delegation-context.ts';

export interface OperationCall {
  readonly caller: Caller;
  /** Deserialised and valid by the API model, in the spelling of the wire. */
  readonly input: JsonObject;
  /** Aborted when the client goes away or the server stops. */
  readonly signal: AbortSignal;
}

/** What an operation runs on; made where everything is put together. */
export interface OperationContext {
  readonly lookupEvents: LookupEvents;
  /** Absent where OpenTrail does not answer for Organizations itself. */
  readonly delegation?: DelegationContext;
}

/** An operation of AWS's API. */
export interface Operation {
  readonly isBuilt: boolean;
  /** True: announced before it runs, so that the record of what it changed cannot be refused afterwards. */
  readonly isChange?: boolean;
  /**
   * Errors of its own that stand for a broken constraint of a top-level member, instead of
   * `ValidationException`.
   */
  readonly ownExceptions?: OwnExceptions;
  /** Deliberate choices where AWS's behaviour is not known or differs; for `docs/compatibility.md`. */
  readonly notes?: readonly string[];
  run(call: OperationCall, context: OperationContext): Promise<JsonObject>;
}
