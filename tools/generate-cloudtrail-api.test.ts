import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { generateCloudTrailApi, modelPath } from './generate-cloudtrail-api.ts';

test('the compiled CloudTrail API equals what the model generates', (t) => {
  if (!existsSync(modelPath)) return t.skip('the API model is not beside this checkout');
  const compiled = readFileSync(new URL('../src/model/cloudtrail-api.generated.ts', import.meta.url), 'utf8');
  assert.equal(generateCloudTrailApi(readFileSync(modelPath, 'utf8')), compiled);
});
