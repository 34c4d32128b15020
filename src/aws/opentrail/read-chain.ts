import { withEngine } from '../../history/engine-unavailable.ts';
import type { Catalog } from '../../store/catalog.ts';
import type { EventStore } from '../../store/event-store.ts';
import { requireInstallationAccount } from './access.ts';
import type { OpenTrailOperation } from './operation.ts';

/** The journal's evidence: what was chained and signed. The members are passed on as they are. */
export interface ChainSource {
  /** Keys that heads were signed with, oldest first. */
  publicKeys(): Promise<readonly object[]>;
  /** Signed heads, oldest first. */
  heads(signal: AbortSignal): AsyncIterable<object>;
  /** Links of all batches, oldest first. */
  links(signal: AbortSignal): AsyncIterable<object>;
}

/**
 * `ReadChain`: everything that `verify --history` needs beside the events, one object a line with its `kind`:
 * `publicKey`, `head`, `link`, `explained`, `dropped`, and `end` when nothing is missing.
 */
export function readChainOperation(options: {
  readonly chain: ChainSource;
  readonly catalog: Catalog;
  readonly store: EventStore;
  readonly installationAccountId: string;
}): OpenTrailOperation {
  const action = 'opentrail:ReadChain';
  return {
    name: 'ReadChain',
    action,
    isReadOnly: true,
    takesBody: false,
    summary:
      'Streams the hash chain: public keys, signed heads, links, explained sequence numbers, dropped partitions.',
    async run({ caller, signal }) {
      requireInstallationAccount(caller, options.installationAccountId, action);
      const totals = await withEngine(() => options.store.totals());
      return { kind: 'stream', lines: chainLines(options, totals, signal) };
    },
  };
}

async function* chainLines(
  { chain, catalog }: { readonly chain: ChainSource; readonly catalog: Catalog },
  totals: readonly {
    readonly journalId: string;
    readonly highestSequence: number;
    readonly eventsCount: number;
  }[],
  signal: AbortSignal,
): AsyncIterable<string> {
  for (const key of await chain.publicKeys()) yield line('publicKey', key);
  for (const total of totals) yield line('total', total);
  for await (const head of chain.heads(signal)) yield line('head', head);
  for (const total of totals) {
    const explained = await catalog.listExplained(total.journalId, 1, Number.MAX_SAFE_INTEGER);
    for (const range of explained) yield line('explained', range);
  }
  for (const partition of await catalog.listDropped()) yield line('dropped', partition);
  for await (const link of chain.links(signal)) yield line('link', link);
  yield line('end', {});
}

function line(kind: string, value: object): string {
  return JSON.stringify({ kind, ...value });
}
