/** One piece of a pattern: text that stands for itself, any text, or any one character. */
export type GlobToken = string | { readonly wildcard: '*' | '?' };

/** What is between two stars: pieces of text at their offsets, and any characters in the gaps. */
interface Run {
  readonly length: number;
  readonly pieces: readonly { readonly offset: number; readonly text: string }[];
}

/** A pattern of text, `*` and `?`: its runs, with a star between each two. */
export interface Glob {
  readonly runs: readonly Run[];
}

export function compileGlob(tokens: readonly GlobToken[]): Glob {
  const runs: Run[] = [];
  let length = 0;
  let pieces: { offset: number; text: string }[] = [];
  for (const token of tokens) {
    if (typeof token === 'string') {
      if (token !== '') pieces.push({ offset: length, text: token });
      length += token.length;
    } else if (token.wildcard === '?') length += 1;
    else {
      runs.push({ length, pieces });
      length = 0;
      pieces = [];
    }
  }
  runs.push({ length, pieces });
  return { runs };
}

/**
 * Whether the whole text is as the glob says. The first run is tied to the start, the last to the end, and each of
 * the others is taken where it is found first, which is never worse than later: no step is ever taken back, so that
 * the time is bounded by the length of the text times that of the longest run, however many stars there are.
 */
export function matchesGlob({ runs }: Glob, text: string): boolean {
  const first = runs[0] as Run;
  if (runs.length === 1) return text.length === first.length && isRunAt(first, text, 0);
  const last = runs[runs.length - 1] as Run;
  const end = text.length - last.length;
  if (first.length > end) return false;
  if (!isRunAt(first, text, 0) || !isRunAt(last, text, end)) return false;
  let at = first.length;
  for (let index = 1; index < runs.length - 1; index++) {
    const run = runs[index] as Run;
    const found = findRun(run, text, { from: at, end });
    if (found < 0) return false;
    at = found + run.length;
  }
  return true;
}

function isRunAt({ pieces }: Run, text: string, at: number): boolean {
  for (const piece of pieces) if (!text.startsWith(piece.text, at + piece.offset)) return false;
  return true;
}

/** Where the run is found first within the bounds, or -1. */
function findRun(run: Run, text: string, bounds: { readonly from: number; readonly end: number }): number {
  const lastStart = bounds.end - run.length;
  const [piece] = run.pieces;
  if (piece === undefined) return bounds.from <= lastStart ? bounds.from : -1;
  let at = bounds.from;
  while (at <= lastStart) {
    const found = text.indexOf(piece.text, at + piece.offset);
    if (found < 0 || found - piece.offset > lastStart) return -1;
    at = found - piece.offset;
    if (isRunAt(run, text, at)) return at;
    at += 1;
  }
  return -1;
}
