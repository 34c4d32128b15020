import type { EventSearch } from '../../history/search-events.ts';
import type { OpenTrailOperation } from './operation.ts';
import { type OtherAccountsAccess, searchQueryOf, toSearchEvent } from './search-input.ts';

/** Events of a page when the caller does not say; AWS's default. */
const defaultMaxResults = 50;

export function searchEventsOperation(options: {
  readonly search: EventSearch;
  readonly access: OtherAccountsAccess;
}): OpenTrailOperation {
  return {
    name: 'SearchEvents',
    action: 'opentrail:SearchEvents',
    isReadOnly: true,
    takesBody: false,
    summary:
      'Finds stored events of any age and category, imported ones included, newest first; all conditions hold together.',
    async run({ caller, input, signal }) {
      const query = await searchQueryOf(caller, input, options.access);
      const { MaxResults, NextToken } = input as { MaxResults?: number; NextToken?: string };
      const page = await options.search.search(
        query,
        {
          maxResults: MaxResults ?? defaultMaxResults,
          ...(NextToken === undefined ? {} : { nextToken: NextToken }),
        },
        signal,
      );
      const output = {
        Events: page.events.map(toSearchEvent),
        ...(page.nextToken === undefined ? {} : { NextToken: page.nextToken }),
      };
      return { kind: 'json', output };
    },
  };
}
