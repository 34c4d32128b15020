import { shapesOf } from '../../../model/query-shapes.ts';
import type { DecodedCall } from '../decoded-call.ts';
import { dateStyleOf } from './date-style.ts';
import type { OperationFacts } from './operation-facts.ts';
import type { Spelling } from './spell-members.ts';
import { UNCONFIRMED } from './unconfirmed-choices.ts';

/** Services whose records keep the names of the API at all levels. */
const VERBATIM = new Set(['ce', 'account', 'devops-guru', 'resource-explorer-2']);

/** How the members of a call are to be written. */
export function spellingOf(decoded: DecodedCall, facts: OperationFacts | undefined): Spelling {
  const { service, protocol, signingName } = decoded.recognition;
  return {
    shapes: shapesOf(service),
    isText: protocol === 'query' || protocol === 'rest-xml',
    naming: VERBATIM.has(service ?? signingName) ? 'verbatim' : 'camel',
    dateStyle: dateStyleOf(service, protocol),
    isKnownOperation: facts !== undefined,
    numbersAsText: (UNCONFIRMED.restNumbersAsText as readonly string[]).includes(service ?? ''),
  };
}
