import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { openTrailApi } from '../src/aws/opentrail/open-trail-api.ts';
import { exampleOf } from './api-examples.ts';
import { apiDocsPath, generateApiDocs } from './generate-api-docs.ts';

test('docs/api.md equals what the operations of ours generate', () => {
  assert.equal(readFileSync(apiDocsPath, 'utf8'), generateApiDocs());
});

test('every operation that the model of ours names is documented with an example', () => {
  const text = generateApiDocs();
  for (const name of Object.keys(openTrailApi.operations)) {
    assert.match(text, new RegExp(`^### ${name}$`, 'm'));
    assert.ok(exampleOf(name) !== undefined, name);
  }
});
