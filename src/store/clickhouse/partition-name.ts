import { assert } from '../../base/assert.ts';
import type { EventOrigin } from '../../model/recorded-event.ts';

export interface PartitionRange {
  readonly origin: EventOrigin;
  /** 20260302 for the week from that Monday, 202603 for a month. */
  readonly bucket: string;
  /** Both inclusive, milliseconds since 1970 UTC. */
  readonly fromMs: number;
  readonly toMs: number;
}

// ('live',20260302)
const ENGINE_NAME = /^\('(live|import)',(\d{6}|\d{8})\)$/;
// live-20260302, import-202603
const NAME = /^(live|import)-(\d{6}|\d{8})$/;

/** A partition as the engine spells it. */
export function parsePartition(partition: string): PartitionRange {
  const [, origin, bucket] = ENGINE_NAME.exec(partition) ?? [];
  assert(origin !== undefined && bucket !== undefined, `${partition} is not a partition of events`);
  return rangeOf(origin, bucket);
}

/** A partition by the name that callers know it by. */
export function parsePartitionName(name: string): PartitionRange {
  const [, origin, bucket] = NAME.exec(name) ?? [];
  assert(origin !== undefined && bucket !== undefined, `${name} is not the name of a partition`);
  return rangeOf(origin, bucket);
}

function rangeOf(origin: string, bucket: string): PartitionRange {
  const year = Number(bucket.slice(0, 4));
  const month = Number(bucket.slice(4, 6)) - 1;
  const day = bucket.length === 8 ? Number(bucket.slice(6)) : undefined;
  const end = day === undefined ? Date.UTC(year, month + 1, 1) : Date.UTC(year, month, day + 7);
  return {
    origin: origin === 'live' ? 'live' : 'import',
    bucket,
    fromMs: Date.UTC(year, month, day ?? 1),
    toMs: end - 1,
  };
}

export function partitionName(origin: EventOrigin, bucket: string): string {
  return `${origin}-${bucket}`;
}

/** What `DROP PARTITION` takes. */
export function partitionExpression(name: string): string {
  const { origin, bucket } = parsePartitionName(name);
  return `('${origin}', ${bucket})`;
}
