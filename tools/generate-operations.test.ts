import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { generateOperations, operationsPath } from './generate-operations.ts';

test('the compiled tables of operations equal what the models generate', (t) => {
  if (!existsSync(operationsPath)) return t.skip('aws-operations.json is not beside this checkout');
  const compiled = readFileSync(
    new URL('../src/record/gateway/recognise/aws-operations.generated.ndjson', import.meta.url),
    'utf8',
  );
  assert.ok(
    generateOperations(readFileSync(operationsPath, 'utf8')) === compiled,
    'run: node tools/generate-operations.ts',
  );
});
