import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { membersOf, shapesOf } from '../src/model/query-shapes.ts';
import { compileShapes, renderShapes } from './generate-query-shapes.ts';

test('the compiled shapes are those of the installed SDK clients', async () => {
  const committed = readFileSync(new URL('../src/model/query-shapes.generated.ts', import.meta.url), 'utf8');
  assert.ok(renderShapes(await compileShapes()) === committed, 'run node tools/generate-query-shapes.ts');
});

test('types, lists, maps and names on the wire are read back', () => {
  const ec2 = shapesOf('ec2');
  assert.ok(ec2);
  const [input = ''] = ec2.operations.RunInstances ?? [];
  assert.equal(membersOf(ec2, input)?.MinCount, 'i');
  assert.match(membersOf(ec2, input)?.TagSpecification ?? '', /^FS\d+$/);
  assert.equal(shapesOf('rds')?.errors?.InvalidDBInstanceState, 'InvalidDBInstanceStateFault');
  assert.equal(shapesOf('constructor'), undefined);
});
