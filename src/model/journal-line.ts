import type { EventMeta, JournalEntry } from './recorded-event.ts';

/**
 * The form of an event in a journal segment, one line each:
 *
 *     <sequence, decimal> TAB <meta as compact JSON> TAB <raw event as compact JSON> LF
 *
 * Neither JSON part can hold a literal tab or line break, so the engine splits the line without parsing it. Lines that
 * begin with `#` are frames of the journal (batch trailers, intents) and never events. What is hashed into the chain is
 * the line without its LF, so the store MUST keep the three parts byte for byte, and can give the line back.
 */
export interface JournalLine {
  readonly sequence: number;
  readonly metaJson: string;
  readonly raw: string;
}

export function encodeJournalLine(sequence: number, entry: JournalEntry): string {
  return encodeLineHead(sequence, entry.meta) + entry.raw;
}

/** What stands before the raw event in its line, the second tab included. */
export function encodeLineHead(sequence: number, meta: EventMeta): string {
  return `${sequence}\t${encodeMeta(meta)}\t`;
}

export function decodeJournalLine(line: string): JournalLine | undefined {
  const first = line.indexOf('\t');
  const second = line.indexOf('\t', first + 1);
  if (first < 1 || second < 0) return undefined;
  const sequence = Number(line.slice(0, first));
  if (!Number.isSafeInteger(sequence) || sequence < 1) return undefined;
  return { sequence, metaJson: line.slice(first + 1, second), raw: line.slice(second + 1) };
}

/**
 * Short member names, because meta is stored with every event: t, o, v, u, r (type, name pairs), s, i. Put together by
 * hand, in the bytes that `JSON.stringify` would write, because that takes several times as long for so small a value.
 */
export function encodeMeta(meta: EventMeta): string {
  let json = `{"t":${meta.recordedAt},"o":"${meta.origin}","v":"${meta.verification}"`;
  if (meta.username !== undefined) json += `,"u":${quote(meta.username)}`;
  json += ',"r":[';
  let separator = '';
  for (const { type, name } of meta.resources) {
    json += `${separator}[${quote(type ?? '')},${quote(name)}]`;
    separator = ',';
  }
  json += ']';
  if (meta.sourceObjectId !== undefined) json += `,"s":${quote(meta.sourceObjectId)}`;
  if (meta.intentId !== undefined) json += `,"i":${quote(meta.intentId)}`;
  return `${json}}`;
}

// Printable ASCII without quote and backslash, which JSON writes as it is: arn:aws:iam::123456789012:user/bob
const PLAIN = /^[ !#-[\]-~]*$/;

function quote(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

export function decodeMeta(metaJson: string): EventMeta {
  const meta = JSON.parse(metaJson) as {
    t: number;
    o: EventMeta['origin'];
    v: EventMeta['verification'];
    u?: string;
    r: [string, string][];
    s?: string;
    i?: string;
  };
  return {
    recordedAt: meta.t,
    origin: meta.o,
    verification: meta.v,
    ...(meta.u === undefined ? {} : { username: meta.u }),
    resources: meta.r.map(([type, name]) => ({ type: type === '' ? null : type, name })),
    ...(meta.s === undefined ? {} : { sourceObjectId: meta.s }),
    ...(meta.i === undefined ? {} : { intentId: meta.i }),
  };
}
