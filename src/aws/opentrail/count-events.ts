import type { EventSearch } from '../../history/search-events.ts';
import type { OpenTrailOperation } from './operation.ts';
import { type OtherAccountsAccess, searchQueryOf } from './search-input.ts';

const defaultFacetLimit = 10;

export function countEventsOperation(options: {
  readonly search: EventSearch;
  readonly access: OtherAccountsAccess;
}): OpenTrailOperation {
  return {
    name: 'CountEvents',
    action: 'opentrail:SearchEvents',
    isReadOnly: true,
    takesBody: false,
    summary: 'Counts the events that match, and the most frequent values of each facet among them.',
    async run({ caller, input, signal }) {
      const query = await searchQueryOf(caller, input, options.access);
      const { Facets, FacetLimit } = input as { Facets?: readonly string[]; FacetLimit?: number };
      const counted = await options.search.count(
        query,
        { attributes: Facets ?? [], limit: FacetLimit ?? defaultFacetLimit },
        signal,
      );
      const facets = counted.facets.map((facet) => ({
        Attribute: facet.attribute,
        Values: facet.values.map(({ value, count }) => ({ Value: value, Count: count })),
      }));
      return { kind: 'json', output: { Count: counted.count, Facets: facets } };
    },
  };
}
