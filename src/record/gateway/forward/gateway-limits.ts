/** Bounds of the gateway; every one is configuration. */
export interface GatewayLimits {
  /** Time to reach an upstream, TLS handshake included, in milliseconds; then 504. */
  readonly connectTimeoutMs: number;
  /**
   * Longest silence of an exchange in milliseconds: 504 before the answer has begun, broken off afterwards. A Lambda
   * invocation may be silent for 15 minutes, so a smaller value breaks such calls.
   */
  readonly upstreamIdleTimeoutMs: number;
  /** How long an unused connection to an upstream is kept, in milliseconds; less than most servers' 5 s avoids races with their close. */
  readonly keepAliveMs: number;
  /** Unused connections kept per upstream. */
  readonly idleConnectionsMax: number;
  /** Largest head of an upstream's answer in bytes. */
  readonly answerHeadBytesMax: number;
  /** `batch` calls answered and not yet durable; at the bound new calls wait before they are forwarded. */
  readonly pendingCallsMax: number;
  /** Captured bytes held by those calls; the second bound of the same queue. */
  readonly pendingBytesMax: number;
  /** Records handed to the recorder at one time; they share its fsyncs. */
  readonly recordsInFlightMax: number;
  /** `blocking` calls: how much of a request's body is awaited so that the intent can name its operation, in bytes. */
  readonly intentBodyBytesMax: number;
  /** What `Retry-After` of a 503 tells, in seconds. */
  readonly retryAfterSeconds: number;
}

export const defaultGatewayLimits: GatewayLimits = {
  connectTimeoutMs: 5_000,
  upstreamIdleTimeoutMs: 905_000,
  keepAliveMs: 4_000,
  idleConnectionsMax: 256,
  answerHeadBytesMax: 65_536,
  pendingCallsMax: 4_096,
  pendingBytesMax: 67_108_864,
  recordsInFlightMax: 512,
  intentBodyBytesMax: 65_536,
  retryAfterSeconds: 5,
};
