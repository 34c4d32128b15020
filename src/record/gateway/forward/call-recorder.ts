import type { Log } from '../../../base/log.ts';
import type { CapturedCall } from '../../../model/captured-call.ts';
import type { UserIdentity } from '../../../model/cloudtrail-event.ts';
import type { PrincipalDirectory } from '../../identity/principal-directory.ts';
import type { Recorder } from '../../intake.ts';
import type { Recogniser, Recognition } from '../recognition.ts';
import type { GatewayTelemetry } from './telemetry.ts';
import { findSignature, type VerifySignature, verificationOf } from './verification.ts';
import { VouchedCallers } from './vouched-callers.ts';

/** Who calls with the key of somebody whose secret is known here, and another signature: nobody is named for it. */
function unproven(accessKeyId: string | undefined): UserIdentity {
  return { type: 'Unknown', ...(accessKeyId === undefined ? {} : { accessKeyId }) };
}

/** A call whose record is on its way. */
export interface BegunRecord {
  /** True when it is durable, false when the recorder refused it. Never rejects. */
  readonly durable: Promise<boolean>;
}

/** The intent of a call, and whether the rate of unverified calls was asked for it. */
export interface AdmittedIntent {
  readonly intentId: string;
  readonly isAdmitted: boolean;
}

/** Makes a record of a finished call: who, what, how far verified; then hands it to the recorder. */
export class CallRecorder {
  readonly #recogniser: Recogniser;
  readonly #recorder: Recorder;
  readonly #principals: PrincipalDirectory;
  readonly #verifySignature: VerifySignature;
  readonly #log: Log;
  readonly #telemetry: GatewayTelemetry;
  /** Whom the upstreams believed, by the calls that were recorded. */
  readonly vouched = new VouchedCallers();
  #isRefusing = false;

  constructor(options: {
    readonly recogniser: Recogniser;
    readonly recorder: Recorder;
    readonly principals: PrincipalDirectory;
    readonly verifySignature: VerifySignature;
    readonly log: Log;
    readonly telemetry: GatewayTelemetry;
  }) {
    this.#recogniser = options.recogniser;
    this.#recorder = options.recorder;
    this.#principals = options.principals;
    this.#verifySignature = options.verifySignature;
    this.#log = options.log;
    this.#telemetry = options.telemetry;
  }

  /**
   * Describes the call and starts its record. Resolves when that has begun, so that records keep the order in which this
   * was called; what the answer told about principals is known to the next one.
   */
  async begin(call: CapturedCall, recognition: Recognition, intent?: AdmittedIntent): Promise<BegunRecord> {
    try {
      const { accessKeyId } = recognition;
      const finding = await findSignature(call, recognition, this.#verifySignature);
      const userIdentity =
        finding === 'wrong'
          ? unproven(accessKeyId)
          : (await this.#principals.resolve(accessKeyId)).userIdentity;
      const { draft, learnt } = this.#recogniser.describe(call, recognition, userIdentity);
      if (learnt.length > 0 && finding !== 'wrong') await this.#principals.learn(learnt);
      const verification = verificationOf(finding, { call, recognition, draft });
      this.vouched.learn({ accessKeyId, sourceIPAddress: call.head.peerAddress }, verification);
      const options = { verification, ...intent };
      return { durable: this.#settle(this.#recorder.record(draft, options)) };
    } catch (error) {
      return { durable: Promise.resolve(this.#refused(error)) };
    }
  }

  async #settle(recording: Promise<void>): Promise<boolean> {
    try {
      await recording;
      if (this.#isRefusing) this.#log.info('gateway.recording');
      this.#isRefusing = false;
      return true;
    } catch (error) {
      return this.#refused(error);
    }
  }

  /** The recorder counts what it refused as a gap; here the first refusal is logged, since evidence is lost. */
  #refused(error: unknown): false {
    this.#telemetry.unrecorded.add();
    if (this.#isRefusing) return false;
    this.#isRefusing = true;
    this.#log.error('gateway.unrecorded', { reason: error instanceof Error ? error.message : String(error) });
    return false;
  }
}
