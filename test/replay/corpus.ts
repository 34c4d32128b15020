import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';

/** Real log files, beside the project; tests that need them skip where they are missing. */
const FOLDER = fileURLToPath(new URL('../../../shared/corpora', import.meta.url));

export function hasCorpus(): boolean {
  return existsSync(FOLDER);
}

export function readCorpus(): CloudTrailEvent[] {
  const names = readdirSync(FOLDER, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.json'),
  );
  return names.sort().flatMap((name) => {
    const file = JSON.parse(readFileSync(`${FOLDER}/${name}`, 'utf8')) as { Records?: CloudTrailEvent[] };
    return file.Records ?? [];
  });
}
