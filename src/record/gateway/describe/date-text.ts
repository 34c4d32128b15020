/** How a service writes dates inside parameters and answers. */
export type DateStyle = 'comma' | 'plain' | 'epochMs' | 'isoMs' | 'iso' | 'lambda' | 'epochSeconds';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A date as on the wire (epoch seconds, ISO text, HTTP date) in milliseconds; undefined where it is none. */
export function parseWireDate(value: unknown): number | undefined {
  if (typeof value === 'number')
    return Number.isFinite(value) ? inRange(Math.round(value * 1000)) : undefined;
  if (typeof value !== 'string' || value === '') return undefined;
  if (/^-?\d+(?:\.\d+)?$/.test(value)) return inRange(Math.round(Number(value) * 1000));
  const parsed = Date.parse(value);
  return Number.isNaN(parsed) ? undefined : parsed;
}

/** `plain`: `Jul 10, 2023 12:23:05 PM`; `comma`: `Jul 10, 2023, 12:23:05 PM`; always UTC. */
export function writeDate(milliseconds: number, style: DateStyle): string | number {
  const date = new Date(milliseconds);
  switch (style) {
    case 'epochMs':
      return milliseconds;
    case 'epochSeconds':
      return milliseconds / 1000;
    case 'isoMs':
      return date.toISOString();
    case 'iso':
      return date.toISOString().replace('.000Z', 'Z');
    case 'lambda':
      return date.toISOString().replace('Z', '+0000');
    default: {
      const hours = date.getUTCHours();
      const clock = `${hours % 12 === 0 ? 12 : hours % 12}:${twoDigits(date.getUTCMinutes())}`;
      const day = `${MONTHS[date.getUTCMonth()]} ${date.getUTCDate()}, ${date.getUTCFullYear()}`;
      const half = hours < 12 ? 'AM' : 'PM';
      return `${day}${style === 'comma' ? ',' : ''} ${clock}:${twoDigits(date.getUTCSeconds())} ${half}`;
    }
  }
}

/** `eventTime`: whole seconds, UTC. */
export function writeEventTime(milliseconds: number): string {
  const second = Math.floor(milliseconds / 1000);
  if (second !== lastTime.second) {
    lastTime = { second, text: `${new Date(milliseconds).toISOString().slice(0, 19)}Z` };
  }
  return lastTime.text;
}

/** Calls come many in a second, so the last answer is kept. */
let lastTime = { second: Number.NaN, text: '' };

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : String(value);
}

/** JavaScript dates reach 8.64e15 milliseconds either way. */
function inRange(milliseconds: number): number | undefined {
  return Math.abs(milliseconds) <= 8.64e15 ? milliseconds : undefined;
}
