/** The environment of the process, read once by whoever starts a server and passed on as plain values. */
export function readEnvironment(): Readonly<Record<string, string | undefined>> {
  return { ...process.env };
}
