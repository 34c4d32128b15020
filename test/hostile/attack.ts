import { seededRandom } from '../harness/seeded-random.ts';

/** Choices of one attack, the same for the same seed. */
export interface Dice {
  /** From `min` to `max`, both included. */
  integer(min: number, max: number): number;
  pick<T>(values: readonly T[]): T;
}

export function createDice(seed: number): Dice {
  const next = seededRandom(seed);
  const integer = (min: number, max: number): number => min + Math.floor(next() * (max - min + 1));
  return { integer, pick: (values) => values[integer(0, values.length - 1)] as (typeof values)[0] };
}

/** Where an attack may come to. */
export type Expectation =
  /** It must not reach an upstream. */
  | 'refused'
  /** It is odd but means one thing only: it must reach the upstream, once for every request in it. */
  | 'forwarded'
  /** Either is right, as long as what reaches the upstream is unambiguous and recorded. */
  | 'either';

/** One hostile connection: bytes in the order in which they are sent, one byte a character. */
export interface Attack {
  readonly bytes: string;
  readonly expectation: Expectation;
  /** True for HTTP/2 frames. */
  readonly isHttp2?: boolean;
  /** The connection is cut after the bytes were sent. */
  readonly isCut?: boolean;
  /** Sent slowly, in this many pieces. */
  readonly piecesCount?: number;
}

/** What an attack is made with: `marker` is a header value by which it is found again at the upstream and in the records. */
export interface AttackContext {
  readonly dice: Dice;
  readonly marker: string;
  /** `host:port` of a server that no request may ever reach. */
  readonly decoy: string;
}

export interface AttackClass {
  readonly name: string;
  readonly build: (context: AttackContext) => Attack;
}

const SCOPE = 'AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/iam/aws4_request';
export const SIGNED = `Authorization: AWS4-HMAC-SHA256 Credential=${SCOPE}, SignedHeaders=host, Signature=${'0'.repeat(64)}`;

export interface RequestParts {
  readonly line?: string;
  readonly host?: string;
  readonly headers?: readonly string[];
  readonly body?: string;
  /** Leaves `Content-Length` to the attack. */
  readonly isUnframed?: boolean;
}

/** A request that is well formed but for what the attack changes. */
export function request(context: AttackContext, parts: RequestParts): string {
  const body = parts.body ?? '';
  const lines = [
    parts.line ?? 'POST / HTTP/1.1',
    parts.host ?? 'Host: iam.example',
    `X-Marker: ${context.marker}`,
    `User-Agent: ${context.marker}`,
    SIGNED,
    'Connection: close',
    ...(parts.headers ?? []),
    ...(parts.isUnframed === true || body === '' ? [] : [`Content-Length: ${body.length}`]),
  ];
  return `${lines.filter((line) => line !== '').join('\r\n')}\r\n\r\n${body}`;
}

/** Bytes of any value from `lowest` on, one a character. */
export function noise(dice: Dice, count: number, lowest = 0): string {
  let text = '';
  for (let index = 0; index < count; index += 1) text += String.fromCharCode(dice.integer(lowest, 255));
  return text;
}
