import { createGunzip, gunzipSync } from 'node:zlib';

/** Decompressed in one go up to this size; what grows larger is streamed. */
const WHOLE_BYTES_MAX = 32 << 20;
/** Plain bytes that are scanned at once. */
const PIECE_BYTES = 1 << 18;

/**
 * The plain text of a log file, of which the stored bytes are given, in pieces of at most 256 KB, valid until the next one. Of a damaged gzip file
 * what comes before the damage, then the error of zlib.
 */
export async function* plainPieces(stored: Uint8Array): AsyncGenerator<Uint8Array> {
  const plain = plainWhole(stored);
  if (plain !== undefined) {
    for (let from = 0; from < plain.length; from += PIECE_BYTES)
      yield plain.subarray(from, from + PIECE_BYTES);
    if (plain !== stored) free(plain);
    return;
  }
  const gunzip = createGunzip({ chunkSize: PIECE_BYTES });
  try {
    gunzip.end(stored);
    yield* gunzip as AsyncIterable<Buffer>;
  } finally {
    gunzip.destroy();
  }
}

/**
 * Gives large memory back at once: files follow each other faster than the collector looks at what it cannot see the size
 * of. Small buffers may share theirs with others.
 */
function free({ buffer }: Uint8Array) {
  if (buffer instanceof ArrayBuffer && buffer.byteLength >= PIECE_BYTES) buffer.transfer(0);
}

/** Undefined for what has to be streamed: because it is too large, or damaged and good in its first part. */
function plainWhole(stored: Uint8Array): Uint8Array | undefined {
  // By its first bytes, because names tell nothing certain.
  const isGzip = stored[0] === 0x1f && stored[1] === 0x8b;
  if (!isGzip) return stored;
  try {
    return gunzipSync(stored, { maxOutputLength: WHOLE_BYTES_MAX, chunkSize: plainBytesGuess(stored) });
  } catch {
    // The stream reports the same damage, after giving what comes before it.
    return undefined;
  }
}

/** A gzip file ends with its plain size, modulo 4 GB; only a guess, since files can be damaged, or several in one. */
function plainBytesGuess(stored: Uint8Array): number {
  const size = new DataView(stored.buffer, stored.byteOffset, stored.length);
  const declared = stored.length < 18 ? 0 : size.getUint32(stored.length - 4, true);
  // One byte more than needed, so that the end is seen without another round.
  return Math.min(Math.max(declared + 1, 1 << 12), 8 << 20);
}
