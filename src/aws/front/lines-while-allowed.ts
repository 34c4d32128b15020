import type { Caller } from '../opentrail/operation.ts';
import { authenticationError } from '../protocol/authentication-errors.ts';
import type { FrontDoorContext } from './front-door-context.ts';
import type { OwnCall } from './own-call.ts';

/**
 * The lines of a stream as long as its caller may have them: before each the key must still be good and the action still
 * be allowed, so that what is taken back ends a stream with the next line and not with the client.
 */
export async function* linesWhileAllowed(
  context: FrontDoorContext,
  facts: { readonly call: OwnCall; readonly caller: Caller; readonly action: string },
  lines: AsyncIterable<string>,
): AsyncIterable<string> {
  const { call, caller, action } = facts;
  const parsed = context.verifier.parse(call.head);
  for await (const line of lines) {
    const isGood = 'kind' in parsed || ((await context.isKeyGood?.(parsed)) ?? true);
    if (!isGood) throw authenticationError(call.route, { kind: 'unknownKey' });
    await context.authorize(caller, action);
    yield line;
  }
}
