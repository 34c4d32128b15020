/** What a spreadsheet takes for a formula when a cell begins with it, the full-width forms included. */
const FORMULA = /^[=+\-@\t\r\n\uff1d\uff0b\uff0d\uff20]/;

/**
 * One record of RFC 4180 with CRLF. A cell that a spreadsheet would run as a formula is prefixed with an apostrophe, which
 * it shows as text; so such a cell differs from the event by that one character.
 */
export function csvLine(cells: readonly string[]): string {
  return `${cells.map(csvCell).join(',')}\r\n`;
}

function csvCell(text: string): string {
  const harmless = FORMULA.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
