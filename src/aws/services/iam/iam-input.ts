import { iamError } from '../../../identity/iam/iam-error.ts';
import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';

/** What is wrong with an input, in the words of the service; all of it is told at once. */
interface InputProblems {
  /** `Value 'x' at 'userName' failed to satisfy constraint: …` */
  add(constraint: string): void;
}

/** Reads one member of an input. */
export interface Member<T> {
  /** `name` as messages have it: `userName`, `tags.1.member.key`. */
  read(value: Json | undefined, name: string, problems: InputProblems): T | undefined;
  readonly isRequired: boolean;
}

export type InputShape = Readonly<Record<string, Member<unknown>>>;

export type InputOf<S extends InputShape> = {
  readonly [K in keyof S]: S[K] extends RequiredMember<infer T>
    ? T
    : S[K] extends Member<infer T>
      ? T | undefined
      : never;
};

interface RequiredMember<T> extends Member<T> {
  readonly isRequired: true;
}

/** Values longer than this are not repeated in a message. */
const SHOWN_LENGTH_MAX = 512;
const PROBLEMS_MAX = 10;

/** Reads an input as its shape says. Throws `ValidationError` in the words of IAM, or `MalformedInput`. */
export function readInput<S extends InputShape>(shape: S, input: JsonObject): InputOf<S> {
  const constraints: string[] = [];
  const problems = { add: (constraint: string) => void constraints.push(constraint) };
  const members = Object.entries(shape).map(([name, member]) => {
    const value = Object.hasOwn(input, name) ? input[name] : undefined;
    return [name, readMember(member, value, { name: lowerFirst(name), problems })] as const;
  });
  if (constraints.length > 0) throw validationError(constraints);
  return Object.fromEntries(members) as InputOf<S>;
}

function validationError(constraints: readonly string[]): Error {
  const count = constraints.length;
  const shown = constraints.slice(0, PROBLEMS_MAX).join('; ');
  return iamError('ValidationError', `${count} validation error${count === 1 ? '' : 's'} detected: ${shown}`);
}

export function required<T>(member: Member<T>): RequiredMember<T> {
  return { ...member, isRequired: true };
}

/** A member that an operation does not have but another of its family has. */
export const absentMember: Member<string> = { isRequired: false, read: () => undefined };

interface TextLimits {
  readonly min?: number;
  readonly max: number;
  /** Of the whole text. */
  readonly pattern?: RegExp;
  /** As the service spells the pattern. */
  readonly spelled?: string;
  /** What the service says instead where the pattern does not hold; the whole message. */
  readonly sentence?: (name: string) => string;
  /** Never repeated in a message. */
  readonly isSecret?: boolean;
}

export function text(limits: TextLimits): Member<string> {
  const { min = 1, max, pattern } = limits;
  return {
    isRequired: false,
    read(value, name, problems) {
      const given = leaf(value, name);
      if (given === undefined) return undefined;
      const fail = (what: string) =>
        problems.add(`${shownValue(given, limits)} at '${name}' failed to satisfy constraint: ${what}`);
      if (given.length > max) fail(`Member must have length less than or equal to ${max}`);
      if (given.length < min) fail(`Member must have length greater than or equal to ${min}`);
      if (given.length <= max && pattern !== undefined && !pattern.test(given)) {
        if (limits.sentence !== undefined) throw iamError('ValidationError', limits.sentence(name));
        fail(`Member must satisfy regular expression pattern: ${limits.spelled ?? pattern.source}`);
      }
      return given;
    },
  };
}

export function integer(limits: { readonly min: number; readonly max: number }): Member<number> {
  return {
    isRequired: false,
    read(value, name, problems) {
      const given = leaf(value, name);
      if (given === undefined) return undefined;
      if (!/^[+-]?\d{1,15}$/.test(given)) throw malformed(`${name} must be an integer`);
      const number = Number(given);
      const fail = (what: string) =>
        problems.add(`Value '${number}' at '${name}' failed to satisfy constraint: ${what}`);
      if (number > limits.max) fail(`Member must have value less than or equal to ${limits.max}`);
      if (number < limits.min) fail(`Member must have value greater than or equal to ${limits.min}`);
      return number;
    },
  };
}

export const boolean: Member<boolean> = {
  isRequired: false,
  read(value, name) {
    const given = leaf(value, name)?.toLowerCase();
    if (given === undefined) return undefined;
    if (given !== 'true' && given !== 'false') throw malformed(`${name} must be true or false`);
    return given === 'true';
  },
};

export function oneOf<const T extends string>(values: readonly T[]): Member<T> {
  return {
    isRequired: false,
    read(value, name, problems) {
      const given = leaf(value, name);
      if (given === undefined) return undefined;
      const known = values.find((candidate) => candidate === given);
      if (known === undefined) {
        const shown = shownValue(given, {});
        const what = `Member must satisfy enum value set: [${values.join(', ')}]`;
        problems.add(`${shown} at '${name}' failed to satisfy constraint: ${what}`);
      }
      return known;
    },
  };
}

export function list<T>(item: Member<T>, limits: { readonly max: number }): Member<T[]> {
  return {
    isRequired: false,
    read(value, name, problems) {
      if (value === undefined) return undefined;
      // `Tags=`: how clients send a list that is empty.
      if (value === '') return [];
      if (!Array.isArray(value)) throw malformed(`${name} must be a list`);
      const items = value as readonly Json[];
      if (items.length > limits.max) {
        const what = `Member must have length less than or equal to ${limits.max}`;
        problems.add(`Value at '${name}' failed to satisfy constraint: ${what}`);
        return undefined;
      }
      return items
        .map((entry, n) => readMember(item, entry, { name: `${name}.${n + 1}.member`, problems }))
        .filter((entry) => entry !== undefined);
    },
  };
}

export function structure<S extends InputShape>(shape: S): Member<InputOf<S>> {
  return {
    isRequired: false,
    read(value, name, problems) {
      if (value === undefined) return undefined;
      if (typeof value !== 'object' || value === null || Array.isArray(value)) {
        throw malformed(`${name} must be a structure`);
      }
      const given = value as JsonObject;
      const members = Object.entries(shape).map(([key, member]) => {
        const inner = Object.hasOwn(given, key) ? given[key] : undefined;
        return [key, readMember(member, inner, { name: `${name}.${lowerFirst(key)}`, problems })];
      });
      return Object.fromEntries(members) as InputOf<S>;
    },
  };
}

function readMember<T>(
  member: Member<T>,
  value: Json | undefined,
  { name, problems }: { readonly name: string; readonly problems: InputProblems },
): T | undefined {
  const read = member.read(value, name, problems);
  if (read === undefined && value === undefined && member.isRequired) {
    problems.add(`Value null at '${name}' failed to satisfy constraint: Member must not be null`);
  }
  return read;
}

/** Leaves of the query protocol are text. */
function leaf(value: Json | undefined, name: string): string | undefined {
  if (value === undefined || typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  throw malformed(`${name} must be a single value`);
}

function malformed(what: string): Error {
  return iamError('MalformedInput', what);
}

function shownValue(value: string, { isSecret = false }: { readonly isSecret?: boolean }): string {
  return isSecret || value.length > SHOWN_LENGTH_MAX ? 'Value' : `Value '${value}'`;
}

function lowerFirst(name: string): string {
  return name.slice(0, 1).toLowerCase() + name.slice(1);
}
