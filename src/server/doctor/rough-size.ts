/** For reading: `17.3 MB`, `25 GB`. */
export function roughSize(sizeBytes: number): string {
  for (const [unit, size] of [
    ['GB', 1e9],
    ['MB', 1e6],
    ['kB', 1e3],
  ] as const) {
    if (sizeBytes >= size) return `${(sizeBytes / size).toFixed(sizeBytes >= 10 * size ? 0 : 1)} ${unit}`;
  }
  return `${sizeBytes} bytes`;
}
