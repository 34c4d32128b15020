/** The only source of randomness; the real one is `server/system/system-random.ts`. */
export interface Random {
  /** A version-4 UUID, lower case. */
  uuid(): string;
  /** Cryptographically strong bytes. */
  bytes(count: number): Uint8Array;
}
