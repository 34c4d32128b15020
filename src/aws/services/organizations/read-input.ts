import type { Tag } from '../../../identity/entities.ts';
import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import { isObject } from '../../protocol/deserialise-input.ts';
import { serializationError } from '../../protocol/json-body.ts';
import { constraintViolation, invalidInput } from './organization-errors.ts';

/** Constraints of a text; lengths in characters. */
interface TextRule {
  readonly pattern?: RegExp;
  readonly min?: number;
  readonly max?: number;
}

const unit = 'ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}';
const root = 'r-[0-9a-z]{4,32}';

/** The members of the API that are identifiers. */
export const idRules = {
  account: { pattern: /^\d{12}$/ },
  /** `r-examp`, `ou-examp-example1` */
  parent: { pattern: new RegExp(`^(${root}|${unit})$`) },
  unit: { pattern: new RegExp(`^${unit}$`) },
  root: { pattern: new RegExp(`^${root}$`) },
  /** An account or a unit. */
  child: { pattern: new RegExp(`^(\\d{12}|${unit})$`) },
  /** The root, a unit or an account. */
  target: { pattern: new RegExp(`^(\\d{12}|${root}|${unit})$`) },
  policy: { pattern: /^p-[0-9a-zA-Z_]{8,128}$/ },
  /** What bears tags: the root, a unit, an account or a policy. */
  taggable: { pattern: new RegExp(`^(\\d{12}|${root}|${unit}|p-[0-9a-zA-Z_]{8,128})$`) },
  handshake: { pattern: /^h-[0-9a-z]{8,32}$/ },
  createAccountRequest: { pattern: /^car-[a-z0-9]{8,32}$/ },
  servicePrincipal: { pattern: /^[\w+=,.@-]*$/, min: 1, max: 128 },
} as const satisfies Record<string, TextRule>;

export function requiredText(input: JsonObject, name: string, rule: TextRule): string {
  const text = optionalText(input, name, rule);
  if (text === undefined) throw required(name);
  return text;
}

export function optionalText(input: JsonObject, name: string, rule: TextRule): string | undefined {
  const value = Object.hasOwn(input, name) ? input[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw wrongType(name, 'a String');
  const length = [...value].length;
  if (length < (rule.min ?? 0)) {
    throw invalidInput('MIN_LENGTH_EXCEEDED', `${name} must have at least ${rule.min} characters.`);
  }
  if (length > (rule.max ?? Number.POSITIVE_INFINITY)) {
    throw invalidInput('MAX_LENGTH_EXCEEDED', `${name} must have at most ${rule.max} characters.`);
  }
  if (rule.pattern !== undefined && !rule.pattern.test(value)) {
    throw invalidInput('INVALID_PATTERN', 'You provided a value that does not match the required pattern.');
  }
  return value;
}

export function requiredChoice<Choice extends string>(
  input: JsonObject,
  name: string,
  choices: readonly Choice[],
): Choice {
  const choice = optionalChoice(input, name, choices);
  if (choice === undefined) throw required(name);
  return choice;
}

export function optionalChoice<Choice extends string>(
  input: JsonObject,
  name: string,
  choices: readonly Choice[],
): Choice | undefined {
  const text = optionalText(input, name, {});
  if (text === undefined) return undefined;
  const choice = choices.find((candidate) => candidate === text);
  if (choice !== undefined) return choice;
  const reason = choices === (policyTypes as readonly string[]) ? 'INVALID_ENUM_POLICY_TYPE' : 'INVALID_ENUM';
  throw invalidInput(reason, `You specified an invalid value for ${name}.`);
}

/** The types of policies that AWS has; OpenTrail has the first. */
export const policyTypes = [
  'SERVICE_CONTROL_POLICY',
  'RESOURCE_CONTROL_POLICY',
  'TAG_POLICY',
  'BACKUP_POLICY',
  'AISERVICES_OPT_OUT_POLICY',
  'CHATBOT_POLICY',
  'DECLARATIVE_POLICY_EC2',
  'SECURITYHUB_POLICY',
  'INSPECTOR_POLICY',
  'UPGRADE_ROLLOUT_POLICY',
  'BEDROCK_POLICY',
  'S3_POLICY',
  'NETWORK_SECURITY_DIRECTOR_POLICY',
] as const;

export function optionalList(input: JsonObject, name: string): readonly Json[] | undefined {
  const value = Object.hasOwn(input, name) ? input[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw wrongType(name, 'a list');
  return value;
}

export function requiredObject(input: JsonObject, name: string): JsonObject {
  const value = optionalObject(input, name);
  if (value === undefined) throw required(name);
  return value;
}

export function optionalObject(input: JsonObject, name: string): JsonObject | undefined {
  const value = Object.hasOwn(input, name) ? input[name] : undefined;
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw wrongType(name, 'a structure');
  return value;
}

/** Most tags of one resource: quota of AWS. */
const tagsMax = 50;
/** Letters, separators, digits and `_.:/=+-@`: `team a`. */
const tagPattern = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/** `Tags` as the wire has them; no key twice. */
export function readTags(input: JsonObject): Tag[] {
  const tags = (optionalList(input, 'Tags') ?? []).map((item): Tag => {
    if (!isObject(item)) throw wrongType('Tags', 'a structure');
    const key = requiredText(item, 'Key', { min: 1, max: 128, pattern: tagPattern });
    if (key.toLowerCase().startsWith('aws:')) {
      throw invalidInput('INVALID_SYSTEM_TAGS_PARAMETER', 'Tag keys that begin with aws: are reserved.');
    }
    return { key, value: requiredText(item, 'Value', { max: 256, pattern: tagPattern }) };
  });
  if (new Set(tags.map(({ key }) => key)).size < tags.length) {
    throw invalidInput('DUPLICATE_TAG_KEY', 'A tag key was given more than once.');
  }
  checkTagCount(tags);
  return tags;
}

export function checkTagCount(tags: readonly Tag[]): void {
  if (tags.length <= tagsMax) return;
  throw constraintViolation('MAX_TAG_LIMIT_EXCEEDED', `A resource can have at most ${tagsMax} tags.`);
}

const pageMax = 20;
/** Before what a page ended with, so that other text is known to be no token. */
const tokenPrefix = 'after:';

/** One page of items in the order of their ids, and the token of the next. */
export function pageOf<Item>(
  input: JsonObject,
  items: readonly Item[],
  idOf: (item: Item) => string,
): { readonly items: readonly Item[]; readonly next: { readonly NextToken?: string } } {
  const size = pageSize(input);
  const token = optionalText(input, 'NextToken', { max: 100_000 });
  const after = token === undefined ? undefined : readToken(token);
  const sorted = items
    .filter((item) => after === undefined || idOf(item) > after)
    .sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  const page = sorted.slice(0, size);
  const last = page.at(-1);
  if (last === undefined || sorted.length <= size) return { items: page, next: {} };
  const next = Buffer.from(`${tokenPrefix}${idOf(last)}`).toString('base64url');
  return { items: page, next: { NextToken: next } };
}

function pageSize(input: JsonObject): number {
  const value = input.MaxResults ?? pageMax;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType('MaxResults', 'an Integer');
  if (value < 1) throw invalidInput('MIN_VALUE_EXCEEDED', 'MaxResults must be at least 1.');
  if (value > pageMax) throw invalidInput('MAX_VALUE_EXCEEDED', `MaxResults must be at most ${pageMax}.`);
  return value;
}

function readToken(token: string): string {
  const text = Buffer.from(token, 'base64url').toString();
  if (text.startsWith(tokenPrefix)) return text.slice(tokenPrefix.length);
  throw invalidInput('INVALID_NEXT_TOKEN', 'You provided a NextToken that is not valid.');
}

function required(name: string): Error {
  return invalidInput('INPUT_REQUIRED', `You must include a value for the parameter ${name}.`);
}

function wrongType(name: string, wanted: string): Error {
  return serializationError(`the value at '${name}' can not be converted to ${wanted}`);
}
