import { iamQuotas } from '../../../identity/iam/iam-quotas.ts';
import { boolean, integer, list, type Member, oneOf, required, structure, text } from './iam-input.ts';

const NAME = /^[\w+=,.@-]+$/; // bob+ops@example.com
const nameSentence = (name: string) =>
  `The specified value for ${name} is invalid. It must contain only alphanumeric characters and/or the ` +
  'following: +=,.@_-';

function name(max: number): Member<string> {
  return text({ max, pattern: NAME, sentence: nameSentence });
}

/** Of users that are made or looked up, in most operations. */
export const userName = name(64);
/** Where the model allows the names of users that were made when they could be longer. */
export const existingUserName = name(128);
export const groupName = name(128);
export const roleName = name(64);
export const policyName = name(128);

const pathSentence = (member: string) =>
  `The specified value for ${member} is invalid. It must begin and end with / and contain only alphanumeric ` +
  'characters and/or / characters.';

/** `/` or `/team/ops/` */
export const path = text({ max: 512, pattern: /^(\/|\/[\u0021-\u007e]+\/)$/, sentence: pathSentence });
export const policyPath = text({
  max: 512,
  pattern: /^((\/[A-Za-z0-9.,+@=_-]+)*)\/$/,
  sentence: pathSentence,
});
/** `/team`, `/team/` */
export const pathPrefix = text({
  max: 512,
  pattern: /^\/[\u0021-\u007f]*$/,
  spelled: '\\u002F[\\u0021-\\u007F]*',
});

export const policyDocument = text({
  max: 131_072,
  pattern: /^[\t\n\r\u0020-\u00ff]+$/,
  sentence: (member) =>
    `The specified value for ${member} is invalid. It must contain only printable ASCII characters.`,
});

export const arn = text({ min: 20, max: 2_048 });
export const accessKeyId = text({ min: 16, max: 128, pattern: /^\w+$/, spelled: '[\\w]+' });
export const versionId = text({
  max: 32,
  pattern: /^v[1-9][0-9]*(\.[A-Za-z0-9-]*)?$/,
  spelled: 'v[1-9][0-9]*(\\.[A-Za-z0-9-]*)?',
});
export const password = text({
  max: 128,
  pattern: /^[\t\n\r\u0020-\u00ff]+$/,
  spelled: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+',
  isSecret: true,
});
export const roleDescription = text({
  min: 0,
  max: 1_000,
  pattern: /^[\t\n\r\u0020-\u007e\u00a1-\u00ff]*$/,
  spelled: '[\\u0009\\u000A\\u000D\\u0020-\\u007E\\u00A1-\\u00FF]*',
});
export const policyDescription = text({ min: 0, max: 1_000 });
export const maxSessionDuration = integer({ min: 3_600, max: 43_200 });
export const accountAlias = text({
  min: 3,
  max: 63,
  pattern: /^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$/,
  spelled: '^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$',
});
export const keyStatus = oneOf(['Active', 'Inactive', 'Expired']);

const tagKey = text({
  max: 128,
  pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]+$/u,
  spelled: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]+',
});
const tagValue = text({
  min: 0,
  max: 256,
  pattern: /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u,
  spelled: '[\\p{L}\\p{Z}\\p{N}_.:/=+\\-@]*',
});
export const tags = list(structure({ Key: required(tagKey), Value: required(tagValue) }), {
  max: iamQuotas.tagsPerEntity,
});
export const tagKeys = list(tagKey, { max: iamQuotas.tagsPerEntity });

export const isOn = boolean;

/** Members of every operation that answers in pages. */
export const paging = {
  // AWS allows 320 characters; names of policies with their path need more in ours.
  Marker: text({ max: 2_048, pattern: /^[\u0020-\u00ff]+$/, spelled: '[\\u0020-\\u00FF]+' }),
  MaxItems: integer({ min: 1, max: 1_000 }),
};
