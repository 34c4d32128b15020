import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { it } from 'node:test';
import { renderTelemetryDocs } from './generate-telemetry-docs.ts';

it('docs/telemetry.md lists every metric and log event; node tools/generate-telemetry-docs.ts writes it', async () => {
  const text = readFileSync(new URL('../docs/telemetry.md', import.meta.url), 'utf8');
  assert.equal(text, await renderTelemetryDocs());
});
