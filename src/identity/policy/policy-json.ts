import { malformedPolicy } from './malformed-policy.ts';

/**
 * JSON as a policy has it. Members are kept in a `Map`, so that a name such as `__proto__` is a name like any other;
 * numbers keep the spelling of the document.
 */
export type PolicyJson =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'number' | 'boolean'; readonly value: string }
  | { readonly kind: 'null' }
  | { readonly kind: 'array'; readonly items: readonly PolicyJson[] }
  | PolicyJsonObject;

export interface PolicyJsonObject {
  readonly kind: 'object';
  readonly members: ReadonlyMap<string, PolicyJson>;
  /**
   * Where the answers of AWS's simulations say that it starts: behind the bracket or comma before it in an array, behind
   * its own brace elsewhere. An offset in the text.
   */
  readonly start: number;
  /** Offset behind the closing brace. */
  readonly end: number;
}

/** Levels of arrays and objects in one another. A policy needs seven; the bound keeps hostile text off the stack. */
const DEPTH_MAX = 12;

const NOT_JSON = 'This policy contains invalid Json';

const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y; // -12.5e3
const SPACE = /[ \t\r\n]*/y;
const WORDS = new Map<string, PolicyJson>([
  ['true', { kind: 'boolean', value: 'true' }],
  ['false', { kind: 'boolean', value: 'false' }],
  ['null', { kind: 'null' }],
]);

/**
 * Reads one JSON value. Unlike `JSON.parse` it refuses an object with two members of one name, of which a reader
 * could only ever see one. Throws `MalformedPolicyDocument`.
 */
export function parsePolicyJson(text: string): PolicyJson {
  const reader = new PolicyJsonReader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

class PolicyJsonReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): PolicyJson {
    if (depth > DEPTH_MAX) throw malformedPolicy(NOT_JSON);
    this.#space();
    switch (this.#text[this.#at]) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return { kind: 'string', value: this.#string() };
      default:
        return this.#scalar();
    }
  }

  end(): void {
    this.#space();
    if (this.#at !== this.#text.length) throw malformedPolicy(NOT_JSON);
  }

  #object(depth: number): PolicyJsonObject {
    this.#at += 1;
    const start = this.#at;
    const members = new Map<string, PolicyJson>();
    if (!this.#skip('}')) {
      do {
        this.#space();
        const name = this.#string();
        if (members.has(name)) throw malformedPolicy();
        if (!this.#skip(':')) throw malformedPolicy(NOT_JSON);
        members.set(name, this.value(depth + 1));
      } while (this.#skip(','));
      if (!this.#skip('}')) throw malformedPolicy(NOT_JSON);
    }
    return { kind: 'object', members, start, end: this.#at };
  }

  #array(depth: number): PolicyJson {
    const items: PolicyJson[] = [];
    this.#at += 1;
    let start = this.#at;
    if (this.#skip(']')) return { kind: 'array', items };
    for (;;) {
      const item = this.value(depth + 1);
      items.push(item.kind === 'object' ? { ...item, start } : item);
      if (!this.#skip(',')) break;
      start = this.#at;
    }
    if (!this.#skip(']')) throw malformedPolicy(NOT_JSON);
    return { kind: 'array', items };
  }

  #string(): string {
    if (this.#text[this.#at] !== '"') throw malformedPolicy(NOT_JSON);
    let end = this.#at + 1;
    while (end < this.#text.length && this.#text[end] !== '"') end += this.#text[end] === '\\' ? 2 : 1;
    const source = this.#text.slice(this.#at, end + 1);
    this.#at = end + 1;
    try {
      return JSON.parse(source) as string;
    } catch (cause) {
      throw malformedPolicy(NOT_JSON, cause);
    }
  }

  #scalar(): PolicyJson {
    for (const [word, value] of WORDS) {
      if (!this.#text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    const number = this.#take(NUMBER);
    if (number === '') throw malformedPolicy(NOT_JSON);
    return { kind: 'number', value: number };
  }

  #skip(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #space(): void {
    this.#take(SPACE);
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }
}
