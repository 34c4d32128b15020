import { parse } from 'acorn';
import { full } from 'acorn-walk';
import { type Finding, type SourceFile, withoutTypes } from './source-tree.ts';

/** Longer functions hide their control flow. */
const FUNCTION_LINES_MAX = 70;
/** Longer files hold more than one concept. */
const FILE_LINES_MAX = 400;
/** Larger files belong into a fixture or are generated. */
const FILE_BYTES_MAX = 256 * 1024;

const EXEMPT = /\.generated\.|package-lock\.json$|^test\/.*\/(fixtures|records)\//;

export function checkSizes(files: readonly SourceFile[]): Finding[] {
  return files
    .filter((file) => !EXEMPT.test(file.path))
    .flatMap((file) => [...checkFileSize(file), ...checkFunctions(file)]);
}

function checkFileSize({ path, text }: SourceFile): Finding[] {
  const findings: Finding[] = [];
  const lines = text.split('\n').length - 1;
  if (path.endsWith('.ts') && lines > FILE_LINES_MAX) {
    findings.push({
      path,
      line: 1,
      rule: 'size',
      remedy: `${lines} lines: split it (at most ${FILE_LINES_MAX})`,
    });
  }
  if (text.length > FILE_BYTES_MAX) {
    findings.push({
      path,
      line: 1,
      rule: 'size',
      remedy: `${text.length} bytes: make it a fixture or generate it`,
    });
  }
  return findings;
}

function checkFunctions(file: SourceFile): Finding[] {
  if (!/^(src|tools)\/.*\.ts$/.test(file.path) || file.path.endsWith('.d.ts')) return [];
  if (file.path.endsWith('.test.ts') || file.path.endsWith('.contract.ts')) return [];
  const findings: Finding[] = [];
  const tree = parse(withoutTypes(file), { ecmaVersion: 'latest', sourceType: 'module', locations: true });
  full(tree, (node) => {
    if (!/Function/.test(node.type) || !node.loc) return;
    const lines = node.loc.end.line - node.loc.start.line + 1;
    if (lines <= FUNCTION_LINES_MAX) return;
    const remedy = `function of ${lines} lines: split it (at most ${FUNCTION_LINES_MAX})`;
    findings.push({ path: file.path, line: node.loc.start.line, rule: 'size', remedy });
  });
  return findings;
}
