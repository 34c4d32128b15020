/** One piece of a pattern: text that stands for itself, any text, or any one character. */
export type GlobToken = string | { readonly wildcard: '*' | '?' };

/** The text between two stars; `holes` are the offsets in it at which any character will do. */
interface Run {
  readonly text: string;
  readonly holes: readonly number[];
}

/** A pattern of text, `*` and `?`: its runs, with a star between each two. */
export interface Glob {
  readonly runs: readonly Run[];
}

export function compileGlob(tokens: readonly GlobToken[]): Glob {
  const runs: Run[] = [];
  let text = '';
  let holes: number[] = [];
  for (const token of tokens) {
    if (typeof token === 'string') text += token;
    else if (token.wildcard === '?') {
      holes.push(text.length);
      text += '?';
    } else {
      runs.push({ text, holes });
      text = '';
      holes = [];
    }
  }
  runs.push({ text, holes });
  return { runs };
}

/**
 * Whether the whole text is as the glob says. The first run is tied to the start, the last to the end, and each of
 * the others is taken where it is found first, which is never worse than later: no step is ever taken back, so that
 * the time is bounded by the length of the text times that of the longest run, however many stars there are.
 */
export function matchesGlob({ runs }: Glob, text: string): boolean {
  const first = runs[0] as Run;
  if (runs.length === 1) return text.length === first.text.length && isRunAt(first, text, 0);
  const last = runs[runs.length - 1] as Run;
  const end = text.length - last.text.length;
  if (first.text.length > end) return false;
  if (!isRunAt(first, text, 0) || !isRunAt(last, text, end)) return false;
  let at = first.text.length;
  for (let index = 1; index < runs.length - 1; index++) {
    const run = runs[index] as Run;
    const found = findRun(run, text, { from: at, end });
    if (found < 0) return false;
    at = found + run.text.length;
  }
  return true;
}

function isRunAt({ text: expected, holes }: Run, text: string, at: number): boolean {
  if (holes.length === 0) return text.startsWith(expected, at);
  let from = 0;
  for (const hole of holes) {
    if (!text.startsWith(expected.slice(from, hole), at + from)) return false;
    from = hole + 1;
  }
  return text.startsWith(expected.slice(from), at + from);
}

/** Where the run is found first within the bounds, or -1. */
function findRun(run: Run, text: string, bounds: { readonly from: number; readonly end: number }): number {
  const lastStart = bounds.end - run.text.length;
  if (run.holes.length === 0) {
    const found = text.indexOf(run.text, bounds.from);
    return found <= lastStart ? found : -1;
  }
  for (let at = bounds.from; at <= lastStart; at++) {
    if (isRunAt(run, text, at)) return at;
  }
  return -1;
}
