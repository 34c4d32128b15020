import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { renderConfigurationDocs } from './generate-configuration-docs.ts';

it('docs/configuration.md lists every option as it is; node tools/generate-configuration-docs.ts writes it', () => {
  const text = readFileSync(new URL('../docs/configuration.md', import.meta.url), 'utf8');
  assert.equal(text, renderConfigurationDocs());
});
