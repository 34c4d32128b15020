import { resourceNamesOf, typeOfIamArn } from './lookup-resource-names.ts';
import type { LookupResource } from './recorded-event.ts';

/** What `LookupEvents` finds an event by, beside its own members. */
export interface LookupFields {
  readonly username?: string;
  readonly resources: readonly LookupResource[];
}

/** More entries would make the columns beside an event larger than the event; real ones have a handful. */
const RESOURCES_MAX = 500;

/** `AttributeValue` reaches 2,000 characters: longer names cannot be looked up. */
const NAME_LENGTH_MAX = 2000;

/** Deeper members are not searched; the deepest observed is 9. */
const DEPTH_MAX = 24;

/** A record as far as it is looked at; imported ones may hold anything. */
export interface LookupSource {
  readonly eventSource?: unknown;
  readonly userIdentity?: unknown;
  readonly resources?: unknown;
  readonly requestParameters?: unknown;
  readonly responseElements?: unknown;
}

/** Derives `Username` and `Resources` of `LookupEvents`: the `resources` of the record, then well-known names in order of appearance. */
export function deriveLookupFields(event: LookupSource): LookupFields {
  const found: LookupResource[] = [];
  if (Array.isArray(event.resources)) {
    for (const entry of event.resources) {
      if (!isObject(entry)) continue;
      const name = entry.ARN ?? entry.ARNPrefix;
      add(found, typeof entry.type === 'string' ? entry.type : null, name);
    }
  }
  const names = typeof event.eventSource === 'string' ? resourceNamesOf(event.eventSource) : undefined;
  if (names !== undefined) {
    const hasArns = names.has('userName') || names.has('roleArn');
    search(event.requestParameters, { names, hasArns, found }, 0);
    search(event.responseElements, { names, hasArns, found }, 0);
  }
  const username = isObject(event.userIdentity) ? usernameOf(event.userIdentity) : undefined;
  return username === undefined ? { resources: found } : { username, resources: found };
}

interface Search {
  readonly names: ReadonlyMap<string, string>;
  /** Whether an `arn` tells its type, as in IAM and STS. */
  readonly hasArns: boolean;
  readonly found: LookupResource[];
}

function search(value: unknown, wanted: Search, depth: number): void {
  if (typeof value !== 'object' || value === null || depth > DEPTH_MAX) return;
  if (Array.isArray(value)) {
    for (const item of value) if (typeof item === 'object') search(item, wanted, depth + 1);
    return;
  }
  const container = value as Record<string, unknown>;
  for (const name in container) {
    const member = container[name];
    if (typeof member === 'string') {
      const type = wanted.names.get(name);
      if (type !== undefined) add(wanted.found, type, member);
      else if (wanted.hasArns && name === 'arn') addIamArn(wanted.found, member);
    } else if (typeof member === 'object' && member !== null) {
      const content = (member as { content?: unknown }).content;
      const type = typeof content === 'string' ? wanted.names.get(name) : undefined;
      if (type !== undefined) add(wanted.found, type, content);
      else search(member, wanted, depth + 1);
    }
  }
}

function addIamArn(found: LookupResource[], arn: string): void {
  const type = typeOfIamArn(arn);
  if (type !== undefined) add(found, type, arn);
}

function add(found: LookupResource[], type: string | null, name: unknown): void {
  if (typeof name !== 'string' || name === '' || name.length > NAME_LENGTH_MAX) return;
  if (found.length >= RESOURCES_MAX) return;
  for (const known of found) if (known.name === name && known.type === type) return;
  found.push({ type, name });
}

/** Root → `root`; users their name; sessions what follows the colon of their id; services none. */
function usernameOf(identity: Record<string, unknown>): string | undefined {
  switch (identity.type) {
    case 'Root':
      return 'root';
    case 'IAMUser':
    case 'SAMLUser':
    case 'WebIdentityUser':
      return textOf(identity.userName);
    case 'AssumedRole':
    case 'FederatedUser': {
      const id = textOf(identity.principalId);
      const colon = id?.indexOf(':') ?? -1;
      return id === undefined || colon < 0 ? undefined : textOf(id.slice(colon + 1));
    }
    case 'IdentityCenterUser':
      return isObject(identity.onBehalfOf) ? textOf(identity.onBehalfOf.userId) : undefined;
    default:
      return undefined;
  }
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
