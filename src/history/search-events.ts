import { ApiError } from '../model/api-error.ts';
import type { EventStore } from '../store/event-store.ts';
import { withEngine } from './engine-unavailable.ts';
import type { EventPage } from './lookup-events.ts';
import { pageKeyOf } from './page-key.ts';
import type { PageTokens } from './page-token.ts';
import { type SearchQuery, searchFilter, searchKey } from './search-filter.ts';

const searchMaxResults = 1000;
const facetValuesMax = 1000;
const facetsMax = 10;

export interface SearchPage {
  readonly maxResults: number;
  readonly nextToken?: string;
}

export interface FacetCount {
  readonly attribute: string;
  readonly values: readonly { readonly value: string; readonly count: number }[];
}

export interface EventSearch {
  /** Newest first, over everything that is stored, imported events of any age included. */
  search(query: SearchQuery, page: SearchPage, signal?: AbortSignal): Promise<EventPage>;
  /** How many events match, and the most frequent values of each facet. */
  count(
    query: SearchQuery,
    facets: { readonly attributes: readonly string[]; readonly limit: number },
    signal?: AbortSignal,
  ): Promise<{ count: number; facets: FacetCount[] }>;
}

/** The superset of `LookupEvents`: never throttled as AWS's, never changing the AWS-exact one. */
export function createEventSearch(options: {
  readonly store: EventStore;
  readonly tokens: PageTokens;
}): EventSearch {
  const { store, tokens } = options;
  return {
    async search(query, page, signal) {
      if (!(page.maxResults >= 1 && page.maxResults <= searchMaxResults)) {
        throw new ApiError(
          'InvalidMaxResultsException',
          `MaxResults must be 1 to ${searchMaxResults}, not ${page.maxResults}`,
        );
      }
      const filter = searchFilter(query);
      // A page is bound to what was asked for, and shows the accounts that this means when it is asked for.
      const { accountId, region, accountIds: _, ...parameters } = query;
      const scope = { operation: 'SearchEvents', accountId, region, parameters };
      const after = page.nextToken === undefined ? undefined : tokens.read(scope, page.nextToken);
      const keyset = { limit: page.maxResults + 1, ...(after === undefined ? {} : { after }) };
      const found = await withEngine(() => store.find(filter, keyset, signal));
      const events = found.slice(0, page.maxResults);
      const last = events.at(-1);
      if (found.length <= page.maxResults || last === undefined) return { events };
      return { events, nextToken: tokens.issue(scope, pageKeyOf(last)) };
    },
    async count(query, facets, signal) {
      if (facets.attributes.length > facetsMax) {
        throw new ApiError(
          'InvalidParameterException',
          `at most ${facetsMax} facets can be counted in one call`,
        );
      }
      if (!(facets.limit >= 1 && facets.limit <= facetValuesMax)) {
        throw new ApiError(
          'InvalidParameterException',
          `FacetLimit must be 1 to ${facetValuesMax}, not ${facets.limit}`,
        );
      }
      const filter = searchFilter(query);
      const attributes = facets.attributes.map(searchKey);
      // Side by side, as far as the store's sessions for such statements go.
      const [count, counted] = await withEngine(() =>
        Promise.all([
          store.count(filter, signal),
          Promise.all(
            attributes.map(async (attribute) => {
              const values = await store.facet(filter, attribute, facets.limit, signal);
              return { attribute, values };
            }),
          ),
        ]),
      );
      return { count, facets: counted };
    },
  };
}
