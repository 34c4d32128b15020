import assert from 'node:assert/strict';
import { Writable } from 'node:stream';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { readFoundEvent } from '../found-event.ts';
import { csvLine } from './csv.ts';
import { createEventPrinter, OUTPUT_FORMS, type OutputForm } from './event-printer.ts';
import { OutputClosed, TextOutput } from './text-output.ts';
import { visible } from './visible-text.ts';

/** Text with what steers terminals and spreadsheets in it. */
const hostileText = fc
  .array(
    fc.oneof(
      fc.string(),
      fc.constantFrom(
        '\u001b[2J',
        '\u009b31m',
        '\r',
        '\n',
        '\t',
        '\u202e',
        '\u200b',
        '\u0000',
        '\u2028',
        '\ud800',
        '\u{e0041}',
        '"',
        ',',
        '=1+1',
        '@x',
        '-1',
        '+1',
      ),
    ),
    { maxLength: 5 },
  )
  .map((pieces) => pieces.join(''));

// Everything that must never reach a terminal, line feeds aside.
const STEERING =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: controls are what is looked for
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]|[\u{e0000}-\u{e007f}]/u;

async function printed(form: OutputForm, texts: readonly string[], isTerminal: boolean): Promise<string> {
  let output = '';
  const stream = Object.assign(
    new Writable({
      decodeStrings: false,
      write(chunk, _encoding, done) {
        output += String(chunk);
        done();
      },
    }),
    { isTTY: isTerminal, columns: 200 },
  );
  const printer = createEventPrinter(form, new TextOutput(stream, true));
  await printer.print(texts.map((text) => readFoundEvent(foundEvent(text))));
  await printer.end();
  return output;
}

function foundEvent(text: string) {
  const record = {
    eventName: text,
    userIdentity: { arn: text },
    userAgent: text,
    eventTime: '2026-03-02T09:14:05Z',
    n: 1,
  };
  return {
    CloudTrailEvent: JSON.stringify(record).replace('"n":1', '"n":1.00'),
    Username: text,
    Resources: [{ ResourceName: text }],
    Verification: 'signature',
    Origin: 'live',
    RecordedAt: 1_772_442_845.123,
    JournalId: 'j',
    Sequence: 7,
  };
}

/** A reader of RFC 4180 that is not ours to write with. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  let row: string[] = [];
  for (const match of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy)) {
    row.push(match[1] === undefined ? (match[2] ?? '') : match[1].replaceAll('""', '"'));
    if (match[3] === ',') continue;
    rows.push(row);
    row = [];
  }
  return rows;
}

describe('what the command line prints', () => {
  it('cannot steer a terminal in any form, whatever an event holds', async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, fc.constantFrom(...OUTPUT_FORMS), async (text, form) => {
        const output = (await printed(form, [text], true)).replaceAll('\r\n', '\n');
        assert.doesNotMatch(output, STEERING);
      }),
    );
  });

  it('cannot steer a terminal through a table that was piped there', async () => {
    await fc.assert(
      fc.asyncProperty(hostileText, async (text) => {
        const output = await printed('table', [text], false);
        assert.doesNotMatch(output, STEERING);
        assert.equal(output.split('\n').length, 3);
      }),
    );
  });

  it('gives the event byte for byte as ndjson in a pipe, and valid JSON of the same meaning on a terminal', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileText, { minLength: 1, maxLength: 3 }), async (texts) => {
        const raws = texts.map((text) => foundEvent(text).CloudTrailEvent);
        assert.equal(await printed('ndjson', texts, false), raws.map((raw) => `${raw}\n`).join(''));
        const lines = (await printed('ndjson', texts, true)).trimEnd().split('\n');
        assert.deepEqual(
          lines.map((line) => JSON.parse(line)),
          raws.map((raw) => JSON.parse(raw)),
        );
      }),
    );
  });

  it('gives one valid array as json, in which the event keeps the spelling of its numbers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(hostileText, { maxLength: 3 }), fc.boolean(), async (texts, isTerminal) => {
        const output = await printed('json', texts, isTerminal);
        const events = JSON.parse(output) as { event: object; verification: string }[];
        assert.deepEqual(
          events.map(({ event }) => event),
          texts.map((text) => JSON.parse(foundEvent(text).CloudTrailEvent)),
        );
        assert.equal(output.split('"n":1.00').length - 1, texts.length);
      }),
    );
  });

  it('is a CSV that any reader reads back, and in which no cell begins a formula', () => {
    fc.assert(
      fc.property(fc.array(hostileText, { minLength: 1 }), (cells) => {
        const [read] = parseCsv(csvLine(cells));
        assert.equal(read?.length, cells.length);
        for (const [index, cell] of (read ?? []).entries()) {
          assert.doesNotMatch(cell, /^[=+\-@\t\r]/);
          assert.ok(cell === cells[index] || cell === `'${cells[index]}`);
        }
      }),
    );
  });

  it('escapes nothing that is simply seen', () => {
    const text = 'Zoë 山田 🙂 a/b:c="d" [x] \\ é';
    assert.equal(visible(text), text);
    assert.equal(visible('a\u001b[31mb\u202ec\u{e0041}'), 'a\\u001b[31mb\\u202ec\\udb40\\udc41');
  });

  it('ends quietly when its reader has gone', async () => {
    const stream = new Writable({
      write: (_chunk, _encoding, done) => done(Object.assign(new Error('gone'), { code: 'EPIPE' })),
    });
    const output = new TextOutput(stream, true);
    await assert.rejects(output.write('x'), OutputClosed);
    await assert.rejects(output.write('y'), OutputClosed);
  });
});
