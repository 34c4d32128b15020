/**
 * `npm run bench -- <name> [--json] [--quick] …`: runs one benchmark, prints its table, and with `--json` one JSON object
 * as the last line, which has at least `ratio` or `p99Ms`. Benchmarks run alone on the machine.
 */
import { existsSync, readdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { BenchResult } from './result.ts';

interface BenchModule {
  run(options: { readonly isQuick: boolean; readonly arguments: readonly string[] }): Promise<BenchResult>;
}

const FOLDER = new URL('.', import.meta.url);
const SUPPORT = new Set(['main', 'dataset', 'templates', 'result', 'storage', 'fill']);

function names(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => /^[a-z]+\.ts$/.test(file))
    .map((file) => file.slice(0, -3))
    .filter((name) => !SUPPORT.has(name));
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    strict: false,
    options: { json: { type: 'boolean' }, quick: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  const [name, ...rest] = positionals;
  const file = new URL(`./${name}.ts`, FOLDER);
  if (name === undefined || values.help === true || !names().includes(name) || !existsSync(file)) {
    process.stderr.write(`usage: npm run bench -- <${names().join('|')}> [--quick] [--json]\n`);
    process.exitCode = values.help === true ? 0 : 2;
    return;
  }
  const bench = (await import(file.href)) as BenchModule;
  const result = await bench.run({ isQuick: values.quick === true, arguments: rest });
  process.stdout.write(`${result.text}\n`);
  if (values.json === true) process.stdout.write(`${JSON.stringify({ bench: name, ...result.figures })}\n`);
}

await main();
