/**
 * An error that is the caller's and part of the API: its code is on the wire, its message is public.
 *
 * `code` is the bare shape name (`InvalidTimeRangeException`). The status and the shape on the wire are decided by
 * `aws/protocol/error-response.ts` alone.
 */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: string;
  /** Platform errors (`AccessDeniedException`, `ThrottlingException`) spell their message member `message`, modelled ones `Message`. */
  readonly isPlatform: boolean;
  /** HTTP status where it is not 400. */
  readonly status: number | undefined;
  /** For 503 answers: the seconds that `Retry-After` tells. */
  readonly retryAfterSeconds: number | undefined;
  /** Members that the error has on the wire of the JSON protocols beside its message: `{ Reason: 'INPUT_REQUIRED' }`. */
  readonly details: Readonly<Record<string, string>>;

  constructor(
    code: string,
    message: string,
    options: {
      isPlatform?: boolean;
      status?: number;
      retryAfterSeconds?: number;
      details?: Readonly<Record<string, string>>;
      cause?: unknown;
    } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.isPlatform = options.isPlatform ?? false;
    this.status = options.status;
    this.retryAfterSeconds = options.retryAfterSeconds;
    this.details = options.details ?? {};
  }
}
