import type { CloudTrailEvent } from '../../src/model/cloudtrail-event.ts';
import type { WireCall } from './wire-call.ts';

/** What a record lacks or has wrong, one line each; empty when it is as the call demands. */
export function differences(call: WireCall, event: CloudTrailEvent): string[] {
  const found: string[] = [];
  const expect = (what: string, actual: unknown, expected: unknown) => {
    if (JSON.stringify(actual) === JSON.stringify(expected)) return;
    found.push(
      `${call.eventName}: ${what} is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`,
    );
  };
  const category = call.category ?? 'Management';
  expect('eventSource', event.eventSource, call.eventSource);
  expect('eventVersion', event.eventVersion, '1.11');
  expect('eventType', event.eventType, 'AwsApiCall');
  expect('eventCategory', event.eventCategory, category);
  expect('managementEvent', event.managementEvent, category === 'Management');
  expect('readOnly', event.readOnly, call.isReadOnly);
  expect('awsRegion', event.awsRegion, call.region ?? 'eu-west-1');
  expect('errorCode', event.errorCode, call.errorCode);
  expect('sourceIPAddress', event.sourceIPAddress, '127.0.0.1');
  expect('userIdentity.type', event.userIdentity.type, 'Root');
  expect('tlsDetails', event.tlsDetails, undefined);
  if (!/aws-cli\//.test(event.userAgent ?? ''))
    found.push(`${call.eventName}: userAgent is ${event.userAgent}`);
  if (!event.requestID) found.push(`${call.eventName}: no requestID`);
  if (call.errorCode !== undefined && !event.errorMessage) found.push(`${call.eventName}: no errorMessage`);
  if (call.resources !== undefined) {
    expect(
      'resources',
      event.resources?.map(({ type, ARN }) => [type, ARN]),
      call.resources,
    );
  }
  found.push(...parameterDifferences(call, event.requestParameters));
  found.push(...answerDifferences(call, event.responseElements));
  if (/S3cret/.test(JSON.stringify(event))) found.push(`${call.eventName}: a secret is in the record`);
  return found;
}

/** Exact but for members expected as `*` (any text) or undefined (may be there or not; a trailing `*` matches names). */
function parameterDifferences(call: WireCall, actual: unknown): string[] {
  const expected = call.requestParameters;
  if (expected === null || actual === null || typeof expected !== 'object' || typeof actual !== 'object') {
    return JSON.stringify(actual) === JSON.stringify(expected)
      ? []
      : [
          `${call.eventName}: requestParameters is ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`,
        ];
  }
  const remaining = new Map(Object.entries(actual as Record<string, unknown>));
  const found: string[] = [];
  for (const [name, value] of Object.entries(expected)) {
    if (value === undefined && name.endsWith('*')) {
      for (const key of remaining.keys()) if (key.startsWith(name.slice(0, -1))) remaining.delete(key);
      continue;
    }
    const got = remaining.get(name);
    remaining.delete(name);
    if (value === undefined || (value === '*' && typeof got === 'string')) continue;
    if (sorted(got) === sorted(value)) continue;
    found.push(
      `${call.eventName}: requestParameters.${name} is ${JSON.stringify(got)}, expected ${JSON.stringify(value)}`,
    );
  }
  for (const [name, value] of remaining) {
    found.push(`${call.eventName}: requestParameters.${name} is unexpected: ${JSON.stringify(value)}`);
  }
  return found;
}

function answerDifferences(call: WireCall, actual: unknown): string[] {
  if (call.responseElements === null) {
    return actual === null
      ? []
      : [`${call.eventName}: responseElements is ${JSON.stringify(actual)}, expected null`];
  }
  return Object.entries(call.responseElements).flatMap(([path, value]) => {
    const got = path
      .split('.')
      .reduce<unknown>((at, name) => (at as Record<string, unknown> | null)?.[name], actual);
    if (value === '*' ? got !== undefined : sorted(got) === sorted(value)) return [];
    return [
      `${call.eventName}: responseElements.${path} is ${JSON.stringify(got)}, expected ${JSON.stringify(value)}`,
    ];
  });
}

/** JSON text with the members of objects in alphabetical order. */
function sorted(value: unknown): string {
  return (
    JSON.stringify(value, (_, member: unknown) =>
      member !== null && typeof member === 'object' && !Array.isArray(member)
        ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
        : member,
    ) ?? 'undefined'
  );
}
