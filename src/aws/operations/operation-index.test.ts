import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cloudTrailApi } from '../../model/cloudtrail-api.generated.ts';
import {
  assertOperationsMatchModel,
  cloudTrailDataOperations,
  cloudTrailOperations,
  findOperation,
} from './operation-index.ts';

test('the index has the 60 operations of CloudTrail and the one of CloudTrail Data, and no orphan', () => {
  assert.equal(Object.keys(cloudTrailOperations).length, 60);
  assert.deepEqual(Object.keys(cloudTrailDataOperations), ['PutAuditEvents']);
  assertOperationsMatchModel();
});

test('an operation that only the index has, or only the model, stops the start', () => {
  const operations = cloudTrailApi.operations as Record<string, (typeof cloudTrailApi.operations)[string]>;
  const { GetTrail, ...rest } = operations;
  assert.ok(GetTrail !== undefined);
  try {
    delete operations.GetTrail;
    assert.throws(
      () => assertOperationsMatchModel(),
      /operations that the API model does not have: GetTrail/,
    );
    operations.Extra = GetTrail;
    operations.GetTrail = GetTrail;
    assert.throws(() => assertOperationsMatchModel(), /without an entry: Extra/);
  } finally {
    delete operations.Extra;
    Object.assign(operations, rest, { GetTrail });
  }
});

test('members that every object inherits are not operations', () => {
  for (const name of ['constructor', 'toString', '__proto__', ''])
    assert.equal(findOperation('cloudtrail', name), undefined);
});
