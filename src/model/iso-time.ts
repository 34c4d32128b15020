/** The widest moment that a `Date` can hold, milliseconds before or after 1970 (ECMA-262, time values). */
const TIME_MS_MAX = 8.64e15;

/** Seconds since 1970 as people read them, `2026-11-21T07:30:00Z`; a number that is no moment stays one. */
export function isoTime(seconds: number): string {
  const ms = seconds * 1_000;
  if (!(Math.abs(ms) <= TIME_MS_MAX)) return String(seconds);
  return new Date(ms).toISOString().replace('.000Z', 'Z');
}
