import type { TailEvents } from '../../history/tail-events.ts';
import type { StoredEvent } from '../../model/recorded-event.ts';
import type { OpenTrailOperation } from './operation.ts';
import { accountIdsNow, type OtherAccountsAccess, searchQueryOf, toSearchEvent } from './search-input.ts';

export function tailEventsOperation(options: {
  readonly tail: TailEvents;
  readonly access: OtherAccountsAccess;
}): OpenTrailOperation {
  return {
    name: 'TailEvents',
    action: 'opentrail:TailEvents',
    isReadOnly: true,
    takesBody: false,
    summary: 'Streams live events as they are stored, one JSON object a line, until the client goes away.',
    async run({ caller, input, signal }) {
      const query = await searchQueryOf(caller, input, options.access);
      // Whoever may no longer see other accounts sees none of their next events.
      const recheck = async () => void (await searchQueryOf(caller, input, options.access));
      if (query.accounts === undefined)
        return { kind: 'stream', lines: linesOf(options.tail(query, signal), recheck) };
      // Members that join, leave or are closed to the caller meanwhile are so for what comes next.
      const accountIds = async () =>
        (await accountIdsNow(caller, input, options.access)) ?? [caller.accountId];
      return { kind: 'stream', lines: linesOf(options.tail(query, signal, accountIds), recheck) };
    },
  };
}

async function* linesOf(
  events: AsyncIterable<StoredEvent>,
  recheck: () => Promise<void>,
): AsyncIterable<string> {
  for await (const event of events) {
    await recheck();
    yield JSON.stringify(toSearchEvent(event));
  }
}
