import { InvalidArgumentError } from 'commander';

const UNIT_MS: Readonly<Record<string, number>> = {
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  // 365 days: nobody who looks back by years counts the leap days.
  y: 31_536_000_000,
};

// 90s, 30m, 2h, 7d, 1w, 5y
const AGO = /^(\d{1,9})([smhdwy])$/;
// 2026-03-02, 2026-03-02T09:14, 2026-03-02T09:14:05, 2026-03-02T09:14:05.123Z, 2026-03-02T09:14:05+01:00
const ISO = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:?\d\d)?)?$/;
// 1772442845
const EPOCH_SECONDS = /^\d{9,11}$/;

/** A moment as it was given: a time ago is counted from when the command runs. */
export type TimeArgument = { readonly agoMs: number } | { readonly atMs: number };

/** `2h` (ago), an ISO 8601 time (UTC where it names no zone) or seconds since 1970. */
export function parseTimeArgument(text: string): TimeArgument {
  const ago = AGO.exec(text);
  if (ago !== null) return { agoMs: Number(ago[1]) * (UNIT_MS[ago[2] ?? 's'] ?? 0) };
  if (EPOCH_SECONDS.test(text)) return { atMs: Number(text) * 1_000 };
  if (ISO.test(text)) {
    const isZoned = /(Z|[+-]\d\d:?\d\d)$/.test(text.slice(10));
    const atMs = Date.parse(text.includes('T') && !isZoned ? `${text}Z` : text);
    if (!Number.isNaN(atMs)) return { atMs };
  }
  throw new InvalidArgumentError(
    'give a time ago (90s, 30m, 2h, 7d, 1w, 5y), an ISO time (2026-03-02T09:14:05Z; UTC without a zone) or seconds since 1970',
  );
}

/** Milliseconds since 1970 UTC, not before; a time ago may be longer than that. */
export function resolveTime(time: TimeArgument, nowMs: number): number {
  return 'atMs' in time ? time.atMs : Math.max(0, nowMs - time.agoMs);
}
