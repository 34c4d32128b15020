import { ApiError } from '../../model/api-error.ts';
import type { JsonObject } from '../../model/cloudtrail-event.ts';

/**
 * Levels of nesting in a request; the deepest input of the API has seven. Protects whoever walks the value.
 */
const depthMax = 64;

/**
 * A JSON request body as an object; an empty one is `{}`. Throws `SerializationException` for anything else.
 */
export function parseJsonBody(body: Uint8Array): JsonObject {
  if (body.length === 0) return {};
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(body);
  } catch (cause) {
    throw new ApiError('SerializationException', 'the body is not UTF-8', { isPlatform: true, cause });
  }
  if (text.trim() === '') return {};
  if (depthOf(text) > depthMax) {
    throw serializationError(`the body is nested deeper than ${depthMax} levels`);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new ApiError('SerializationException', 'the body is not JSON', { isPlatform: true, cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw serializationError('Start of structure or map found where not expected.');
  }
  return value as JsonObject;
}

export function serializationError(message: string): ApiError {
  return new ApiError('SerializationException', message, { isPlatform: true });
}

/**
 * The deepest nesting of brackets outside strings; counted before parsing, so that parsing needs no trust.
 */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let isInString = false;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (isInString) {
      if (code === 0x5c) index += 1;
      else if (code === 0x22) isInString = false;
    } else if (code === 0x22) isInString = true;
    else if (code === 0x7b || code === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return deepest;
}
