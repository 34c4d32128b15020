import type { CloudTrailEvent, EventDraft, Json } from '../../src/model/cloudtrail-event.ts';

/** Fields that depend neither on who called nor on when and where. */
const FIELDS = [
  ...(['eventSource', 'eventName', 'eventType', 'eventCategory', 'readOnly', 'managementEvent'] as const),
  ...(['apiVersion', 'errorCode'] as const),
] as const;

export interface Difference {
  readonly path: string;
  readonly real: Json | undefined;
  readonly ours: Json | undefined;
}

export interface Comparison {
  readonly compared: number;
  readonly differences: readonly Difference[];
}

/** Compares every field and every leaf of parameters and resources, those of either side. */
export function compareRecords(real: CloudTrailEvent, ours: EventDraft): Comparison {
  const realLeaves = new Map<string, Json>();
  const ourLeaves = new Map<string, Json>();
  for (const [record, leaves] of [[real, realLeaves] as const, [ours, ourLeaves] as const]) {
    for (const field of FIELDS) {
      const value = record[field];
      if (value !== undefined) leaves.set(field, value);
    }
    addLeaves(record.requestParameters, 'requestParameters', leaves);
    addLeaves((record.resources ?? null) as Json, 'resources', leaves);
  }
  const paths = new Set([...realLeaves.keys(), ...ourLeaves.keys()]);
  const differences: Difference[] = [];
  for (const path of paths) {
    const [mine, theirs] = [ourLeaves.get(path), realLeaves.get(path)];
    if (mine !== theirs) differences.push({ path, real: theirs, ours: mine });
  }
  return { compared: paths.size, differences };
}

/** Every leaf of a value by its path; empty lists and objects are leaves too. */
export function leavesOf(value: Json): ReadonlyMap<string, Json> {
  const leaves = new Map<string, Json>();
  addLeaves(value, '', leaves);
  return leaves;
}

function addLeaves(value: Json, path: string, leaves: Map<string, Json>): void {
  if (Array.isArray(value)) {
    if (value.length === 0) leaves.set(`${path}[]`, '(empty list)');
    for (const [index, item] of value.entries()) addLeaves(item, `${path}[${index}]`, leaves);
  } else if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value);
    if (members.length === 0) leaves.set(`${path}{}`, '(empty object)');
    for (const [name, member] of members) addLeaves(member, `${path}.${name}`, leaves);
  } else leaves.set(path, value);
}
