const LF = 10;

/** A line of an import's body without its LF; `isCut` when it was longer than allowed and only its start was kept. */
export interface ImportLine {
  readonly bytes: Buffer;
  readonly isCut: boolean;
}

/**
 * Cuts a body into its lines, as many at a time as each chunk completes. No line is held beyond `lineBytesMax`: of a longer
 * one the start is given. A last line without LF counts.
 */
export async function* readImportLines(
  body: AsyncIterable<Uint8Array>,
  lineBytesMax: number,
): AsyncGenerator<ImportLine[]> {
  let kept: Buffer[] = [];
  let keptBytes = 0;
  let isCut = false;
  const keep = (part: Buffer) => {
    const room = lineBytesMax - keptBytes;
    if (part.length > room) isCut = true;
    if (room <= 0 || part.length === 0) return;
    kept.push(part.length > room ? part.subarray(0, room) : part);
    keptBytes += Math.min(part.length, room);
  };
  const finish = (): ImportLine => {
    const bytes = kept.length === 1 ? (kept[0] as Buffer) : Buffer.concat(kept);
    const line = { bytes, isCut };
    kept = [];
    keptBytes = 0;
    isCut = false;
    return line;
  };
  for await (const part of body) {
    const chunk = Buffer.isBuffer(part) ? part : Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    const lines: ImportLine[] = [];
    let from = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, from)) {
      keep(chunk.subarray(from, end));
      lines.push(finish());
      from = end + 1;
    }
    keep(chunk.subarray(from));
    if (lines.length > 0) yield lines;
  }
  if (keptBytes > 0) yield [finish()];
}
