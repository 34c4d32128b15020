import type { Json } from '../../../model/cloudtrail-event.ts';
import type { Budget } from './json-value.ts';

/** `<?xml version="1.0" encoding="UTF-8"?>` and the blanks around it. */
const PROLOGUE =
  /^\s*(?:<\?xml version="1\.[01]"(?: encoding="[A-Za-z0-9_.-]+")?(?: standalone="(?:yes|no)")? ?\?>)?\s*/;
/** A start tag with attributes in quotes: `<User id="1">`, `<Path/>`. ASCII names only. */
const TAG =
  /<([A-Za-z_][A-Za-z0-9_.-]*)((?:[ \t\n]+[A-Za-z_][A-Za-z0-9_.:-]*="[^"<>&\t\n]*")*)[ \t\n]*(\/?)>/y;
const ATTRIBUTE = /([A-Za-z_][A-Za-z0-9_.:-]*)="([^"]*)"/g;
/** Deeper documents are left to the full parser, which knows how deep is too deep. */
const DEPTH_MAX = 64;
/** The only attribute of most documents, at their root. */
const NAMESPACE = ' xmlns="';
const NAMESPACE_NAME = /^[^"<>&\t\n]*$/;
const LESS_THAN = 0x3c;
const GREATER_THAN = 0x3e;
const SLASH = 0x2f;

interface Element {
  readonly name: string;
  /** Undefined while it has neither attributes nor children. */
  members: Record<string, Json> | undefined;
  /** Names that came more than once, whose member is a list of ours. */
  repeated: Set<string> | undefined;
  text: string;
  childrenCount: number;
}

/** What the scanner came to; `undefined` as a whole when the document needs the full parser. */
export interface PlainXml {
  readonly root: string;
  readonly content: Json;
}

/**
 * Reads the plain documents that AWS answers with: elements, attributes in double quotes, text. Undefined for anything
 * else, well-formed or not (comments, CDATA, instructions, prefixes, doctypes, errors), which the full parser then judges.
 * What it reads, it reads as the full parser does, at a tenth of the time; a property test holds the two together.
 * Throws what `budget` throws.
 */
export function readPlainXml(
  text: string,
  options: { readonly budget: Budget; readonly decodeEntities: (text: string) => string },
): PlainXml | undefined {
  // The full parser makes line feeds of carriage returns.
  if (text.includes('\r')) return undefined;
  const { budget, decodeEntities } = options;
  const stack: Element[] = [];
  let place = PROLOGUE.exec(text)?.[0].length ?? 0;
  let current: Element | undefined;
  for (;;) {
    if (text.charCodeAt(place) !== LESS_THAN) return undefined;
    let closed: Element | undefined;
    const isEndTag = text.charCodeAt(place + 1) === SLASH;
    if (isEndTag) {
      const end = current === undefined ? -1 : endTagEnd(text, place + 2, current.name);
      if (end < 0) return undefined;
      place = end;
      closed = current;
    } else {
      const tag = readStartTag(text, place);
      if (tag === undefined) return undefined;
      place = tag.end;
      budget.spend(stack.length);
      const element = begin(tag.name, tag.attributes);
      if (element === undefined || stack.length > DEPTH_MAX) return undefined;
      if (tag.isSelfClosing) closed = element;
      else {
        if (current !== undefined) stack.push(current);
        current = element;
      }
    }
    if (closed !== undefined) {
      const parent = isEndTag ? stack.pop() : current;
      const content = contentOf(closed);
      if (parent === undefined) {
        return isBlank(text, place) ? { root: closed.name, content } : undefined;
      }
      parent.childrenCount += 1;
      add(parent, closed.name, content);
      current = parent;
    }
    const next = text.indexOf('<', place);
    if (next < 0 || current === undefined) return undefined;
    if (next > place) current.text += decodeEntities(text.slice(place, next));
    place = next;
  }
}

interface StartTag {
  readonly name: string;
  readonly attributes: string;
  readonly isSelfClosing: boolean;
  /** Where the text behind it begins. */
  readonly end: number;
}

/** Most tags are a name alone, which the expression would cost more to read than the rest of the document. */
function readStartTag(text: string, place: number): StartTag | undefined {
  const nameEnd = endOfName(text, place + 1);
  const next = text.charCodeAt(nameEnd);
  if (nameEnd > place + 1 && next === GREATER_THAN) {
    return { name: text.slice(place + 1, nameEnd), attributes: '', isSelfClosing: false, end: nameEnd + 1 };
  }
  const namespaceEnd = endOfNamespace(text, nameEnd);
  if (nameEnd > place + 1 && namespaceEnd > 0) {
    const attributes = text.slice(nameEnd, namespaceEnd);
    return { name: text.slice(place + 1, nameEnd), attributes, isSelfClosing: false, end: namespaceEnd + 1 };
  }
  TAG.lastIndex = place;
  const tag = TAG.exec(text);
  if (tag === null) return undefined;
  const [whole, name = '', attributes = '', selfClosing] = tag;
  return { name, attributes, isSelfClosing: selfClosing === '/', end: place + whole.length };
}

/** Where ` xmlns="…"` ends, if nothing but it stands from a place to the end of the tag; -1 otherwise. */
function endOfNamespace(text: string, from: number): number {
  if (!text.startsWith(NAMESPACE, from)) return -1;
  const end = text.indexOf('"', from + NAMESPACE.length) + 1;
  if (end === 0 || text.charCodeAt(end) !== GREATER_THAN) return -1;
  return NAMESPACE_NAME.test(text.slice(from + NAMESPACE.length, end - 1)) ? end : -1;
}

/** Where the text behind `</name>` begins, of which the name begins at `from`; -1 where something else stands there. */
function endTagEnd(text: string, from: number, name: string): number {
  if (!text.startsWith(name, from)) return -1;
  let place = from + name.length;
  while (isLayout(text.charCodeAt(place))) place += 1;
  return text.charCodeAt(place) === GREATER_THAN ? place + 1 : -1;
}

function isLayout(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a;
}

/** Where a name ends that begins at `from`; `from` where none does. */
function endOfName(text: string, from: number): number {
  if (!isNameStart(text.charCodeAt(from))) return from;
  let place = from + 1;
  while (isNamePart(text.charCodeAt(place))) place += 1;
  return place;
}

/** `A` to `Z`, `a` to `z`, `_`. */
function isNameStart(code: number): boolean {
  return (code >= 0x61 && code <= 0x7a) || (code >= 0x41 && code <= 0x5a) || code === 0x5f;
}

/** The same, and digits, `.` and `-`. */
function isNamePart(code: number): boolean {
  return isNameStart(code) || (code >= 0x30 && code <= 0x39) || code === 0x2e || code === 0x2d;
}

/** Names that the full parser refuses. */
function isRefusedName(name: string): boolean {
  return name === '__proto__' || name === 'constructor' || name === 'prototype';
}

function begin(name: string, attributes: string): Element | undefined {
  const element: Element = { name, members: undefined, repeated: undefined, text: '', childrenCount: 0 };
  if (isRefusedName(name)) return undefined;
  if (attributes === '') return element;
  if (
    attributes.startsWith(NAMESPACE) &&
    attributes.indexOf('"', NAMESPACE.length) === attributes.length - 1
  ) {
    element.members = { xmlns: attributes.slice(NAMESPACE.length, -1) };
    return element;
  }
  const members: Record<string, Json> = {};
  for (const [, attribute = '', value = ''] of attributes.matchAll(ATTRIBUTE)) {
    // Twice the same is an error, which is not ours to judge.
    if (isRefusedName(attribute) || Object.hasOwn(members, attribute)) return undefined;
    members[attribute] = value;
  }
  element.members = members;
  return element;
}

function contentOf(element: Element): Json {
  const { members, text } = element;
  if (members === undefined) return text;
  // Between elements stands only layout.
  if (element.childrenCount === 0 ? text !== '' : text.trim() !== '') add(element, 'content', text);
  return members;
}

function add(element: Element, name: string, value: Json): void {
  element.members ??= {};
  const { members } = element;
  if (!Object.hasOwn(members, name)) members[name] = value;
  else if (element.repeated?.has(name)) (members[name] as Json[]).push(value);
  else {
    element.repeated ??= new Set();
    element.repeated.add(name);
    members[name] = [members[name] as Json, value];
  }
}

function isBlank(text: string, from: number): boolean {
  return text.slice(from).trim() === '';
}
