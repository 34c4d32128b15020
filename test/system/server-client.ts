import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudTrailClient, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';
import { TEST_ROOT } from '../harness/opentrail-server.ts';

export const REGION = 'us-east-1';
export const ROOT = {
  accessKeyId: TEST_ROOT.OPENTRAIL_ROOT_ACCESS_KEY_ID,
  secretAccessKey: TEST_ROOT.OPENTRAIL_ROOT_SECRET_ACCESS_KEY,
};

export const cloudTrail = (endpoint: string, credentials = ROOT) =>
  new CloudTrailClient({ endpoint, region: REGION, credentials, maxAttempts: 1 });
export const sqs = (endpoint: string) =>
  new SQSClient({ endpoint, region: REGION, credentials: ROOT, maxAttempts: 1 });

/** The newest events of a name, as recorded. */
export async function eventsNamed(endpoint: string, name: string): Promise<CloudTrailEvent[]> {
  const { Events } = await cloudTrail(endpoint).send(
    new LookupEventsCommand({
      LookupAttributes: [{ AttributeKey: 'EventName', AttributeValue: name }],
      MaxResults: 50,
    }),
  );
  return (Events ?? []).map((event) => JSON.parse(event.CloudTrailEvent ?? '') as CloudTrailEvent);
}

/** Asks again until the condition holds; fails with what was found last when the time is over. */
export async function eventually<T>(
  what: () => Promise<T>,
  holds: (value: T) => boolean,
  timeMs = 10_000,
): Promise<T> {
  const deadline = Date.now() + timeMs;
  for (;;) {
    const value = await what();
    if (holds(value)) return value;
    if (Date.now() > deadline) assert.fail(`not within ${timeMs} ms: ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export async function temporaryFolder() {
  const path = await mkdtemp(join(tmpdir(), 'opentrail-system-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 5 }) };
}
