import type { CapturedBody, CapturedCall, RawHeaders, RequestHead } from '../../../model/captured-call.ts';
import { outcomeUnknown } from '../../outcome-unknown.ts';
import type { Recognition } from '../recognition.ts';
import type { ActiveRelays } from './active-relays.ts';
import type { AdmittedIntent, CallRecorder } from './call-recorder.ts';
import type { HeadRefusal } from './check-head.ts';
import type { FrontSide } from './front-side.ts';
import type { GatewayError, GatewayErrorKind } from './gateway-error.ts';
import type { GatewayOptions, RecordingMode } from './gateway-options.ts';
import type { RecordQueue } from './record-queue.ts';
import { Relay, type RelayResult } from './relay.ts';
import type { GatewayTelemetry } from './telemetry.ts';
import type { UpstreamFailure } from './upstream-call.ts';
import type { OpenCall, UpstreamPool } from './upstream-pool.ts';
import { upstreamRequest } from './upstream-request.ts';
import { verificationBefore } from './verification.ts';

/** What every exchange of a gateway shares. */
export interface ExchangeContext {
  readonly options: GatewayOptions;
  readonly telemetry: GatewayTelemetry;
  readonly recorder: CallRecorder;
  readonly queue: RecordQueue;
  readonly pool: UpstreamPool;
  readonly relays: ActiveRelays;
}

const NO_BODY: CapturedBody = { bytes: new Uint8Array(0), isTruncated: false, sizeBytes: 0 };

/** One call from its head to its record. */
export class Exchange {
  readonly #context: ExchangeContext;
  readonly #front: FrontSide;
  readonly #head: RequestHead;
  readonly #recognition: Recognition;
  readonly #mode: RecordingMode;

  constructor(
    context: ExchangeContext,
    call: { readonly front: FrontSide; readonly head: RequestHead; readonly recognition: Recognition },
  ) {
    this.#context = context;
    this.#front = call.front;
    this.#head = call.head;
    this.#recognition = call.recognition;
    const { isRecorded, signingName } = call.recognition;
    this.#mode = isRecorded ? context.options.modeOf(signingName) : 'off';
  }

  /** Answers a request that could be read in two ways; it is recorded and never forwarded. */
  async refuse(refusal: HeadRefusal): Promise<void> {
    const kind = REFUSAL_KIND[refusal.status];
    this.#front.closeAfterAnswer();
    await this.#answerOurselves({ kind, status: refusal.status, message: refusal.reason });
  }

  async run(): Promise<void> {
    const { options, queue, pool } = this.#context;
    const signingName = this.#recognition.signingName;
    const url = options.upstreams(signingName);
    if (url === undefined) {
      const message = `no upstream is configured for ${signingName}: start opentrail with --upstream ${signingName}=URL`;
      await this.#answerOurselves({ kind: 'noUpstream', status: 502, message });
      return;
    }
    if (this.#mode === 'batch' && !queue.hasRoom) await queue.room();
    const selected = pool.select(url, this.#head.httpVersion === '2.0');
    const open = selected instanceof Promise ? await selected : selected;
    if (this.#mode === 'blocking') {
      await this.#runBlocking(open, url);
      return;
    }
    const relay = this.#newRelay(undefined);
    relay.listen(0);
    const { relays } = this.#context;
    // Here and not in a function of its own: every call would pay for another promise.
    relays.add(relay);
    try {
      this.#conclude(await this.#forward(relay, open, url));
    } finally {
      relays.remove(relay);
    }
  }

  /** Intent, call, record, and only then the last bytes of the answer. */
  async #runBlocking(open: OpenCall, url: URL): Promise<void> {
    const { options } = this.#context;
    let isRecorded = false;
    let intent: AdmittedIntent | undefined;
    const relay = this.#newRelay(async (result) => {
      isRecorded = true;
      await this.#recordOutcome(result, intent);
    });
    await this.#gather(relay);
    try {
      intent = await this.#openIntent(relay);
    } catch (error) {
      options.log.warn('gateway.intent_refused', { reason: String(error) });
      await this.#answerOurselves(this.#unrecordable(UNRECORDABLE), relay.capturedRequest());
      return;
    }
    if (intent === undefined) {
      // It is counted already, and must not be recorded by itself.
      this.#answerUnrecorded(this.#unrecordable(BEYOND_RATE));
      return;
    }
    if (relay.isSettled) {
      await options.journal.cancelIntent(intent.intentId);
      this.#enqueue(await this.#forward(relay, neverOpened, url));
      return;
    }
    const result = await this.#forwardWatched(relay, open, url);
    this.#count(result.outcome);
    if (result.failure === undefined) {
      if (!isRecorded) await this.#recordOutcome(result, intent);
      return;
    }
    const error = failureAnswer(result.failure);
    const answer = this.#encodeError(error);
    await this.#recordOutcome({ ...result, response: captured(answer) }, intent);
    this.#send(answer);
  }

  #newRelay(release: ((result: RelayResult) => Promise<void>) | undefined): Relay {
    const isOff = this.#mode === 'off';
    return new Relay({
      front: this.#front,
      requestCaptureBytes: isOff ? 0 : this.#recognition.requestCaptureBytes,
      responseCaptureBytes: isOff ? 0 : this.#recognition.responseCaptureBytes,
      errorCaptureBytes: isOff ? 0 : (this.#recognition.errorCaptureBytes ?? 0),
      ticks: this.#context.relays,
      release,
    });
  }

  /** Waits for a small body, since only it names the operation of query protocols; never for one that awaits a 100. */
  async #gather(relay: Relay): Promise<void> {
    const { framing } = this.#front;
    const bytesMax = Math.min(
      this.#context.options.limits.intentBodyBytesMax,
      this.#recognition.requestCaptureBytes,
    );
    relay.listen(bytesMax);
    if (framing.kind !== 'sized' || framing.sizeBytes > bytesMax) return;
    if (upstreamRequest(this.#head, framing, PLACEHOLDER).isContinueExpected) return;
    await relay.gathered();
  }

  /**
   * Undefined when nobody vouches for the caller and the rate of such calls is exceeded, so that no outsider can fill the
   * journal with intents.
   */
  async #openIntent(relay: Relay): Promise<AdmittedIntent | undefined> {
    const { options, recorder } = this.#context;
    const intentId = options.random.uuid();
    const principal = await options.principals.resolve(this.#recognition.accessKeyId);
    const call: CapturedCall = {
      head: this.#head,
      requestBody: relay.capturedRequest(),
      outcome: 'completed',
      completedAt: options.clock.now(),
    };
    const { draft } = options.recogniser.describe(call, this.#recognition, principal.userIdentity);
    const verification = await verificationBefore(call, this.#recognition, options.verifySignature);
    const isVouched =
      verification !== 'none' || recorder.vouched.has(this.#recognition.accessKeyId, this.#head.peerAddress);
    if (!isVouched && !options.admitUnverified(draft)) return undefined;
    const { entry } = options.intake.accept(outcomeUnknown(draft), { verification, intentId });
    await options.journal.openIntent({ intentId, entry });
    return { intentId, isAdmitted: !isVouched };
  }

  #unrecordable(reason: string): GatewayError {
    const retryAfterSeconds = this.#context.options.limits.retryAfterSeconds;
    const message = `this call was not forwarded, because ${reason}; try again later`;
    return { kind: 'recordingUnavailable', status: 503, message, retryAfterSeconds };
  }

  async #forwardWatched(relay: Relay, open: OpenCall, url: URL): Promise<RelayResult> {
    const { relays } = this.#context;
    relays.add(relay);
    try {
      return await this.#forward(relay, open, url);
    } finally {
      relays.remove(relay);
    }
  }

  #forward(relay: Relay, open: OpenCall, url: URL): Promise<RelayResult> {
    return relay.forward(open, upstreamRequest(this.#head, this.#front.framing, url));
  }

  #conclude(result: RelayResult): void {
    this.#count(result.outcome);
    if (result.failure === undefined) {
      this.#enqueue(result);
      return;
    }
    const answer = this.#encodeError(failureAnswer(result.failure));
    this.#send(answer);
    this.#enqueue({ ...result, response: captured(answer) });
  }

  #count(outcome: string): void {
    this.#context.telemetry.calls.add(1, { mode: this.#mode, outcome });
  }

  #enqueue(result: RelayResult): void {
    if (this.#mode !== 'off') this.#context.queue.add(this.#capturedCall(result), this.#recognition);
  }

  #capturedCall(result: RelayResult): CapturedCall {
    const { outcome, requestBody, response } = result;
    const completedAt = this.#context.options.clock.now();
    const call = { head: this.#head, requestBody, outcome, completedAt };
    return response === undefined ? call : { ...call, response };
  }

  async #recordOutcome(result: RelayResult, intent: AdmittedIntent | undefined): Promise<void> {
    const call = this.#capturedCall(result);
    const begun = await this.#context.recorder.begin(call, this.#recognition, intent);
    await begun.durable;
  }

  /** Answers in our own name and records the call as refused. */
  async #answerOurselves(error: GatewayError, requestBody: CapturedBody = NO_BODY): Promise<void> {
    const { options, queue } = this.#context;
    const answer = this.#answerUnrecorded(error);
    if (this.#mode === 'off') return;
    const call: CapturedCall = {
      head: this.#head,
      requestBody,
      response: captured(answer),
      outcome: 'refused',
      completedAt: options.clock.now(),
    };
    if (!queue.hasRoom) await queue.room();
    queue.add(call, this.#recognition);
  }

  #answerUnrecorded(error: GatewayError): OwnAnswer {
    this.#context.telemetry.refusals.add(1, { kind: error.kind });
    const answer = this.#encodeError(error);
    this.#send(answer);
    this.#count('refused');
    return answer;
  }

  #encodeError(error: GatewayError): OwnAnswer {
    const { status, headers, body } = this.#context.options.gatewayError(this.#recognition, error);
    return { status, headers: [...headers, 'Content-Length', String(body.byteLength)], body };
  }

  #send(answer: OwnAnswer): void {
    const { status, headers, body } = answer;
    const isEmpty = this.#head.method === 'HEAD' || body.byteLength === 0;
    this.#front.answer({
      status,
      statusText: '',
      headers,
      framing: { kind: 'sized', sizeBytes: body.byteLength },
    });
    this.#front.end(isEmpty ? undefined : body, []);
  }
}

interface OwnAnswer {
  readonly status: number;
  readonly headers: RawHeaders;
  readonly body: Uint8Array;
}

/** Why a call of `blocking` mode is not forwarded. */
const UNRECORDABLE = 'it cannot be recorded at present';
const BEYOND_RATE =
  'too many calls whose signature nothing confirms come from its source address, and it could not be recorded by itself';

/** Stands for the upstream where only the request's own headers matter. */
const PLACEHOLDER = new URL('http://upstream.invalid');

const REFUSAL_KIND: Readonly<Record<HeadRefusal['status'], GatewayErrorKind>> = {
  400: 'badRequest',
  405: 'methodNotAllowed',
  413: 'badRequest',
  417: 'expectationFailed',
};

function failureAnswer(failure: UpstreamFailure): GatewayError {
  if (failure.kind === 'timeout') {
    const message = `${failure.reason}: check that the upstream of this service is running and not overloaded`;
    return { kind: 'upstreamTimeout', status: 504, message };
  }
  const kind = failure.kind === 'malformed' ? 'upstreamMalformed' : 'upstreamUnreachable';
  const message = `the upstream of this service gave no usable answer: ${failure.reason}; check that it is running`;
  return { kind, status: 502, message };
}

function captured(answer: OwnAnswer): NonNullable<CapturedCall['response']> {
  const body = { bytes: answer.body, isTruncated: false, sizeBytes: answer.body.byteLength };
  return { status: answer.status, headers: answer.headers, body };
}

function neverOpened(): never {
  throw new Error('a call whose caller has left is not opened');
}
