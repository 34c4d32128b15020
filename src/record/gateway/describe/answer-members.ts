import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import type { DecodedCall } from '../decoded-call.ts';
import { isObject } from './spell-members.ts';

/** The members of the answer without the envelope of XML protocols. */
export function answerOf(decoded: DecodedCall): JsonObject | undefined {
  const { output, operation } = decoded;
  if (output === undefined) return undefined;
  let body: JsonObject = output;
  if (hasEnvelope(output)) {
    for (const envelope of [`${operation}Response`, `${operation}Result`]) {
      const inner: Json | undefined = body[envelope];
      if (inner !== undefined && isObject(inner)) body = inner;
      else if (inner === '') return {};
    }
  }
  if (!Object.hasOwn(body, 'ResponseMetadata') && !Object.hasOwn(body, '@_xmlns')) return body;
  const { ResponseMetadata: _, '@_xmlns': __, ...members } = body;
  return members;
}

/** Whether a member may be an envelope: most answers have none, and looking each up by name costs more than this. */
function hasEnvelope(output: JsonObject): boolean {
  for (const name in output) if (name.endsWith('Response') || name.endsWith('Result')) return true;
  return false;
}
