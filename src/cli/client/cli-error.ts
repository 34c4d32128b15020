/** Something that went wrong for a reason that the message tells, with what to do about it. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** 1 failed, 2 used wrongly. */
  readonly exitCode: 1 | 2;

  constructor(message: string, options: { exitCode?: 1 | 2; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.exitCode = options.exitCode ?? 1;
  }
}

/** An error that the server answered: its code and its sentence. */
export class ServerError extends CliError {
  readonly code: string;
  readonly status: number;
  /** Seconds after which the server asks to try again. */
  readonly retryAfterSeconds: number | undefined;

  constructor(answer: { code: string; message: string; status: number; retryAfterSeconds?: number }) {
    super(answer.message === '' ? answer.code : `${answer.code}: ${answer.message}`);
    this.code = answer.code;
    this.status = answer.status;
    this.retryAfterSeconds = answer.retryAfterSeconds;
  }
}

/** No connection, or one that broke: a client may try again. */
export class ConnectionError extends CliError {}
