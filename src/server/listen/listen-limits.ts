/** Bounds of the listener; every one is configuration. */
export interface ListenLimits {
  /** Largest request head in bytes; then 431. */
  readonly headerBytesMax: number;
  /** Most header fields of a request; then 431. */
  readonly headersCountMax: number;
  /** Time for a request head to arrive in milliseconds, the first bytes of a connection included; then 408. */
  readonly headerTimeoutMs: number;
  /** Time for a whole request to arrive in milliseconds, its body included; then 408. 0 = no bound. */
  readonly requestTimeoutMs: number;
  /** How long a connection may stay without any traffic during a request, in milliseconds; longer than the upstream's silence. */
  readonly idleTimeoutMs: number;
  /** How long an unused connection is kept for the next request, in milliseconds. */
  readonly keepAliveTimeoutMs: number;
  /** Most connections at one time; more are closed at once and counted. */
  readonly connectionsMax: number;
  /** Most concurrent streams of one HTTP/2 connection. */
  readonly streamsMax: number;
}

export const defaultListenLimits: ListenLimits = {
  headerBytesMax: 65_536,
  headersCountMax: 200,
  headerTimeoutMs: 20_000,
  requestTimeoutMs: 3_600_000,
  idleTimeoutMs: 960_000,
  keepAliveTimeoutMs: 60_000,
  connectionsMax: 10_000,
  streamsMax: 128,
};
