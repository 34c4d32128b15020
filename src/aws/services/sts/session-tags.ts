import type { Tag } from '../../../identity/entities.ts';
import type { Principal } from '../../../identity/principal.ts';
import { stsError } from './sts-error.ts';

const TAGS_MAX = 50;

export interface SessionTags {
  readonly tags: readonly Tag[];
  readonly transitiveTagKeys: readonly string[];
}

/**
 * The tags of a new session: those that are asked for, and those which the caller's own session hands on. Throws
 * `InvalidParameterValue`.
 */
export function sessionTags(
  caller: Principal,
  asked: {
    readonly tags?: readonly { readonly Key: string; readonly Value: string }[] | undefined;
    readonly transitiveTagKeys?: readonly string[] | undefined;
  },
): SessionTags {
  const given = (asked.tags ?? []).map(({ Key: key, Value: value }) => ({ key, value }));
  const keys = new Set(given.map(({ key }) => key.toLowerCase()));
  if (keys.size < given.length) {
    throw invalid('Duplicate tag keys found. Please note that Tag keys are case insensitive.');
  }
  const reserved = given.find(({ key }) => /^aws:/i.test(key));
  if (reserved !== undefined)
    throw invalid(`The tag key ${reserved.key} begins with aws:, which is reserved.`);
  const handedOn = new Set((caller.session?.transitiveTagKeys ?? []).map((key) => key.toLowerCase()));
  const inherited = caller.tags.filter(({ key }) => handedOn.has(key.toLowerCase()));
  if (inherited.some(({ key }) => keys.has(key.toLowerCase()))) {
    throw invalid(
      "One of the specified transitive tag keys can't be set because it conflicts with a transitive tag key from " +
        'the calling session.',
    );
  }
  const transitive = asked.transitiveTagKeys ?? [];
  if (transitive.some((key) => !keys.has(key.toLowerCase()))) {
    throw invalid('The specified transitive tag key must be included in the requested tags.');
  }
  const tags = [...inherited, ...given];
  if (tags.length > TAGS_MAX) throw invalid(`A session has ${TAGS_MAX} tags at most.`);
  return { tags, transitiveTagKeys: [...inherited.map(({ key }) => key), ...transitive] };
}

/** The condition keys that tags of a request are. */
export function tagContext({ tags }: SessionTags): ReadonlyMap<string, readonly string[]> {
  const context = new Map<string, readonly string[]>();
  for (const { key, value } of tags) context.set(`aws:requesttag/${key.toLowerCase()}`, [value]);
  if (tags.length > 0) {
    context.set(
      'aws:tagkeys',
      tags.map(({ key }) => key),
    );
  }
  return context;
}

function invalid(message: string): Error {
  return stsError('InvalidParameterValue', message);
}
