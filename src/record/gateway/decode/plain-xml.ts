import type { Json } from '../../../model/cloudtrail-event.ts';
import type { Budget } from './json-value.ts';

/** `<?xml version="1.0" encoding="UTF-8"?>` and the blanks around it. */
const PROLOGUE =
  /^\s*(?:<\?xml version="1\.[01]"(?: encoding="[A-Za-z0-9_.-]+")?(?: standalone="(?:yes|no)")? ?\?>)?\s*/;
/** A start tag with attributes in quotes, or an end tag: `<User id="1">`, `<Path/>`, `</User>`. ASCII names only. */
const TAG =
  /<(\/?)([A-Za-z_][A-Za-z0-9_.-]*)((?:[ \t\n]+[A-Za-z_][A-Za-z0-9_.:-]*="[^"<>&\t\n]*")*)[ \t\n]*(\/?)>/y;
const ATTRIBUTE = /([A-Za-z_][A-Za-z0-9_.:-]*)="([^"]*)"/g;
/** Deeper documents are left to the full parser, which knows how deep is too deep. */
const DEPTH_MAX = 64;
/** Names that the full parser refuses. */
const REFUSED_NAME = /^(?:__proto__|constructor|prototype)$/;

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
    TAG.lastIndex = place;
    const tag = TAG.exec(text);
    if (tag === null) return undefined;
    const [whole, slash, name = '', attributes = '', selfClosing] = tag;
    place += whole.length;
    let closed: Element | undefined;
    if (slash === '/') {
      if (current?.name !== name || attributes !== '' || selfClosing === '/') return undefined;
      closed = current;
    } else {
      budget.spend(stack.length);
      const element = begin(name, attributes);
      if (element === undefined || stack.length > DEPTH_MAX) return undefined;
      if (selfClosing === '/') closed = element;
      else {
        if (current !== undefined) stack.push(current);
        current = element;
      }
    }
    if (closed !== undefined) {
      const parent = slash === '/' ? stack.pop() : current;
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

function begin(name: string, attributes: string): Element | undefined {
  const element: Element = { name, members: undefined, repeated: undefined, text: '', childrenCount: 0 };
  if (REFUSED_NAME.test(name)) return undefined;
  if (attributes === '') return element;
  const members: Record<string, Json> = {};
  for (const [, attribute = '', value = ''] of attributes.matchAll(ATTRIBUTE)) {
    // Twice the same is an error, which is not ours to judge.
    if (REFUSED_NAME.test(attribute) || Object.hasOwn(members, attribute)) return undefined;
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
