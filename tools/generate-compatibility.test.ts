import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { compatibilityPath, generateCompatibility } from './generate-compatibility.ts';

test('docs/compatibility.md equals what the operation index generates', async () => {
  assert.equal(readFileSync(compatibilityPath, 'utf8'), await generateCompatibility());
});

test('docs/compatibility.md lists 60 operations of CloudTrail and one of CloudTrail Data', async () => {
  const rows = (await generateCompatibility()).match(/^\| \w+ \| (yes|no) \|/gm) ?? [];
  assert.equal(rows.length, 61);
});
