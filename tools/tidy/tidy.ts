import { checkBannedNames, checkBannedPatterns } from './banned.ts';
import { checkDocuments } from './documents.ts';
import { checkLayers } from './layers.ts';
import { checkReachability } from './reachability.ts';
import { checkSizes } from './sizes.ts';
import type { Finding, SourceFile } from './source-tree.ts';

/** All rules over a tree; an empty answer is a tidy tree. */
export function tidy(files: readonly SourceFile[]): Finding[] {
  return [
    ...checkLayers(files),
    ...checkBannedNames(files),
    ...checkBannedPatterns(files),
    ...checkSizes(files),
    ...checkReachability(files),
    ...checkDocuments(files),
  ];
}

export function printFinding({ path, line, rule, remedy }: Finding): string {
  return `${path}:${line}: ${rule}: ${remedy}`;
}
