/**
 * Each operation of the real log files is sent through the gateway again, as the SDK sends it with the recorded
 * parameters, and our record of it is compared with the real one in every field that does not depend on who, when and where. What stands in the
 * comparison and what does not is in `compare-records.ts`.
 */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serviceTables } from '../../src/record/gateway/recognise/service-tables.ts';
import { compareRecords, type Difference } from './compare-records.ts';
import { hasCorpus, readCorpus } from './corpus.ts';
import { KNOWN_DIFFERENCES } from './differences.ts';
import { OperationFinder } from './find-operation.ts';
import { answerOf, requestOf } from './replay-call.ts';
import { type ReplayGateway, startReplayGateway } from './replay-gateway.ts';

const MEAN_MIN = 0.98;
const OPERATION_MIN = 0.8;

const skip = hasCorpus() ? false : 'the folder ../shared/corpora is not present';

test('a replayed call gives the record that CloudTrail wrote', { skip }, async (context) => {
  const finder = new OperationFinder(serviceTables);
  const gateways = new Map<string, ReplayGateway>();
  const gatewayOf = async (accountId: string): Promise<ReplayGateway> => {
    const known = gateways.get(accountId) ?? (await startReplayGateway(accountId));
    gateways.set(accountId, known);
    return known;
  };
  context.after(() => Promise.all([...gateways.values()].map((gateway) => gateway.close())));
  const scores = new Map<string, number[]>();
  const unexplained: string[] = [];
  const seen = new Set<number>();
  const inexpressible = new Map<string, number>();
  for (const record of readCorpus()) {
    if (record.eventType !== 'AwsApiCall') continue;
    const name = `${record.eventSource.split('.')[0]}:${record.eventName}`;
    const found = finder.find(record);
    const request = found === undefined ? undefined : await requestOf(record, found);
    const service = found === undefined ? undefined : serviceTables.service(found.service);
    if (request === undefined || service === undefined) {
      inexpressible.set(name, (inexpressible.get(name) ?? 0) + 1);
      continue;
    }
    const gateway = await gatewayOf(record.recipientAccountId);
    const event = await gateway.send(request, answerOf(record, service));
    const { compared, differences } = compareRecords(record, event);
    scores.set(name, [...(scores.get(name) ?? []), 1 - differences.length / compared]);
    for (const difference of differences) {
      const known = KNOWN_DIFFERENCES.findIndex(
        ({ event, path }) => event.test(name) && path.test(difference.path),
      );
      if (known < 0) unexplained.push(line(name, difference));
      else seen.add(known);
    }
  }
  const means = [...scores]
    .map(([name, values]) => ({ name, mean: values.reduce((sum, value) => sum + value, 0) / values.length }))
    .sort((left, right) => left.mean - right.mean);
  const mean = means.reduce((sum, entry) => sum + entry.mean, 0) / means.length;
  context.diagnostic(
    `${means.length} operations, mean ${mean.toFixed(5)}, minimum ${means[0]?.mean.toFixed(3)}`,
  );
  for (const entry of means.filter((candidate) => candidate.mean < 1))
    context.diagnostic(`${entry.mean.toFixed(3)} ${entry.name}`);
  for (const [name, count] of inexpressible)
    context.diagnostic(`not in the public API: ${name} (${count} records)`);
  assert.deepEqual([...new Set(unexplained)].slice(0, 50), [], 'every difference is explained');
  assert.deepEqual(
    KNOWN_DIFFERENCES.filter((_, index) => !seen.has(index)).map(({ reason }) => reason),
    [],
    'no explanation without its difference',
  );
  assert.ok(means.length >= 240, `only ${means.length} operations were replayed`);
  assert.ok(mean >= MEAN_MIN, `mean ${mean}`);
  for (const entry of means) assert.ok(entry.mean >= OPERATION_MIN, `${entry.name}: ${entry.mean}`);
});

function line(name: string, { path, real, ours }: Difference): string {
  return `${name} ${path}: real ${JSON.stringify(real)}, ours ${JSON.stringify(ours)}`;
}
