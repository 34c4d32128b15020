import { iamError } from '../../../identity/iam/iam-error.ts';
import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import type { IdentityDocument, IdentityKind, IdentityStore } from '../../../store/identity-store.ts';

export interface PageInput {
  readonly Marker: string | undefined;
  readonly MaxItems: number | undefined;
}

const MAX_ITEMS_DEFAULT = 100;
/** Documents that are read at once at least, so that a path that few have costs few reads. */
const READ_MIN = 200;

/**
 * One page of things that have a key each. A marker is the key of the last one of the page before, so that nothing is
 * left out or repeated when others come and go between two calls.
 */
export function pageOf<T>(
  items: readonly T[],
  input: PageInput,
  options: { readonly member: string; keyOf(item: T): string; toWire(item: T): Json },
): JsonObject {
  const { page, end } = pageEntries(items, input, options.keyOf);
  return { [options.member]: page.map(options.toWire), ...end };
}

/** As `pageOf`, for answers that have their items in more than one list. */
export function pageEntries<T>(
  items: readonly T[],
  { Marker, MaxItems = MAX_ITEMS_DEFAULT }: PageInput,
  keyOf: (item: T) => string,
): { readonly page: T[]; readonly end: JsonObject } {
  const after = Marker === undefined ? undefined : readMarker(Marker);
  const sorted = items
    .map((item) => ({ item, key: keyOf(item) }))
    .filter(({ key }) => after === undefined || key > after)
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const page = sorted.slice(0, MaxItems);
  return {
    page: page.map(({ item }) => item),
    end: pageEnd(sorted.length > MaxItems ? page.at(-1)?.key : undefined),
  };
}

/** A page of the documents of a kind, of which not many more are read than it takes. */
export async function pageOfStore<T>(
  store: IdentityStore,
  { Marker, MaxItems = MAX_ITEMS_DEFAULT }: PageInput,
  options: {
    readonly kind: IdentityKind;
    readonly accountId: string;
    readonly member: string;
    accepts(entity: T): boolean;
    toWire(entity: T): Json;
  },
): Promise<JsonObject> {
  const { kind, accountId, member, accepts, toWire } = options;
  const found: { readonly name: string; readonly entity: T }[] = [];
  let after = Marker === undefined ? undefined : readMarker(Marker);
  const limit = Math.max(MaxItems + 1, READ_MIN);
  for (let isMore = true; isMore && found.length <= MaxItems; ) {
    const documents: IdentityDocument[] = await store.list({
      kind,
      accountId,
      limit,
      ...(after === undefined ? {} : { after }),
    });
    for (const { name, body } of documents) {
      const entity: T = JSON.parse(body);
      if (accepts(entity)) found.push({ name, entity });
    }
    after = documents.at(-1)?.name;
    isMore = documents.length === limit;
  }
  const page = found.slice(0, MaxItems);
  return {
    [member]: page.map(({ entity }) => toWire(entity)),
    ...pageEnd(found.length > MaxItems ? page.at(-1)?.name : undefined),
  };
}

function pageEnd(lastKey: string | undefined): JsonObject {
  if (lastKey === undefined) return { IsTruncated: false };
  return { IsTruncated: true, Marker: Buffer.from(JSON.stringify([lastKey])).toString('base64url') };
}

function readMarker(marker: string): string {
  const invalid = iamError('ValidationError', 'Invalid Marker.');
  try {
    const [key] = JSON.parse(Buffer.from(marker, 'base64url').toString());
    if (typeof key === 'string') return key;
  } catch {
    throw invalid;
  }
  throw invalid;
}
