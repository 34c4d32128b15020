/** Fields of a log line. Never event payloads, credentials or signatures. */
export type LogFields = Readonly<Record<string, unknown>>;

/**
 * Structured log: a dotted event name, then fields.
 *
 * Levels by consequence: `error` someone must act or evidence is lost; `warn` degraded, recovering;
 * `info` state changed; `debug` per request. Nothing per event above `debug`.
 */
export interface Log {
  error(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  info(event: string, fields?: LogFields): void;
  debug(event: string, fields?: LogFields): void;
}

/** Discards everything; the default of tests. */
export const silentLog: Log = { error() {}, warn() {}, info() {}, debug() {} };
