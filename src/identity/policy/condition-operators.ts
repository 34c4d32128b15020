import ipaddr from 'ipaddr.js';
import type { RequestContext } from './access-request.ts';
import { compileArn } from './arn-pattern.ts';
import { malformedPolicy } from './malformed-policy.ts';
import { compileText, type PatternToken, type TextMatcher, tokenise } from './text-pattern.ts';

/** Compiles one value of a condition. Throws `MalformedPolicyDocument` for one that can never be meant. */
export type ValueCompiler = (value: string, hasVariables: boolean) => TextMatcher;

export interface ConditionOperator {
  readonly compile: ValueCompiler;
  /** `…Not…`: holds when no value matches. */
  readonly isNegated: boolean;
}

const stringEquals: ValueCompiler = (value, hasVariables) =>
  compileText(tokenise(value, { hasVariables, hasWildcards: false }));

const stringLike: ValueCompiler = (value, hasVariables) =>
  compileText(tokenise(value, { hasVariables, hasWildcards: true }));

const stringEqualsIgnoreCase: ValueCompiler = (value, hasVariables) => {
  const tokens = tokenise(value, { hasVariables, hasWildcards: false });
  const matches = compileText(tokens.map(lowerCase));
  if (tokens.every((token) => typeof token === 'string'))
    return (text) => matches(text.toLowerCase(), NOTHING);
  return (text, context) => matches(text.toLowerCase(), new LowerCaseContext(context));
};

const arnLike: ValueCompiler = (value, hasVariables) =>
  compileArn(tokenise(value, { hasVariables, hasWildcards: true }));

/** Policy variables stand in it, but no wildcards; without a variable it can only be one of the two. */
const bool: ValueCompiler = (value, hasVariables) => {
  if (!(hasVariables && value.includes('${')) && !/^(true|false)$/i.test(value)) throw malformedPolicy();
  return stringEqualsIgnoreCase(value, hasVariables);
};

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/; // QmluYXJ5

const binaryEquals: ValueCompiler = (value) => {
  if (!BASE64.test(value)) throw malformedPolicy();
  return (text) => text === value;
};

type Comparison = (given: number, expected: number) => boolean;

const equal: Comparison = (given, expected) => given === expected;
const less: Comparison = (given, expected) => given < expected;
const lessOrEqual: Comparison = (given, expected) => given <= expected;
const greater: Comparison = (given, expected) => given > expected;
const greaterOrEqual: Comparison = (given, expected) => given >= expected;

/** What is no number in the request compares as false with everything, as NaN does. */
function comparison(read: (text: string) => number, compare: Comparison): ValueCompiler {
  return (value) => {
    const expected = read(value);
    if (Number.isNaN(expected)) throw malformedPolicy();
    return (text) => compare(read(text), expected);
  };
}

const DECIMAL = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/; // -12.5

function readNumber(text: string): number {
  return DECIMAL.test(text) ? Number(text) : Number.NaN;
}

/** The forms of ISO 8601 that the W3C note on dates has: `2026`, `2026-11-21`, `2026-11-21T07:30Z`, `…:00.5+01:00`. */
const ISO_DATE = /^\d{4}(?:-\d\d(?:-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d))?)?)?$/;
const EPOCH_SECONDS = /^\d{5,13}(?:\.\d+)?$/; // 1795332600

/** Milliseconds since 1970 UTC; NaN for what is no moment. */
function readDate(text: string): number {
  if (ISO_DATE.test(text)) return Date.parse(text);
  return EPOCH_SECONDS.test(text) ? Number(text) * 1000 : Number.NaN;
}

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** `203.0.113.0/24`, `2001:DB8::/32`, a single address of either kind. */
const ipAddress: ValueCompiler = (value) => {
  const [network, prefix] = readRange(value);
  return (text) => {
    const address = readAddress(text);
    return address !== undefined && address.kind() === network.kind() && address.match(network, prefix);
  };
};

function readRange(value: string): [Address, number] {
  const slash = value.indexOf('/');
  const address = readAddress(slash < 0 ? value : value.slice(0, slash));
  const bits = address?.kind() === 'ipv6' ? 128 : 32;
  const prefix = slash < 0 ? bits : readNumber(value.slice(slash + 1));
  if (address === undefined || !Number.isInteger(prefix) || prefix < 0 || prefix > bits) {
    throw malformedPolicy();
  }
  return [address, prefix];
}

/** Addresses of IPv4 that come in the form of IPv6 (`::ffff:192.0.2.1`) are taken as what they are. */
function readAddress(text: string): Address | undefined {
  if (ipaddr.IPv4.isValidFourPartDecimal(text)) return ipaddr.IPv4.parse(text);
  if (!text.includes(':') || text.includes('%') || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress() ? address.toIPv4Address() : address;
}

const NOTHING: RequestContext = new Map();

function lowerCase(token: PatternToken): PatternToken {
  if (typeof token === 'string') return token.toLowerCase();
  if (!('variable' in token)) return token;
  return { ...token, fallback: token.fallback?.toLowerCase() };
}

/** A context whose values are read in lower case. */
class LowerCaseContext extends Map<string, readonly string[]> {
  readonly #context: RequestContext;

  constructor(context: RequestContext) {
    super();
    this.#context = context;
  }

  override get(key: string): readonly string[] | undefined {
    return this.#context.get(key)?.map((value) => value.toLowerCase());
  }
}

const plain = (compile: ValueCompiler): ConditionOperator => ({ compile, isNegated: false });
const negated = (compile: ValueCompiler): ConditionOperator => ({ compile, isNegated: true });

/** Every operator of the policy language but `Null`, by its name without set operator and `IfExists`. */
export const CONDITION_OPERATORS: ReadonlyMap<string, ConditionOperator> = new Map([
  ['StringEquals', plain(stringEquals)],
  ['StringNotEquals', negated(stringEquals)],
  ['StringEqualsIgnoreCase', plain(stringEqualsIgnoreCase)],
  ['StringNotEqualsIgnoreCase', negated(stringEqualsIgnoreCase)],
  ['StringLike', plain(stringLike)],
  ['StringNotLike', negated(stringLike)],
  ['NumericEquals', plain(comparison(readNumber, equal))],
  ['NumericNotEquals', negated(comparison(readNumber, equal))],
  ['NumericLessThan', plain(comparison(readNumber, less))],
  ['NumericLessThanEquals', plain(comparison(readNumber, lessOrEqual))],
  ['NumericGreaterThan', plain(comparison(readNumber, greater))],
  ['NumericGreaterThanEquals', plain(comparison(readNumber, greaterOrEqual))],
  ['DateEquals', plain(comparison(readDate, equal))],
  ['DateNotEquals', negated(comparison(readDate, equal))],
  ['DateLessThan', plain(comparison(readDate, less))],
  ['DateLessThanEquals', plain(comparison(readDate, lessOrEqual))],
  ['DateGreaterThan', plain(comparison(readDate, greater))],
  ['DateGreaterThanEquals', plain(comparison(readDate, greaterOrEqual))],
  ['Bool', plain(bool)],
  ['BinaryEquals', plain(binaryEquals)],
  ['IpAddress', plain(ipAddress)],
  ['NotIpAddress', negated(ipAddress)],
  ['ArnEquals', plain(arnLike)],
  ['ArnNotEquals', negated(arnLike)],
  ['ArnLike', plain(arnLike)],
  ['ArnNotLike', negated(arnLike)],
]);
