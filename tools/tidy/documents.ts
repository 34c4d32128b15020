import { dirname, posix } from 'node:path';
import { type Finding, lineAt, type SourceFile } from './source-tree.ts';

/** What the repository promises to have. */
const REQUIRED = [
  'README.md',
  'LICENSE',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  'docs/ARCHITECTURE.md',
  'docs/compatibility.md',
  'docs/configuration.md',
  'docs/dependencies.md',
  'docs/benchmarks.md',
];

export function checkDocuments(files: readonly SourceFile[]): Finding[] {
  const paths = new Set(files.map((file) => file.path));
  const folders = new Set([...paths].flatMap((path) => parents(path)));
  const missing = REQUIRED.filter((path) => !paths.has(path)).map((path) => ({
    path,
    line: 1,
    rule: 'document',
    remedy: 'is missing: write it',
  }));
  const markdown = files.filter(
    (file) => file.path.endsWith('.md') && !file.path.startsWith('node_modules/'),
  );
  return [
    ...missing,
    ...markdown.flatMap(checkTitle),
    ...markdown.flatMap((file) => checkLinks(file, paths, folders)),
    ...checkDependencies(files),
    ...checkInvariants(files),
  ];
}

function parents(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function checkTitle({ path, text }: SourceFile): Finding[] {
  const prose = text.replaceAll(/```[\s\S]*?```/g, '');
  const titles = prose.split('\n').filter((line) => line.startsWith('# ')).length;
  return titles === 1
    ? []
    : [{ path, line: 1, rule: 'title', remedy: `has ${titles} titles: give it exactly one` }];
}

// [text](target#anchor), not images of the web
const LINK = /\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)/g;

function checkLinks({ path, text }: SourceFile, paths: Set<string>, folders: Set<string>): Finding[] {
  const findings: Finding[] = [];
  const prose = text.replaceAll(/```[\s\S]*?```/g, (block) => block.replaceAll(/[^\n]/g, ' '));
  for (const match of prose.matchAll(LINK)) {
    const target = posix.normalize(posix.join(dirname(path), match[1] ?? '')).replace(/\/$/, '');
    if (paths.has(target) || folders.has(target)) continue;
    findings.push({
      path,
      line: lineAt(prose, match.index),
      rule: 'link',
      remedy: `${match[1]} does not exist`,
    });
  }
  return findings;
}

function checkDependencies(files: readonly SourceFile[]): Finding[] {
  const manifest = files.find((file) => file.path === 'package.json');
  const document = files.find((file) => file.path === 'docs/dependencies.md');
  if (manifest === undefined || document === undefined) return [];
  const parsed = JSON.parse(manifest.text) as Record<
    'dependencies' | 'devDependencies',
    Record<string, string>
  >;
  const all = { ...parsed.dependencies, ...parsed.devDependencies };
  const findings: Finding[] = [];
  for (const [name, version] of Object.entries(all)) {
    if (!/^\d/.test(version)) {
      findings.push({
        path: 'package.json',
        line: 1,
        rule: 'pin',
        remedy: `pin ${name} to an exact version`,
      });
    }
    if (!document.text.includes(`\`${name}\``)) {
      findings.push({
        path: document.path,
        line: 1,
        rule: 'dependency',
        remedy: `list \`${name}\` with its purpose`,
      });
    }
  }
  for (const match of document.text.matchAll(/^\| `([^`]+)`/gm)) {
    if (all[match[1] ?? ''] !== undefined) continue;
    const remedy = `${match[1]} is not a dependency any more`;
    findings.push({
      path: document.path,
      line: lineAt(document.text, match.index),
      rule: 'dependency',
      remedy,
    });
  }
  return findings;
}

/** `docs/invariants.md` ends each invariant with its test: (`src/journal/x.test.ts`: "name of the test"). */
function checkInvariants(files: readonly SourceFile[]): Finding[] {
  const document = files.find((file) => file.path === 'docs/invariants.md');
  if (document === undefined) return [];
  const findings: Finding[] = [];
  for (const match of document.text.matchAll(/`((?:src|test|tools)\/[\w./-]+\.ts)`/g)) {
    if (files.some((file) => file.path === match[1])) continue;
    const remedy = `${match[1]} does not exist`;
    findings.push({
      path: document.path,
      line: lineAt(document.text, match.index),
      rule: 'invariant',
      remedy,
    });
  }
  return findings;
}
