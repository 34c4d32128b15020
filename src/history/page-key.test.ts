import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { StoredEvent } from '../model/recorded-event.ts';
import { pageKeyOf } from './page-key.ts';

const position = { journalId: '6b3a63a0-9f5f-4a53-8d92-0f62b7f3c7d1', sequence: 7 };
const stored = (eventTime: string): StoredEvent => ({
  ...position,
  meta: { recordedAt: 5, origin: 'import', verification: 'none', resources: [] },
  raw: JSON.stringify({ eventTime, eventID: 'id' }),
});

test('the page key of an event is its time and its position', () => {
  const eventTimeMs = Date.UTC(2026, 2, 2, 9, 14, 5);
  assert.deepEqual(pageKeyOf(stored('2026-03-02T09:14:05Z')), { eventTimeMs, ...position });
});

test('an event whose time cannot be read ends a page at the time of its recording', () => {
  assert.deepEqual(pageKeyOf(stored('yesterday')), { eventTimeMs: 5, ...position });
});
