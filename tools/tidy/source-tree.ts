import { execFileSync } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join, relative, resolve } from 'node:path';

/** A file of the repository, by its path from the root with forward slashes. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Something that is not as it has to be; printed as `path:line: rule: what to do instead`. */
export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly remedy: string;
}

export interface ImportStatement {
  readonly specifier: string;
  /** Path from the root for relative specifiers, else undefined. */
  readonly target: string | undefined;
  /** Imported names; `*` for a namespace or side-effect import. */
  readonly names: readonly string[];
  readonly line: number;
}

const TEXT_FILE = /\.(ts|tsx|md|json|sql|sh|mjs|js|css|html)$|^(opentrail|LICENSE|\.ci\/run)$/;

/** Every file that git tracks or would track, with its text; binary and vendored files left out. */
export function readTree(root: string): SourceFile[] {
  const listing = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '-z'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 << 20,
  });
  const paths = [...new Set(listing.split('\0'))].filter((path) => TEXT_FILE.test(path)).sort();
  return paths.flatMap((path) => {
    const absolute = join(root, path);
    if (!statSync(absolute, { throwIfNoEntry: false })?.isFile()) return [];
    return [{ path, text: readFileSync(absolute, 'utf8') }];
  });
}

// Matches the import and re-export statements of a file: named, namespace, type-only and side-effect ones.
const STATIC_IMPORT =
  /(?:^|\n)[ \t]*(?:import|export)\s+(type\s+)?((?:[\w$*\s{},]|\bas\b)+?\s+from\s+)?['"]([^'"\n]+)['"]/g;
const DYNAMIC_IMPORT = /\bimport\(\s*['"]([^'"\n]+)['"]\s*\)/g;

export function importsOf(file: SourceFile): ImportStatement[] {
  const found: ImportStatement[] = [];
  for (const match of file.text.matchAll(STATIC_IMPORT)) {
    found.push(statement(file, match[3] ?? '', namesOf(match[2]), match.index + 1));
  }
  for (const match of file.text.matchAll(DYNAMIC_IMPORT)) {
    found.push(statement(file, match[1] ?? '', ['*'], match.index));
  }
  return found;
}

function statement(file: SourceFile, specifier: string, names: string[], index: number): ImportStatement {
  const target = specifier.startsWith('.')
    ? relative('/', resolve('/', dirname(file.path), specifier)).replaceAll('\\', '/')
    : undefined;
  return { specifier, target, names, line: lineAt(file.text, index) };
}

function namesOf(clause: string | undefined): string[] {
  if (clause === undefined) return ['*'];
  if (clause.includes('*')) return ['*'];
  return clause
    .replace(/\s+from\s+$/, '')
    .replaceAll(/[{}]/g, ',')
    .split(',')
    .map(
      (part) =>
        part
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0] ?? '',
    )
    .filter((name) => name !== '');
}

export function lineAt(text: string, index: number): number {
  let line = 1;
  for (let at = text.indexOf('\n'); at !== -1 && at < index; at = text.indexOf('\n', at + 1)) line++;
  return line;
}

/** JavaScript with the types blanked out: the same lines and columns. */
export function withoutTypes(file: SourceFile): string {
  return stripTypeScriptTypes(file.text);
}

/** The same text with comments and the contents of strings and templates blanked, so that words in them do not count. */
export function withoutCommentsAndStrings(text: string): string {
  const pattern = /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g;
  return text.replaceAll(pattern, (match) => match.replaceAll(/[^\n]/g, ' '));
}
