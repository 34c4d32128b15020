import type { Position } from './recorded-event.ts';

/** The hash chain's newest link: what a signed head vouches for. */
export interface ChainHead extends Position {
  /** SHA-256 over the whole chain up to and including `sequence`, lower-case hex. */
  readonly hash: string;
}

/**
 * One batch of one fsync, as it is kept in the chain log for as long as any of its events is stored.
 * `hash = SHA-256(previous hash ‖ event hash ‖ …)` with `event hash = SHA-256(journal line without LF)`.
 */
export interface ChainLink {
  readonly journalId: string;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly previousHash: string;
  readonly hash: string;
  /** The first 8 bytes of each event hash, concatenated as hex: they name the event that was changed. */
  readonly eventHashes: string;
}

/**
 * A head with its signature. It vouches twice: for the chain by `hash`, and for the link records behind the
 * head before it by `linksDigest`, so that `eventHashes` can be trusted where some events of a link are
 * gone and its hash cannot be derived again.
 */
export interface SignedHead extends ChainHead {
  /** Milliseconds since 1970 UTC. */
  readonly signedAt: number;
  /** `sequence` of the head signed before this one; 0 for the first. */
  readonly previousSequence: number;
  /**
   * SHA-256 over `encodeChainLink(link)` LF of every link in (`previousSequence`, `sequence`], lower-case
   * hex.
   */
  readonly linksDigest: string;
  /** Ed25519 over `headClaim`, base64. */
  readonly signature: string;
}

/** `previousHash` of the first link of a journal. */
export const GENESIS_HASH = '0'.repeat(64);
/** Hex characters of one event in `ChainLink.eventHashes`: 8 bytes. */
export const EVENT_HASH_HEX_LENGTH = 16;

/** The link as one line of the chain log; always the same text for the same link. */
export function encodeChainLink(link: ChainLink): string {
  return JSON.stringify({
    journalId: link.journalId,
    firstSequence: link.firstSequence,
    lastSequence: link.lastSequence,
    previousHash: link.previousHash,
    hash: link.hash,
    eventHashes: link.eventHashes,
  });
}

/** Returns undefined for a line that is not a link. */
export function decodeChainLink(line: string): ChainLink | undefined {
  const link = parseObject(line) as Partial<ChainLink> | undefined;
  if (link === undefined || !isPosition(link.firstSequence) || !isPosition(link.lastSequence))
    return undefined;
  const texts = [link.journalId, link.previousHash, link.hash, link.eventHashes];
  return texts.every((text) => typeof text === 'string') ? (link as ChainLink) : undefined;
}

/** The text that is signed. */
export function headClaim(head: Omit<SignedHead, 'signature'>): string {
  const { journalId, sequence, hash, signedAt, previousSequence, linksDigest } = head;
  return ['opentrail head v1', journalId, sequence, hash, signedAt, previousSequence, linksDigest].join('\n');
}

/** The head as one line of the log of heads. */
export function encodeSignedHead(head: SignedHead): string {
  return JSON.stringify({
    journalId: head.journalId,
    sequence: head.sequence,
    hash: head.hash,
    signedAt: head.signedAt,
    previousSequence: head.previousSequence,
    linksDigest: head.linksDigest,
    signature: head.signature,
  });
}

/** Returns undefined for a line that is not a signed head. */
export function decodeSignedHead(line: string): SignedHead | undefined {
  const head = parseObject(line) as Partial<SignedHead> | undefined;
  if (head === undefined || !isPosition(head.sequence) || typeof head.previousSequence !== 'number')
    return undefined;
  const texts = [head.journalId, head.hash, head.linksDigest, head.signature];
  return typeof head.signedAt === 'number' && texts.every((text) => typeof text === 'string')
    ? (head as SignedHead)
    : undefined;
}

function isPosition(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function parseObject(line: string): object | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
