/** The answers of the real log files: put on the wire again and described, they give the recorded `responseElements`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceTables } from '../../src/record/gateway/recognise/service-tables.ts';
import { leavesOf } from './compare-records.ts';
import { hasCorpus, readCorpus } from './corpus.ts';
import { OperationFinder } from './find-operation.ts';
import { rebuildAnswer } from './rebuild-answer.ts';
import { describeReplay, recogniserFor, requestOf } from './replay-call.ts';

const MEAN_MIN = 0.98;

/** Understood, and why they stay. */
const KNOWN: readonly (readonly [difference: RegExp, reason: string])[] = [
  [/requestId$/, 'the id of the answer that was sent here'],
  [
    /^ec2:CreateInternetGateway .*association/,
    'the public API has no such member, so its emptiness has no type',
  ],
  [/^ssm:SendCommand .*(?:expiresAfter|requestedDateTime)$/, 'Systems Manager writes dates in both forms'],
  [/^ssm:SendCommand .*(?:interactive|clientName|clientSourceId)$/, 'not in the public API'],
  [/^rds:\w+DBInstance .*httpEndpointEnabled$/, 'not in the public API'],
];

const skip = hasCorpus() ? false : 'the folder ../shared/corpora is not present';

test('a replayed answer gives the response elements that CloudTrail wrote', { skip }, async (context) => {
  const finder = new OperationFinder(serviceTables);
  const scores = new Map<string, number[]>();
  const unexplained = new Set<string>();
  for (const record of readCorpus()) {
    if (record.eventType !== 'AwsApiCall' || record.responseElements === null) continue;
    const found = finder.find(record);
    const response = found === undefined ? undefined : await rebuildAnswer(record, found);
    const request = found === undefined ? undefined : await requestOf(record, found);
    if (response === undefined || request === undefined) continue;
    const { draft } = describeReplay(recogniserFor(record.recipientAccountId), request, response);
    const name = `${record.eventSource.split('.')[0]}:${record.eventName}`;
    const [real, ours] = [leavesOf(record.responseElements), leavesOf(draft.responseElements)];
    const paths = [...new Set([...real.keys(), ...ours.keys()])].filter(
      (path) => !path.endsWith('requestId'),
    );
    const different = paths.filter((path) => real.get(path) !== ours.get(path));
    for (const path of different)
      if (!KNOWN.some(([pattern]) => pattern.test(`${name} ${path.replace(/\{\}$/, '')}`)))
        unexplained.add(`${name} ${path}: real ${real.get(path)}, ours ${ours.get(path)}`);
    scores.set(name, [...(scores.get(name) ?? []), 1 - different.length / paths.length]);
  }
  const means = [...scores.values()].map(
    (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
  );
  const mean = means.reduce((sum, value) => sum + value, 0) / means.length;
  context.diagnostic(`answers of ${means.length} operations, mean ${mean.toFixed(5)}`);
  assert.deepEqual([...unexplained].slice(0, 30), [], 'every difference is explained');
  assert.ok(means.length >= 50 && mean >= MEAN_MIN, `mean ${mean} of ${means.length}`);
});
