import { assert } from '../../base/assert.ts';
import type { Clock } from '../../base/clock.ts';
import { DependencyError } from '../../base/dependency-error.ts';
import type { Log } from '../../base/log.ts';
import type { Counter } from '../../base/metrics.ts';
import type { Random } from '../../base/random.ts';
import { ApiError } from '../../model/api-error.ts';
import type { CapturedCall } from '../../model/captured-call.ts';
import type { EventDraft, JsonObject } from '../../model/cloudtrail-event.ts';
import type { JournalEntry } from '../../model/recorded-event.ts';
import type { Recogniser } from '../../record/gateway/recognition.ts';
import type { PrincipalDirectory } from '../../record/identity/principal-directory.ts';
import type { Intake, Recorder } from '../../record/intake.ts';
import { outcomeUnknown } from '../../record/outcome-unknown.ts';
import type { WireResponse } from '../protocol/error-response.ts';
import { accountCopies } from './account-copies.ts';
import { describeOpenTrailCall } from './describe-open-trail-call.ts';
import { captured, type OwnCall } from './own-call.ts';

/** Bytes of an answer that are kept for its description. */
const answerBytesMax = 256 * 1024;

/** Where a change is announced before it is made, so that its record cannot be refused afterwards. */
export interface IntentLog {
  openIntent(intent: { readonly intentId: string; readonly entry: JournalEntry }): Promise<void>;
  cancelIntent(intentId: string): Promise<void>;
}

export interface OwnCallRecorderOptions {
  readonly recogniser: Recogniser;
  readonly recorder: Recorder;
  readonly intake: Intake;
  readonly intents: IntentLog;
  readonly principals: PrincipalDirectory;
  /** Account of events whose caller is not known. */
  readonly installationAccountId: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly unrecorded: Counter;
}

/** The answer as it is described; `error` and `output` as the operation gave them. */
export interface Answered {
  readonly response: WireResponse;
  readonly error?: ApiError;
  readonly output?: JsonObject;
}

/** Records the calls that OpenTrail answers itself. */
export class OwnCallRecorder {
  readonly #options: OwnCallRecorderOptions;

  constructor(options: OwnCallRecorderOptions) {
    this.#options = options;
  }

  /**
   * Makes a change durable as an intent; throws `ServiceUnavailable` when that is not possible, and then the
   * change must not be made. A crash before the outcome leaves a record without one.
   */
  async announce(call: OwnCall): Promise<void> {
    const { intake, intents, random } = this.#options;
    const intentId = random.uuid();
    try {
      const [described] = this.#describe(call, undefined);
      assert(described !== undefined, 'every call has a record');
      const draft = outcomeUnknown(described);
      await intents.openIntent({
        intentId,
        entry: intake.accept(draft, { verification: call.verification, intentId }).entry,
      });
    } catch (cause) {
      if (!(cause instanceof DependencyError)) throw cause;
      throw new ApiError(
        'ServiceUnavailable',
        'nothing was changed, because the call cannot be recorded at present',
        {
          isPlatform: true,
          status: 503,
          retryAfterSeconds: 5,
          cause,
        },
      );
    }
    call.intentId = intentId;
  }

  /**
   * Resolves when the record is durable, or was refused: then it is counted, logged and part of the
   * recorder's gap.
   */
  async record(call: OwnCall, answered: Answered): Promise<void> {
    const { recorder, unrecorded, log } = this.#options;
    const { verification, intentId } = call;
    try {
      const [draft, ...copies] = this.#describe(call, answered);
      if (draft === undefined) return;
      await Promise.all([
        recorder.record(draft, { verification, ...(intentId === undefined ? {} : { intentId }) }),
        ...copies.map((copy) => recorder.record(copy, { verification })),
      ]);
    } catch (error) {
      if (!(error instanceof DependencyError)) throw error;
      unrecorded.add(1, { service: call.route.service });
      log.error('frontDoor.callNotRecorded', {
        requestId: call.requestId,
        operation: call.route.name,
        error,
      });
    }
  }

  /** The record of the caller's account first. */
  #describe(call: OwnCall, answered: Answered | undefined): readonly EventDraft[] {
    const capturedCall = this.#capturedCall(call, answered);
    const recipientAccountId = call.accountId ?? this.#options.installationAccountId;
    if (call.route.service === 'opentrail') return [this.#describeOpenTrail(call, capturedCall, answered)];
    const { recogniser, principals, random } = this.#options;
    const { draft, learnt } = recogniser.describe(capturedCall, call.recognition, call.userIdentity);
    // New keys and sessions of our own making: calls with them may be forwarded and recorded next.
    if (call.route.kind === 'service' && learnt.length > 0) void principals.learn(learnt);
    return accountCopies({ ...draft, recipientAccountId }, () => random.uuid());
  }

  #describeOpenTrail(call: OwnCall, capturedCall: CapturedCall, answered: Answered | undefined): EventDraft {
    const error = answered?.error;
    return describeOpenTrailCall({
      call: capturedCall,
      name: call.route.name?.slice(0, 128) || 'Unknown',
      isReadOnly: call.route.kind !== 'opentrail' || call.route.operation.isReadOnly,
      userIdentity: call.userIdentity,
      region: call.region,
      recipientAccountId: call.accountId ?? this.#options.installationAccountId,
      requestId: call.requestId,
      input: call.input,
      output: answered?.output,
      error: error === undefined ? undefined : { code: error.code, message: error.message },
    });
  }

  #capturedCall(call: OwnCall, answered: Answered | undefined): CapturedCall {
    const response = answered?.response;
    return {
      head: call.head,
      requestBody: call.requestBody,
      outcome: 'completed',
      completedAt: this.#options.clock.now(),
      ...(response === undefined
        ? {}
        : {
            response: {
              status: response.status,
              headers: response.headers.flat(),
              body: captured(response.body, answerBytesMax),
            },
          }),
    };
  }
}
