import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Budget } from './json-value.ts';
import { readPlainXml } from './plain-xml.ts';
import { parseAnyXml, parseXml } from './xml.ts';

const names = fc.constantFrom(
  'A',
  'User',
  'member',
  'content',
  'constructor',
  'toString',
  '_x.y-1',
  '__proto__',
);
const texts = fc.oneof(
  fc.constantFrom(
    '',
    ' ',
    '\n  ',
    'a',
    'a b ',
    ' &lt;x&gt; ',
    '&#65;&amp;',
    'a > b',
    ']]>',
    '"',
    "it's",
    'é',
    '1.0',
  ),
  fc.string({ maxLength: 6 }).map((text) => text.replaceAll('<', '')),
);
const attributes = fc
  .array(fc.tuple(fc.constantFrom('xmlns', 'xsi:type', 'x', 'content', '__proto__'), texts), { maxLength: 2 })
  .map((list) => list.map(([name, value]) => ` ${name}="${value}"`).join(''));

const { element } = fc.letrec<{ element: string }>((tie) => ({
  element: fc
    .tuple(
      names,
      attributes,
      fc.array(fc.oneof({ depthSize: 'small' }, texts, tie('element')), { maxLength: 5 }),
    )
    .map(([name, attribute, children]) => {
      const content = children.join('');
      return content === '' ? `<${name}${attribute}/>` : `<${name}${attribute}>${content}</${name}>`;
    }),
}));
const documents = fc
  .tuple(
    fc.constantFrom('', '\n', '<?xml version="1.0" encoding="UTF-8"?>\n', '<?xml version="1.0"?>'),
    element,
    texts,
  )
  .map(([prologue, root, tail]) => `${prologue}${root}${tail.trim() === '' ? tail : ''}`);

/** What the full parser says; undefined where it refuses. */
function full(text: string) {
  try {
    return parseAnyXml(text);
  } catch {
    // Not well-formed.
    return undefined;
  }
}

test('what the plain reader reads, it reads as the full parser does', () => {
  let readCount = 0;
  fc.assert(
    fc.property(documents, (text) => {
      const plain = readPlainXml(text, { budget: new Budget(), decodeEntities: (part) => part });
      if (plain !== undefined) readCount += 1;
      assert.deepEqual(parseXml(text), full(text));
    }),
    { numRuns: 3_000 },
  );
  assert.ok(readCount > 500, `only ${readCount} documents were plain`);
});

test('a plain document that is damaged anywhere is read as the full parser does, or not at all', () => {
  const damage = fc.constantFrom(
    '',
    '<',
    '>',
    '/',
    '"',
    '&',
    ' ',
    '\r',
    '<!--',
    '-->',
    '<![CDATA[',
    '<?x?>',
    '</A>',
    '=',
  );
  fc.assert(
    fc.property(documents, fc.nat(), fc.nat(3), damage, (document, seed, taken, put) => {
      const at = seed % (document.length + 1);
      const text = document.slice(0, at) + put + document.slice(at + taken);
      if (/<!(?:DOCTYPE|ENTITY)/i.test(text) || !/^\s*</.test(text)) return;
      assert.deepEqual(parseXml(text), full(text));
    }),
    { numRuns: 5_000 },
  );
});
