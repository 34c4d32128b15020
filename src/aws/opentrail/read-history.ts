import { engineUnavailable } from '../../history/engine-unavailable.ts';
import { ApiError } from '../../model/api-error.ts';
import type { EventStore } from '../../store/event-store.ts';
import { requireInstallationAccount } from './access.ts';
import type { OpenTrailOperation } from './operation.ts';

/**
 * `ReadHistory`: the stored lines of a range of sequence numbers, each as the journal had it, byte for byte:
 * `<sequence> TAB <meta> TAB <raw>`. Before a line whose searched columns are not those of its event stands
 * `#changed TAB <sequence> TAB <column>,…`. A line `#end` closes a whole answer.
 */
export function readHistoryOperation(options: {
  readonly store: EventStore;
  readonly installationAccountId: string;
}): OpenTrailOperation {
  const action = 'opentrail:ReadHistory';
  return {
    name: 'ReadHistory',
    action,
    isReadOnly: true,
    takesBody: false,
    summary:
      'Streams stored journal lines of a range of sequence numbers, byte for byte, for verification. A line `#changed` ' +
      'stands before an event whose searched columns, which it names, are not what the event says.',
    async run({ caller, input }) {
      requireInstallationAccount(caller, options.installationAccountId, action);
      const range = input as { JournalId: string; FirstSequence: number; LastSequence: number };
      if (range.FirstSequence > range.LastSequence) {
        throw new ApiError(
          'InvalidParameterException',
          'FirstSequence must not be greater than LastSequence',
        );
      }
      return { kind: 'stream', lines: storedLines(options.store, range) };
    },
  };
}

async function* storedLines(
  store: EventStore,
  range: { readonly JournalId: string; readonly FirstSequence: number; readonly LastSequence: number },
): AsyncIterable<string> {
  try {
    const stored = store.lines(range.JournalId, range.FirstSequence, range.LastSequence);
    for await (const { sequence, line, changedColumns } of stored) {
      if (changedColumns !== undefined) yield `#changed\t${sequence}\t${changedColumns.join(',')}`;
      yield oneLine(line);
    }
  } catch (cause) {
    throw engineUnavailable(cause) ?? cause;
  }
  yield '#end';
}

/**
 * No journalled line has a line break. In a forged row one would stand for a line that is not in the store, so it is
 * answered as NUL, which no journalled line has either: the hash is another all the same.
 */
function oneLine(line: string): string {
  return line.replaceAll(/[\r\n]/g, '\0');
}
