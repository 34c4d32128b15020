import { isAbsolute, resolve } from 'node:path';

/** Why a value cannot be used: lower case, says what would be right. */
export class ValueError extends Error {
  override readonly name = 'ValueError';
}

const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

const SIZE_UNITS_BYTES: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** `90d`, `12h`, `30m`, `10s`, `500ms`; in milliseconds. */
export function parseDuration(text: string, bounds: Bounds): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  const value = Number(match?.[1]) * (DURATION_UNITS_MS[match?.[2] ?? ''] ?? Number.NaN);
  if (!Number.isFinite(value)) {
    throw new ValueError(
      `${quote(text)} is not a duration: write a number with its unit, like 90d, 12h, 30s`,
    );
  }
  return within(Math.round(value), bounds, text, formatDuration);
}

/** `1GB` (10^9), `512MiB` (2^20), `1048576`; in bytes. */
export function parseSize(text: string, bounds: Bounds): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim());
  const value = Number(match?.[1]) * (SIZE_UNITS_BYTES[match?.[2]?.toLowerCase() ?? '?'] ?? Number.NaN);
  if (!Number.isFinite(value)) {
    throw new ValueError(`${quote(text)} is not a size: write a number with its unit, like 1GB or 512MiB`);
  }
  return within(Math.round(value), bounds, text, formatSize);
}

export function parseInteger(text: string, bounds: Bounds): number {
  if (!/^\d+$/.test(text.trim())) throw new ValueError(`${quote(text)} is not a whole number`);
  return within(Number(text), bounds, text, String);
}

export function parseChoice<const T extends string>(text: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined) throw new ValueError(`${quote(text)} is not one of ${choices.join(', ')}`);
  return choice;
}

/** Absolute path; a relative one counts from `baseFolder`. */
export function parsePath(text: string, baseFolder: string): string {
  if (text === '') throw new ValueError('a path is needed, not an empty text');
  return isAbsolute(text) ? text : resolve(baseFolder, text);
}

export function parsePattern(text: string, pattern: RegExp, expectation: string): string {
  if (!pattern.test(text)) throw new ValueError(`${quote(text)} is not ${expectation}`);
  return text;
}

/** An endpoint: `http`, `https` or `h2c` (HTTP/2 in clear text), without credentials, query and fragment. */
export function parseEndpoint(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(https?|h2c):$/.test(url.protocol)) {
    throw new ValueError(`${quote(text)} is not an endpoint: write it like http://127.0.0.1:5000`);
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new ValueError(`${quote(url.origin)} may not have credentials, a query or a fragment`);
  }
  return url;
}

/** The shortest exact spelling: `90d`, `1500ms`. */
export function formatDuration(durationMs: number): string {
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const size = DURATION_UNITS_MS[unit] ?? 1;
    if (durationMs >= size && durationMs % size === 0) return `${durationMs / size}${unit}`;
  }
  return `${durationMs}ms`;
}

/** The shortest exact spelling: `1GB`, `512MiB`, `1500`. */
export function formatSize(sizeBytes: number): string {
  for (const unit of ['TiB', 'TB', 'GiB', 'GB', 'MiB', 'MB', 'KiB', 'kB']) {
    const size = SIZE_UNITS_BYTES[unit.toLowerCase()] ?? 1;
    if (sizeBytes >= size && sizeBytes % size === 0) return `${sizeBytes / size}${unit}`;
  }
  return `${sizeBytes}`;
}

function within(value: number, bounds: Bounds, text: string, format: (value: number) => string): number {
  if (value >= bounds.min && value <= bounds.max) return value;
  throw new ValueError(`${quote(text)} is not between ${format(bounds.min)} and ${format(bounds.max)}`);
}

export function quote(text: string): string {
  return JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text);
}
