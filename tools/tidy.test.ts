import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SourceFile } from './tidy/source-tree.ts';
import { readTree } from './tidy/source-tree.ts';
import { printFinding, tidy } from './tidy/tidy.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** One planted violation per rule, each of which must be found and named. */
const PLANTED: readonly { rule: string; file: SourceFile; says: RegExp }[] = [
  plant(
    'layers',
    'src/model/bad.ts',
    "import { x } from '../journal/journal.ts';\n",
    /model may not import journal/,
  ),
  plant(
    'layers',
    'src/record/bad.ts',
    "import { x } from '../history/y.ts';\n",
    /record may not import history/,
  ),
  plant(
    'layers',
    'src/record/bad.ts',
    "import { x } from '../store/sqlite/y.ts';\n",
    /record may not import store\/sqlite/,
  ),
  plant(
    'layers',
    'src/aws/bad.ts',
    "import type { X } from '../journal/journal.ts';\n",
    /aws may not import journal/,
  ),
  plant(
    'layers',
    'src/cli/lookup-bad.ts',
    "import { x } from '../server/compose.ts';\n",
    /only serve, doctor/,
  ),
  plant('layers', 'src/base/bad.ts', "import { x } from '../../tools/tidy/tidy.ts';\n", /move it below src/),
  plant('layers', 'src/novel/bad.ts', "import { x } from '../base/assert.ts';\n", /not in the import table/),
  plant('import', 'src/base/bad.ts', "import { x } from './gone.ts';\n", /not a file/),
  plant('pure', 'src/model/bad.ts', "import { join } from 'node:path';\n", /model is pure/),
  plant('environment', 'src/record/bad.ts', 'export const a = process.env;\n', /process\.env/),
  plant('clock', 'src/record/bad.ts', 'export const a = Date.now();\n', /Clock/),
  plant('clock', 'src/record/bad.ts', 'export const a = new Date();\n', /Clock/),
  plant('clock', 'src/record/bad.ts', 'setTimeout(() => {}, 1);\n', /Clock/),
  plant('random', 'src/record/bad.ts', 'export const a = Math.random();\n', /Random/),
  plant('type', 'src/record/bad.ts', 'export const a = 1 as any;\n', /unknown/),
  plant('export', 'src/record/bad.ts', "export * from './recorder.ts';\n", /by name/),
  plant('export', 'src/record/bad.ts', 'export default 1;\n', /by name/),
  plant('suppress', 'src/record/bad.ts', '// @ts-ignore\n', /mend/),
  plant('leftover', 'src/record/bad.ts', '// TODO later\n', /issue/),
  plant('console', 'src/record/bad.ts', 'console.log(1);\n', /Log/),
  plant('skipped', 'src/record/bad.test.ts', "it.skip('x', () => {});\n", /reason/),
  plant('name', 'src/record/utils.ts', '', /one concept/),
  plant('name', 'src/record/BadName.ts', '', /kebab-case/),
  plant('size', 'src/record/bad.ts', '\n'.repeat(401), /401 lines/),
  plant(
    'size',
    'src/record/bad.ts',
    `export function f() {\n${'  f();\n'.repeat(70)}}\n`,
    /function of 72 lines/,
  ),
  plant('size', 'docs/bad.md', `# T\n${'x'.repeat(262_200)}\n`, /fixture/),
  plant('dead', 'src/record/bad.ts', 'export const neverUsed = 1;\n', /nothing imports/),
  plant('title', 'docs/bad.md', '# One\n\n# Two\n', /2 titles/),
  plant('link', 'docs/bad.md', '# One\n\n[x](./gone.md)\n', /gone\.md does not exist/),
  plant('invariant', 'docs/invariants.md', '# Invariants\n\n`src/gone.test.ts`\n', /gone\.test\.ts/),
];

function plant(rule: string, path: string, text: string, says: RegExp) {
  return { rule, file: { path, text }, says };
}

describe('tidy', () => {
  it('finds nothing to complain of in this repository', () => {
    const findings = tidy(readTree(ROOT)).map(printFinding);
    assert.deepEqual(findings, []);
  });

  for (const { rule, file, says } of PLANTED) {
    it(`finds a planted violation of ${rule}: ${says.source}`, () => {
      const tree = [...readTree(ROOT).filter(({ path }) => path !== file.path), file];
      const found = tidy(tree).filter((finding) => finding.path === file.path && finding.rule === rule);
      assert.ok(
        found.some((finding) => says.test(finding.remedy)),
        `expected ${rule} to say ${says}, got ${found.map(printFinding).join('; ') || 'nothing'}`,
      );
    });
  }

  it('finds an export that no other file uses', () => {
    const tree = [
      { path: 'src/base/a.ts', text: 'export const used = 1;\nexport const unused = 2;\n' },
      { path: 'src/base/a.test.ts', text: "import { used } from './a.ts';\n" },
    ];
    const found = tidy(tree).filter(({ rule }) => rule === 'unused');
    assert.deepEqual(
      found.map(({ line }) => line),
      [2],
    );
  });

  it('finds a dependency that is neither pinned nor listed, and one that is listed and gone', () => {
    const manifest = { dependencies: { left: '^1.0.0' }, devDependencies: {} };
    const found = tidy([
      { path: 'package.json', text: JSON.stringify(manifest) },
      { path: 'docs/dependencies.md', text: '# D\n\n| `gone` | purpose |\n' },
    ]);
    const rules = found
      .filter(({ rule }) => rule === 'pin' || rule === 'dependency')
      .map(({ remedy }) => remedy);
    assert.equal(rules.length, 3, rules.join('; '));
  });
});
