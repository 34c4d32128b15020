import type { Tag } from '../entities.ts';
import { iamError } from './iam-error.ts';
import { iamQuotas } from './iam-quotas.ts';

/** Tags as a request gives them. Throws `InvalidInput` where two have the same key; keys are compared without case. */
export function requestTags(
  tags: readonly { readonly Key: string; readonly Value: string }[] | undefined,
): Tag[] {
  const read = (tags ?? []).map(({ Key, Value }) => ({ key: Key, value: Value }));
  if (new Set(read.map(foldedKey)).size < read.length) {
    const message = 'Duplicate tag keys found. Please note that Tag keys are case insensitive.';
    throw iamError('InvalidInput', message);
  }
  return read;
}

/** A tag whose key is there already in whatever case replaces it. Throws `LimitExceeded`. */
export function withTags(existing: readonly Tag[], added: readonly Tag[]): Tag[] {
  const merged = new Map(existing.map((tag) => [foldedKey(tag), tag]));
  for (const tag of added) merged.set(foldedKey(tag), tag);
  if (merged.size > iamQuotas.tagsPerEntity) {
    throw iamError('LimitExceeded', 'The number of tags has reached the maximum limit.');
  }
  return [...merged.values()];
}

export function withoutTags(existing: readonly Tag[], keys: readonly string[]): Tag[] {
  const gone = new Set(keys.map((key) => key.toLowerCase()));
  return existing.filter((tag) => !gone.has(foldedKey(tag)));
}

function foldedKey({ key }: Tag): string {
  return key.toLowerCase();
}
