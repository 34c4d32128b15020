import { XMLParser } from 'fast-xml-parser';
import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import { Budget, isObject } from './json-value.ts';
import { readPlainXml } from './plain-xml.ts';

/** A document as the name of its root and what is in it. */
export interface XmlDocument {
  readonly root: string;
  /** Elements in the manner of `org.json`, which CloudTrail's records show; see `parseXml`. */
  readonly content: Json;
}

/** Deeper than any document that AWS takes. */
const NESTED_TAGS_MAX = 100;
const TEXT = '#text';
const CDATA = '#cdata';
const ATTRIBUTES = ':@';

/** A node of the parser: one element or text, and beside it the attributes. */
type Node = Readonly<Record<string, unknown>>;

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: '',
  parseTagValue: false,
  parseAttributeValue: false,
  trimValues: false,
  textNodeName: TEXT,
  cdataPropName: CDATA,
  // Entities of the document are never looked up, so that none can grow; see `decodeEntities`.
  processEntities: false,
  ignoreDeclaration: true,
  ignorePiTags: true,
  strictReservedNames: false,
  maxNestedTags: NESTED_TAGS_MAX,
  onDangerousProperty: (name: string) => name,
});

/**
 * Parses a document: an element without attributes and children is its text, an empty one `""`; repeated
 * children are a list; attributes are members beside the children; text beside either is a member `content`.
 * All leaves are strings. Undefined for what is not one whole document, nests too deep, or declares entities.
 *
 *     parseXml('<A x="1"><B>b</B><B/></A>') // { root: 'A', content: { x: '1', B: ['b', ''] } }
 */
export function parseXml(text: string): XmlDocument | undefined {
  // No AWS document has a DTD, and parsers disagree about what one means.
  if (!/^\s*</.test(text) || hasDeclaration(text)) return undefined;
  try {
    return readPlainXml(text, { budget: new Budget(), decodeEntities }) ?? parseAnyXml(text);
  } catch {
    // Not well-formed or over a bound: recorded as a body that could not be read.
    return undefined;
  }
}

function hasDeclaration(text: string): boolean {
  return text.includes('<!') && /<!(?:DOCTYPE|ENTITY)/i.test(text);
}

/** Any document, by the full parser; throws for what is not well-formed. */
export function parseAnyXml(text: string): XmlDocument | undefined {
  const nodes = parser.parse(text) as readonly Node[];
  const elements = nodes.filter((node) => nameOf(node) !== TEXT);
  const [root] = elements;
  if (root === undefined || elements.length !== 1) return undefined;
  return { root: nameOf(root), content: contentOf(root, 0, new Budget()) };
}

function nameOf(node: Node): string {
  for (const name of Object.keys(node)) if (name !== ATTRIBUTES) return name;
  return TEXT;
}

function contentOf(node: Node, depth: number, budget: Budget): Json {
  budget.spend(depth);
  const members = new Map<string, Json>();
  for (const [name, value] of Object.entries((node[ATTRIBUTES] ?? {}) as Record<string, unknown>)) {
    members.set(name, decodeEntities(String(value)));
  }
  let content = '';
  let children = 0;
  for (const child of node[nameOf(node)] as readonly Node[]) {
    const name = nameOf(child);
    if (name === TEXT) {
      content += decodeEntities(String(child[TEXT]));
      continue;
    }
    if (name === CDATA) {
      for (const part of child[CDATA] as readonly Node[]) content += String(part[TEXT]);
      continue;
    }
    children++;
    add(members, name, contentOf(child, depth + 1, budget));
  }
  if (members.size === 0) return content;
  // Between elements stands only layout.
  if (children === 0 ? content !== '' : content.trim() !== '') add(members, 'content', content);
  members.delete('__proto__');
  return Object.fromEntries(
    [...members].map(([name, value]) => [name, value instanceof Repeated ? value.list : value]),
  );
}

/** Children of one name, told from an element whose content happens to be a list. */
class Repeated {
  readonly list: Json[];

  constructor(list: Json[]) {
    this.list = list;
  }
}

function add(members: Map<string, Json | Repeated>, name: string, value: Json): void {
  const known = members.get(name);
  if (known === undefined) members.set(name, value);
  else if (known instanceof Repeated) known.list.push(value);
  else members.set(name, new Repeated([known, value]));
}

const NAMED_ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The five entities of XML and references to characters; anything else stays as it is. */
function decodeEntities(text: string): string {
  if (!text.includes('&')) return text;
  return text.replace(/&(?:#x([0-9A-Fa-f]{1,6})|#(\d{1,7})|(\w{2,4}));/g, (whole, hex, decimal, name) => {
    if (name !== undefined)
      return Object.hasOwn(NAMED_ENTITIES, name) ? (NAMED_ENTITIES[name] ?? whole) : whole;
    const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

/** A member of an element's content, by its name without namespace prefix; the first where it is repeated. */
export function child(content: Json | undefined, name: string): Json | undefined {
  if (!isObject(content)) return undefined;
  const value = Object.hasOwn(content, name) ? content[name] : undefined;
  return Array.isArray(value) ? (value as readonly Json[])[0] : value;
}

/** The text of a member, whether or not it has attributes. */
export function childText(content: Json | undefined, name: string): string | undefined {
  const value = child(content, name);
  if (typeof value === 'string') return value;
  const inner = child(value, 'content');
  return typeof inner === 'string' ? inner : undefined;
}

/** Content without the declarations of namespaces, which are no members. */
export function withoutNamespaces(content: Json | undefined): JsonObject | undefined {
  if (!isObject(content)) return undefined;
  if (!Object.hasOwn(content, 'xmlns')) return content;
  const { xmlns: _namespace, ...members } = content;
  return members;
}
