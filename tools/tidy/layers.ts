import { type Finding, importsOf, type SourceFile } from './source-tree.ts';

const FOUNDATION = ['model', 'base'];
const FOLLOWER = ['journal', 'store', 'sql', ...FOUNDATION];
const FOLLOWERS = [
  'record',
  'history',
  'drain',
  'deliver',
  'forward',
  'lake',
  'insight',
  'verify',
  'identity',
];
const BACKENDS = ['clickhouse', 'sqlite', 'postgres', 'directory', 's3', 'memory'];

/** The import table of `docs/ARCHITECTURE.md`: each module may import itself and these. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: ['base'],
  sql: FOUNDATION,
  journal: FOUNDATION,
  store: FOUNDATION,
  ...Object.fromEntries(BACKENDS.map((backend) => [`store/${backend}`, ['store', ...FOUNDATION]])),
  ...Object.fromEntries(FOLLOWERS.map((follower) => [follower, FOLLOWER])),
  aws: [...FOLLOWERS, 'store', 'sql', ...FOUNDATION],
  server: [
    'aws',
    ...FOLLOWERS,
    'journal',
    'store',
    'sql',
    ...BACKENDS.map((b) => `store/${b}`),
    ...FOUNDATION,
  ],
  cli: ['server', 'verify', ...FOUNDATION],
};

/** The only files of the command line that may import the server: they run it, or are about its files. */
const SERVER_COMMANDS = /^src\/cli\/(serve|doctor|root-key|master-key|offline-keys|main)[\w-]*\.ts$/;

const PURE_MODULES = ['base', 'model', 'sql'];

/** `src/store/clickhouse/x.ts` → `store/clickhouse`; `src/store/catalog.ts` → `store`. */
function moduleOf(path: string): string | undefined {
  const parts = path.split('/');
  if (parts[0] !== 'src' || parts.length < 3) return undefined;
  if (parts[1] === 'store' && parts.length > 3) return `store/${parts[2]}`;
  return parts[1];
}

export function checkLayers(files: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = [];
  const paths = new Set(files.map((file) => file.path));
  for (const file of files) {
    if (!file.path.endsWith('.ts') || file.path.endsWith('.d.ts')) continue;
    const from = moduleOf(file.path);
    const isTest = file.path.endsWith('.test.ts') || file.path.endsWith('.contract.ts');
    for (const { specifier, target, line } of importsOf(file)) {
      const report = (rule: string, remedy: string) => findings.push({ path: file.path, line, rule, remedy });
      if (target === undefined) {
        if (from !== undefined && PURE_MODULES.includes(from) && !isTest) {
          report(
            'pure',
            `${from} is pure: it may not import ${specifier}; pass what is needed as an argument`,
          );
        }
        continue;
      }
      if (!paths.has(target)) report('import', `${specifier} is not a file that git tracks`);
      const to = moduleOf(target);
      if (from === undefined) continue;
      if (to === undefined) report('layers', `src may not import ${target}; move it below src`);
      else if (!isTest) checkDirection(file.path, from, to, report);
    }
  }
  return findings;
}

function checkDirection(
  path: string,
  from: string,
  to: string,
  report: (rule: string, remedy: string) => void,
) {
  if (from === to) return;
  const allowed = MAY_IMPORT[from];
  if (allowed === undefined) {
    report(
      'layers',
      `module ${from} is not in the import table; add it to tools/tidy/layers.ts and the docs`,
    );
  } else if (!allowed.includes(to)) {
    report('layers', `${from} may not import ${to}; it may import ${allowed.join(', ') || 'nothing'}`);
  } else if (from === 'cli' && to === 'server' && !SERVER_COMMANDS.test(path)) {
    report(
      'layers',
      'only serve, doctor, root-key, master-key and main may import the server; other commands are its clients',
    );
  }
}
