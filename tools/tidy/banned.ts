import { type Finding, lineAt, type SourceFile, withoutCommentsAndStrings } from './source-tree.ts';

interface BannedPattern {
  readonly rule: string;
  readonly pattern: RegExp;
  readonly remedy: string;
  /** Files in which it is allowed. */
  readonly except?: RegExp;
  /** Only files that match; all of src, tools and test otherwise. */
  readonly only?: RegExp;
  /** Look into comments and strings too. */
  readonly isText?: boolean;
}

const PRODUCT = /^src\/(?!.*\.(test|contract)\.ts$)/;
/** The command line is a process of its own, so it has a clock of its own. */
const SYSTEM = /^src\/server\/system\/|^src\/cli\/client\/system-clock\.ts$/;
/** Child processes and the command line read the environment that they are given. */
const ENVIRONMENT =
  /^src\/server\/(config|environment)[\w-]*(\/[\w-]+)?\.ts$|^src\/cli\/(client\/)?(environment|config)[\w-]*\.ts$/;

const BANNED: readonly BannedPattern[] = [
  {
    rule: 'environment',
    pattern: /\bprocess\.env\b/g,
    remedy: 'read the environment in src/server/config.ts (or src/cli/environment.ts) and pass plain values',
    only: PRODUCT,
    except: ENVIRONMENT,
  },
  {
    rule: 'clock',
    pattern: /\bDate\.now\(|\bnew Date\(\s*\)|\bperformance\.now\(/g,
    remedy: 'take a Clock (src/base/clock.ts)',
    only: PRODUCT,
    except: SYSTEM,
  },
  {
    rule: 'clock',
    pattern: /(?<![.\w])(setTimeout|setInterval)\(/g,
    remedy: 'take a Clock (src/base/clock.ts) and use after() or sleep()',
    only: PRODUCT,
    except: SYSTEM,
  },
  {
    rule: 'random',
    pattern: /\bMath\.random\(|\brandomUUID\(|\brandomBytes\(/g,
    remedy: 'take a Random (src/base/random.ts)',
    only: PRODUCT,
    except: SYSTEM,
  },
  {
    rule: 'type',
    pattern: /(\bas any\b|:\s*any\b(?!\w)|<any>|\bany\[\])/g,
    remedy: 'use unknown and narrow it',
  },
  { rule: 'export', pattern: /^export \*/gm, remedy: 'export by name' },
  { rule: 'export', pattern: /^export default\b/gm, remedy: 'export by name' },
  { rule: 'enum', pattern: /^(export )?(const )?enum\b/gm, remedy: 'use a union of string literals' },
  { rule: 'suppress', pattern: /@ts-(ignore|nocheck|expect-error)/g, remedy: 'mend the type', isText: true },
  {
    rule: 'leftover',
    pattern: /\b(FIXME|XXX|HACK|TODO)\b/g,
    remedy: 'do it, or open an issue',
    isText: true,
  },
  {
    rule: 'console',
    pattern: /\bconsole\.\w+\(/g,
    remedy: 'take a Log, or write to the given stream',
    only: PRODUCT,
  },
  {
    rule: 'skipped',
    pattern: /\b(it|test|describe)\.(only|skip)\(/g,
    remedy: 'run it, or skip inside with the reason',
  },
];

const BANNED_NAMES = /(^|\/)(utils?|helpers?|common|misc|manager|types|shared|stuff)(\.[\w.]+)?(\/|$)/;

export function checkBannedNames(files: readonly SourceFile[]): Finding[] {
  return files
    .filter((file) => /^(src|test|tools)\//.test(file.path))
    .flatMap(({ path }) => {
      const findings: Finding[] = [];
      if (BANNED_NAMES.test(path)) {
        findings.push({ path, line: 1, rule: 'name', remedy: 'name the file for its one concept' });
      }
      if (/[A-Z_ ]/.test(path.split('/').at(-1)?.replace('README.md', '') ?? '')) {
        findings.push({ path, line: 1, rule: 'name', remedy: 'spell file names in kebab-case' });
      }
      return findings;
    });
}

export function checkBannedPatterns(files: readonly SourceFile[]): Finding[] {
  const findings: Finding[] = [];
  for (const file of files) {
    if (!/^(src|test|tools)\/.*\.ts$/.test(file.path) || /\.generated\./.test(file.path)) continue;
    if (file.path.startsWith('tools/tidy')) continue;
    const code = withoutCommentsAndStrings(file.text);
    for (const { rule, pattern, remedy, except, only, isText } of BANNED) {
      if (only !== undefined && !only.test(file.path)) continue;
      if (except?.test(file.path)) continue;
      const text = isText ? file.text : code;
      for (const match of text.matchAll(pattern)) {
        findings.push({
          path: file.path,
          line: lineAt(text, match.index),
          rule,
          remedy: `${match[0].trim()}: ${remedy}`,
        });
      }
    }
  }
  return findings;
}
