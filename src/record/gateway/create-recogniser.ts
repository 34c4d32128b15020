import type { Random } from '../../base/random.ts';
import { decode } from './decode/decode.ts';
import { type DescribeContext, describe } from './describe/describe.ts';
import { KnownUsers } from './describe/known-users.ts';
import type { OperationFacts } from './describe/operation-facts.ts';
import { createRecognitionTable } from './recognise/recognition-table.ts';
import { type OperationRow, serviceTables } from './recognise/service-tables.ts';
import type { Recogniser } from './recognition.ts';

export interface RecogniserOptions {
  /** Account that records are for. */
  readonly accountId: string;
  /** For requests whose scope and host name none. */
  readonly defaultRegion: string;
  /** Suffixes of virtual-hosted buckets, as given by `--s3-domain`. */
  readonly s3Domains: readonly string[];
  /** Mints request ids for answers that have none. */
  readonly random: Random;
}

/** From the head of a request to what it is, and from a finished call to its record. */
export function createRecogniser(options: RecogniserOptions): Recogniser {
  const { accountId, defaultRegion, s3Domains, random } = options;
  const table = createRecognitionTable({ s3Domains, defaultRegion });
  const context: DescribeContext = {
    accountId,
    facts: factsOf,
    // The listener has put the address behind trusted proxies in the place of the peer's.
    sourceAddress: (head) => head.peerAddress,
    mintRequestId: () => random.uuid(),
    users: new KnownUsers(),
  };
  return {
    recognise: (head) => table.recognise(head),
    describe: (call, recognition, identity) => describe(decode(call, recognition), identity, context),
  };
}

/** One object per row, so that what is derived of it can be kept beside it. */
const factsOfRow = new WeakMap<OperationRow, OperationFacts>();

function factsOf(service: string | undefined, operation: string | undefined): OperationFacts | undefined {
  if (service === undefined || operation === undefined) return undefined;
  const row = serviceTables.operation(service, operation);
  if (row === undefined) return undefined;
  const known = factsOfRow.get(row);
  if (known !== undefined) return known;
  const facts = { hideIn: row.hideIn ?? [], hideOut: row.hideOut ?? [] };
  factsOfRow.set(row, facts);
  return facts;
}
