import { pino } from 'pino';
import type { Log, LogFields } from '../base/log.ts';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** Names of fields whose values are never written, whoever passes them. `accessKeyId` is no secret. */
const SECRET_NAME = /secret|password|passwd|token|authorization|signature(?!s?Count)|credential(?!s?Count)/i;

/** How deep and how long a field may be: a log line is for reading. */
const DEPTH_MAX = 4;
const TEXT_LENGTH_MAX = 2_000;
const ITEMS_MAX = 50;

/** Where lines go: the standard error in a server, an array in a test. */
export interface LogStream {
  write(line: string): void;
}

/** JSON lines: `{"level":"warn","time":"…Z","event":"engine.died", …fields}`. */
export function createJsonLog(options: { readonly level: LogLevel; readonly stream?: LogStream }): Log {
  // Synchronous: a line about a crash that is still in a buffer helps nobody.
  const stream = options.stream ?? pino.destination({ dest: 2, sync: true });
  const logger = pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    stream,
  );
  const write = (level: LogLevel) => (event: string, fields?: LogFields) => {
    if (logger.isLevelEnabled(level)) logger[level]({ event, ...redact(fields ?? {}) });
  };
  return { error: write('error'), warn: write('warn'), info: write('info'), debug: write('debug') };
}

/** The fields without secrets, errors as their names, messages and causes, everything bounded. */
export function redact(fields: LogFields): Record<string, unknown> {
  return redactObject(fields, 0);
}

function redactObject(fields: object, depth: number): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields)
      .slice(0, ITEMS_MAX)
      .map(([name, value]) => [name, SECRET_NAME.test(name) ? '[redacted]' : redactValue(value, depth + 1)]),
  );
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === 'string') {
    return value.length > TEXT_LENGTH_MAX ? `${value.slice(0, TEXT_LENGTH_MAX)}…` : value;
  }
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'function' || typeof value === 'symbol') return undefined;
  if (typeof value !== 'object' || value === null) return value;
  if (depth > DEPTH_MAX) return '[deeper]';
  if (value instanceof Error) return redactError(value, depth);
  if (value instanceof URL) return value.origin;
  if (Array.isArray(value)) return value.slice(0, ITEMS_MAX).map((item) => redactValue(item, depth + 1));
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  return redactObject(value, depth);
}

function redactError(error: Error, depth: number): Record<string, unknown> {
  return {
    name: error.name,
    message: redactValue(error.message, depth),
    stack: redactValue(error.stack?.split('\n').slice(1, 8).join('\n'), depth),
    ...(error.cause === undefined ? {} : { cause: redactValue(error.cause, depth + 1) }),
  };
}
