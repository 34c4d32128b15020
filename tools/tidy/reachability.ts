import { type Finding, importsOf, lineAt, type SourceFile } from './source-tree.ts';

/** Files that something other than an import starts: commands, child processes, tests, benchmarks by their name. */
const ENTRY = /\.test\.ts$|^src\/cli\/main\.ts$|^test\/bench\/[a-z]+\.ts$|^tools\/[\w-]+\.ts$|\.d\.ts$/;

const EXPORTED = /^export (?:abstract )?(?:async )?(?:const|let|function\*?|class|interface|type) ([\w$]+)/gm;

/** Files that nothing imports, and exports that no other file names. */
export function checkReachability(files: readonly SourceFile[]): Finding[] {
  const sources = files.filter((file) => /^(src|test|tools)\/.*\.ts$/.test(file.path));
  const used = new Map<string, Set<string>>();
  for (const file of sources) {
    for (const { target, names } of importsOf(file)) {
      if (target === undefined) continue;
      const known = used.get(target) ?? new Set();
      for (const name of names) known.add(name);
      used.set(target, known);
    }
  }
  const spawned = sources
    .filter((file) => !file.path.startsWith('tools/tidy'))
    .map((file) => file.text)
    .join('\n');
  return sources.flatMap((file) => {
    if (ENTRY.test(file.path) || file.path.includes('.generated.')) return [];
    const names = used.get(file.path);
    if (names === undefined) return isSpawned(file.path, spawned) ? [] : [dead(file.path)];
    if (names.has('*')) return [];
    return unusedExports(file, names);
  });
}

/** A child process is started by its file name: `new URL('./engine-main.ts', import.meta.url)`. */
function isSpawned(path: string, text: string): boolean {
  const name = path.split('/').at(-1) ?? path;
  return text.includes(`./${name}'`) || text.includes(`/${name}'`) || text.includes(`'${name}'`);
}

function dead(path: string): Finding {
  return { path, line: 1, rule: 'dead', remedy: 'nothing imports this file: use it or delete it' };
}

function unusedExports(file: SourceFile, names: ReadonlySet<string>): Finding[] {
  const findings: Finding[] = [];
  for (const match of file.text.matchAll(EXPORTED)) {
    const name = match[1] ?? '';
    if (names.has(name)) continue;
    // A type that another export of the same file mentions is part of that export's signature.
    const isType = /^export (interface|type) /.test(match[0]);
    if (isType && file.text.split(new RegExp(`\\b${name.replaceAll('$', '\\$')}\\b`)).length > 2) continue;
    const remedy = `${name} is exported and used by no other file: use it, unexport it or delete it`;
    findings.push({ path: file.path, line: lineAt(file.text, match.index), rule: 'unused', remedy });
  }
  return findings;
}
