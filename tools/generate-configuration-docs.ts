import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { environmentName } from '../src/server/config.ts';
import { CONFIG_FILE_OPTION, CONFIG_OPTIONS } from '../src/server/config-options.ts';

const OUTPUT = new URL('../docs/configuration.md', import.meta.url);

const INTRODUCTION = `# Configuration

Every option of \`./opentrail serve\` (\`npm start -- …\`) is a flag, an environment variable and a key of the file that
\`--config\` names. Flags beat the environment, which beats the file, which beats the defaults. Unknown flags, variables and
keys are errors, with the nearest right name.

- **Repeatable** options are given several times as flags (\`--upstream s3=http://… --upstream http://…\`), as a comma list
  in the environment, and as an array in the file; the first source that has one is taken whole.
- **Durations** have a unit: \`500ms\`, \`30s\`, \`5m\`, \`12h\`, \`90d\`. **Sizes** too: \`1GB\` is 10⁹ bytes, \`1GiB\` is 2³⁰.
- **Paths** count from the folder in which the command is called (with \`npm start\`, from the project's folder), those of the
  file from the file's folder.

\`\`\`json
{ "port": 4610, "upstream": ["http://127.0.0.1:5000", "s3=http://127.0.0.1:9000"], "record": ["dynamodb=blocking"] }
\`\`\`

The root credentials of the account are never flags, because a command line can be read by everyone on the machine:
\`OPENTRAIL_ROOT_ACCESS_KEY_ID\` and \`OPENTRAIL_ROOT_SECRET_ACCESS_KEY\`. Where they are not given they are made at the first
start, kept in \`root-credentials.json\` in the data folder, readable by its owner only, and printed once.

This page is written by \`tools/generate-configuration-docs.ts\`.
`;

/** The text of `docs/configuration.md`. */
export function renderConfigurationDocs(): string {
  const options = [CONFIG_FILE_OPTION, ...Object.values(CONFIG_OPTIONS)];
  const groups = [...new Set(options.map((option) => option.group))];
  const sections = groups.map((group) => {
    const rows = options
      .filter((option) => option.group === group)
      .map((option) => {
        const initial = option.default === undefined ? 'none' : `\`${option.default}\``;
        const repeatable = option.isRepeatable ? ' Repeatable.' : '';
        const names = `\`--${option.flag}\`<br>\`${environmentName(option.flag)}\``;
        return `| ${names} | ${initial} | ${cell(option.bounds)} | ${cell(option.doc)}${repeatable} |`;
      });
    return [
      `## ${group}`,
      '',
      '| Option | Default | Allowed | What it does |',
      '|---|---|---|---|',
      ...rows,
      '',
    ].join('\n');
  });
  return `${INTRODUCTION}\n${sections.join('\n')}`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(OUTPUT, renderConfigurationDocs());
