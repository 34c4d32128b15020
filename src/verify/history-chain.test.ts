import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type ChainLink, encodeChainLink, GENESIS_HASH, headClaim, type SignedHead } from '../model/chain.ts';
import { type HistorySource, type StoredLine, verifyHistory } from './history-chain.ts';
import type { ExplainedRange, HistoryFinding } from './history-report.ts';

const JOURNAL = '6a1f0000-0000-4000-8000-000000000001';
const { publicKey, privateKey } = generateKeyPairSync('ed25519');
const publicKeyPem = publicKey.export({ format: 'pem', type: 'spki' }).toString();

interface History {
  links: ChainLink[];
  heads: SignedHead[];
  lines: StoredLine[];
}

const eventId = (sequence: number) => `00000000-0000-4000-8000-${String(sequence).padStart(12, '0')}`;
const sha256 = (data: string | Buffer) => createHash('sha256').update(data).digest();

/** A history made here, from the format alone: batches of those sizes, a head after every second one. */
function makeHistory(sizes: readonly number[], key: KeyObject = privateKey): History {
  const history: History = { links: [], heads: [], lines: [] };
  let hash: string = GENESIS_HASH;
  let sequence = 0;
  let sinceHead = '';
  for (const [index, size] of sizes.entries()) {
    const lines = Array.from({ length: size }, (_, i) => {
      const number = sequence + i + 1;
      return {
        sequence: number,
        line: `${number}\t{"t":1}\t{"eventID":"${eventId(number)}","a":"ü${number}"}`,
      };
    });
    const hashes = lines.map(({ line }) => sha256(line));
    const previousHash = hash;
    hash = sha256(Buffer.concat([Buffer.from(previousHash, 'hex'), ...hashes])).toString('hex');
    const firstSequence = sequence + 1;
    sequence += size;
    const eventHashes = hashes.map((one) => one.toString('hex', 0, 8)).join('');
    const link = {
      journalId: JOURNAL,
      firstSequence,
      lastSequence: sequence,
      previousHash,
      hash,
      eventHashes,
    };
    history.links.push(link);
    history.lines.push(...lines);
    sinceHead += `${encodeChainLink(link)}\n`;
    if (index % 2 === 0 && index !== sizes.length - 1) continue;
    const previousSequence = history.heads.at(-1)?.sequence ?? 0;
    const linksDigest = sha256(sinceHead).toString('hex');
    const claim = {
      journalId: JOURNAL,
      sequence,
      hash,
      signedAt: 1_000 + index,
      previousSequence,
      linksDigest,
    };
    const signature = sign(null, Buffer.from(headClaim(claim)), key).toString('base64');
    history.heads.push({ ...claim, signature });
    sinceHead = '';
  }
  return history;
}

async function* stream<T>(items: readonly T[]): AsyncGenerator<T> {
  yield* items;
}

function verify({ links, heads, lines }: History, more: Partial<HistorySource> = {}) {
  return verifyHistory({
    journalId: JOURNAL,
    links: stream(links),
    heads: stream(heads),
    lines: stream(lines),
    explained: [],
    publicKeyPem,
    ...more,
  });
}

const brief = (findings: readonly HistoryFinding[]) =>
  findings.map(({ kind, firstSequence, lastSequence, eventId: id }) => [
    kind,
    firstSequence,
    lastSequence,
    id,
  ]);

const sizesArbitrary = fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 8 });

/** Each changes a history in one way; what comes back undefined did not apply. */
const TAMPERINGS: Record<string, (history: History, at: number, other: number) => boolean> = {
  'a byte of a line is flipped': ({ lines }, at, other) => {
    const index = at % lines.length;
    const stored = lines[index] as StoredLine;
    const bytes = Buffer.from(stored.line);
    const offset = other % bytes.length;
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 + (other % 100));
    lines[index] = { ...stored, line: bytes.toString('latin1') };
    return true;
  },
  'a line is removed': ({ lines }, at) => lines.splice(at % lines.length, 1).length === 1,
  'a line is added behind': ({ lines }) => {
    const sequence = lines.length + 1;
    return lines.push({ sequence, line: `${sequence}\t{}\t{"eventID":"${eventId(sequence)}"}` }) > 0;
  },
  'a line comes twice': ({ lines }, at) => {
    const index = at % lines.length;
    lines.splice(index, 0, lines[index] as StoredLine);
    return true;
  },
  'two lines are exchanged': (history, at, other) => exchange(history.lines, at, other),
  'two lines exchange their texts': ({ lines }, at, other) => {
    const [a, b] = [at % lines.length, other % lines.length];
    const [first, second] = [lines[a] as StoredLine, lines[b] as StoredLine];
    lines[a] = { ...first, line: second.line };
    lines[b] = { ...second, line: first.line };
    return a !== b;
  },
  'a link is removed': ({ links }, at) => links.splice(at % links.length, 1).length === 1,
  'a link comes twice': ({ links }, at) => {
    links.splice(at % links.length, 0, links[at % links.length] as ChainLink);
    return true;
  },
  'two links are exchanged': (history, at, other) => exchange(history.links, at, other),
  'a character of a link is changed': ({ links }, at, other) => changeField(links, at, other),
  'a head is removed': ({ heads }, at) => heads.splice(at % heads.length, 1).length === 1,
  'a head comes twice': ({ heads }, at) => {
    heads.splice(at % heads.length, 0, heads[at % heads.length] as SignedHead);
    return true;
  },
  'two heads are exchanged': (history, at, other) => exchange(history.heads, at, other),
  'a character of a head is changed': ({ heads }, at, other) => changeField(heads, at, other),
};

function exchange<T>(items: T[], at: number, other: number): boolean {
  const [a, b] = [at % items.length, other % items.length];
  [items[a], items[b]] = [items[b] as T, items[a] as T];
  return a !== b;
}

function changeField<T extends object>(items: T[], at: number, other: number): boolean {
  const index = at % items.length;
  const item = items[index] as T;
  const names = Object.keys(item) as (keyof T)[];
  const name = names[other % names.length] as keyof T;
  const value: unknown = item[name];
  items[index] = {
    ...item,
    [name]: typeof value === 'number' ? value + 1 : changeCharacter(String(value), other),
  };
  return true;
}

function changeCharacter(text: string, at: number): string {
  // The last character of base64 may hold bits that mean nothing.
  const offset = at % Math.max(1, text.length - 4);
  return `${text.slice(0, offset)}${text[offset] === '0' ? '1' : '0'}${text.slice(offset + 1)}`;
}

describe('the verifier of a history', () => {
  it('finds nothing in a history that is as it was recorded, and counts it', async () => {
    await fc.assert(
      fc.asyncProperty(sizesArbitrary, async (sizes) => {
        const history = makeHistory(sizes);
        const report = await verify(history);
        assert.deepEqual(report.findings, []);
        assert.ok(report.isIntact);
        assert.equal(report.eventsVerified, history.lines.length);
        assert.equal(report.eventsVerifiedByPrefix, 0);
        assert.equal(report.linksVerified, sizes.length);
        assert.equal(report.headsVerified, history.heads.length);
        assert.equal(report.signedThrough, history.lines.length);
      }),
    );
  });

  for (const [name, tamper] of Object.entries(TAMPERINGS)) {
    it(`notices when ${name}`, async () => {
      await fc.assert(
        fc.asyncProperty(sizesArbitrary, fc.nat(), fc.nat(), async (sizes, at, other) => {
          const history = makeHistory(sizes);
          const known = history.heads.at(-1) as SignedHead;
          fc.pre(tamper(history, at, other));
          const report = await verify(history, { expectedHeads: [known] });
          assert.ok(!report.isIntact);
          assert.ok(report.findingsCount >= 1);
        }),
      );
    });
  }

  it('names the event that was changed, the one that was removed and the one that was added', async () => {
    const history = makeHistory([2, 3, 2]);
    const third = history.lines[2] as StoredLine;
    history.lines[2] = { ...third, line: third.line.replace('"a":"ü3"', '"a":"ü4"') };
    history.lines.splice(5, 1);
    history.lines.push({ sequence: 8, line: `8\t{}\t{"eventID":"${eventId(8)}"}` });
    const report = await verify(history);
    assert.deepEqual(brief(report.findings), [
      ['changed', 3, 3, eventId(3)],
      ['removed', 6, 6, undefined],
      ['added', 8, 8, eventId(8)],
    ]);
    assert.equal(report.eventsVerified, 5);
  });

  it('names the event whose line is as it was, but that is searched by other values than its own', async () => {
    const history = makeHistory([2, 3, 2]);
    history.lines[3] = { ...(history.lines[3] as StoredLine), changedColumns: ['event_name', 'region'] };
    const [finding, ...others] = (await verify(history)).findings;
    assert.deepEqual(finding === undefined ? [] : brief([finding]), [['changed', 4, 4, eventId(4)]]);
    assert.match(finding?.detail ?? '', /: event_name, region$/);
    assert.deepEqual(others, []);
  });

  it('reports an event once of which the line and what it is searched by were changed', async () => {
    const history = makeHistory([2, 3, 2]);
    const fourth = history.lines[3] as StoredLine;
    const line = fourth.line.replace('"a":"ü4"', '"a":"ü5"');
    history.lines[3] = { ...fourth, line, changedColumns: ['event_name'] };
    assert.deepEqual(brief((await verify(history)).findings), [['changed', 4, 4, eventId(4)]]);
  });

  it('names a line with the number 0, which no event has', async () => {
    const history = makeHistory([2, 2]);
    history.lines.unshift({ sequence: 0, line: `0\t{}\t{"eventID":"${eventId(9)}"}` });
    assert.deepEqual(brief((await verify(history)).findings), [['added', 0, 0, eventId(9)]]);
  });

  it('names and counts the events of journals without a chain, and goes on to check the rest', async () => {
    const history = makeHistory([2, 2]);
    history.lines.splice(1, 1);
    const line = `7\t{}\t{"eventID":"${eventId(9)}"}`;
    const foreign = [{ journalId: 'other', eventsCount: 5, lines: stream([{ sequence: 7, line }]) }];
    const report = await verify(history, { foreign });
    assert.deepEqual(brief(report.findings), [
      ['added', 7, 7, eventId(9)],
      ['removed', 2, 2, undefined],
    ]);
    assert.equal(report.findingsCount, 6);
    assert.ok(!report.isIntact);
  });

  it('notices a history that was forged as a whole, by the signature of its heads', async () => {
    const forger = generateKeyPairSync('ed25519').privateKey;
    const report = await verify(makeHistory([2, 2, 2], forger));
    assert.deepEqual(new Set(report.findings.map(({ kind }) => kind)), new Set(['badHead']));
    assert.equal(report.signedThrough, 0);
  });

  it('notices a history that was set back, if it is told how far it had come', async () => {
    const whole = makeHistory([2, 2, 2, 2]);
    const { sequence, hash } = whole.heads.at(-1) as SignedHead;
    const setBack = makeHistory([2, 2]);
    assert.ok((await verify(setBack)).isIntact);
    const report = await verify(setBack, { expectedHeads: [{ journalId: JOURNAL, sequence, hash }] });
    assert.deepEqual(brief(report.findings), [['missingHead', 8, 8, undefined]]);
  });

  it('accepts explained gaps and still proves the events beside them', async () => {
    const history = makeHistory([4, 4]);
    const explained: ExplainedRange[] = [
      { firstSequence: 6, lastSequence: 6, reason: 'setAside' },
      { firstSequence: 2, lastSequence: 3, reason: 'duplicate' },
    ];
    history.lines = history.lines.filter(({ sequence }) => ![2, 3, 6].includes(sequence));
    const report = await verify(history, { explained });
    assert.deepEqual(report.findings, []);
    assert.deepEqual(report.explained, { duplicate: 2, setAside: 1, dropped: 0 });
    assert.equal(report.eventsVerified, 5);
    assert.equal(report.eventsVerifiedByPrefix, 5);
  });

  it('notices a change beside an explained gap, even if the record of the link was changed with it', async () => {
    const history = makeHistory([4, 4]);
    const explained: ExplainedRange[] = [{ firstSequence: 2, lastSequence: 2, reason: 'duplicate' }];
    history.lines.splice(1, 1);
    const changed = { sequence: 3, line: `3\t{}\t{"eventID":"${eventId(3)}"}` };
    history.lines[1] = changed;
    assert.deepEqual(brief((await verify(history, { explained })).findings), [['changed', 3, 3, eventId(3)]]);
    const link = history.links[0] as ChainLink;
    const short = sha256(changed.line).toString('hex', 0, 8);
    const eventHashes = link.eventHashes.slice(0, 32) + short + link.eventHashes.slice(48);
    history.links[0] = { ...link, eventHashes };
    assert.deepEqual(brief((await verify(history, { explained })).findings), [['badHead', 1, 8, undefined]]);
  });

  it('verifies what is left when the oldest events and their links were dropped', async () => {
    const history = makeHistory([2, 2, 2, 2, 2]);
    history.links.splice(0, 3);
    history.lines.splice(0, 7);
    const explained: ExplainedRange[] = [{ firstSequence: 1, lastSequence: 7, reason: 'dropped' }];
    const report = await verify(history, { explained });
    assert.deepEqual(report.findings, []);
    assert.equal(report.eventsVerified, 3);
    assert.equal(report.signedThrough, 10);
    const unexplained = await verify(history);
    assert.deepEqual(
      brief(unexplained.findings)
        .map(([kind, first, last]) => [kind, first, last])
        .slice(0, 1),
      [['missingLinks', 1, 6]],
    );
  });

  it('lists only so many findings and counts them all', async () => {
    const history = makeHistory([50]);
    history.lines = [];
    const report = await verify(history, { findingsMax: 3 });
    assert.equal(report.findings.length, 3);
    assert.equal(report.findingsCount, 50);
  });
});
