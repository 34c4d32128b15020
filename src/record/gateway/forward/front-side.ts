import type { RawHeaders } from '../../../model/captured-call.ts';
import type { AnswerHead, BodyFraming } from './upstream-call.ts';

/** What the caller does. `onClosed` comes once and last; `isComplete` when the whole answer was handed to the network. */
export interface FrontListener {
  onData(chunk: Uint8Array): void;
  onEnd(trailers: RawHeaders): void;
  onDrain(): void;
  onClosed(isComplete: boolean): void;
}

/** The caller's side of an exchange, the same for both HTTP versions. */
export interface FrontSide {
  /** How the request's body is delimited. */
  readonly framing: BodyFraming;
  /** Starts the flow of the request body; without a body only `onClosed` and `onDrain` come. */
  listen(listener: FrontListener): void;
  pause(): void;
  resume(): void;
  /** Hands on an interim answer. */
  inform(status: number, headers: RawHeaders): void;
  /** Sets the head of the answer; it may wait for the first bytes of the body until `flush`. */
  answer(head: AnswerHead): void;
  flush(): void;
  /** False means: wait for `onDrain`. */
  write(chunk: Uint8Array): boolean;
  end(chunk: Uint8Array | undefined, trailers: RawHeaders): void;
  /** Breaks the answer off so that the caller cannot take it for a whole one. */
  abort(): void;
  /** The connection is closed after the answer, because what follows on it cannot be told. */
  closeAfterAnswer(): void;
}
