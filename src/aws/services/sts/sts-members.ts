import { list, required, structure, text } from '../iam/iam-input.ts';

const WORD = { pattern: /^[\w+=,.@-]*$/, spelled: '[\\w+=,.@-]*' };

export const roleArn = text({ min: 20, max: 2_048 });
export const sessionName = text({ min: 2, max: 64, ...WORD });
export const federatedName = text({ min: 2, max: 32, ...WORD });
export const sourceIdentity = text({ min: 2, max: 64, ...WORD });
export const externalId = text({
  min: 2,
  max: 1_224,
  pattern: /^[\w+=,.@:/-]*$/,
  spelled: '[\\w+=,.@:\\/-]*',
});
export const serialNumber = text({
  min: 9,
  max: 256,
  pattern: /^[\w+=/:,.@-]*$/,
  spelled: '[\\w+=/:,.@-]*',
});
export const tokenCode = text({ min: 6, max: 6, pattern: /^\d*$/, spelled: '[\\d]*', isSecret: true });
export const accessKeyId = text({ min: 16, max: 128, pattern: /^\w*$/, spelled: '[\\w]*' });
export const sessionPolicy = text({
  max: 2_048,
  pattern: /^[\t\n\r\u0020-\u00ff]+$/,
  spelled: '[\\u0009\\u000A\\u000D\\u0020-\\u00FF]+',
});
export const policyArns = list(structure({ arn: required(roleArn) }), { max: 10 });

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
export const sessionTags = list(structure({ Key: required(tagKey), Value: required(tagValue) }), { max: 50 });
export const tagKeys = list(tagKey, { max: 50 });
