import type { Dice } from './attack.ts';
import { type CallAnswer, type CallDraft, type Credential, errorCodeOf } from './identity-call.ts';
import type { Actor, Cast } from './identity-cast.ts';
import type { IdentityWorld } from './identity-world.ts';

/** What must come of a hostile call. */
export type Outcome =
  /** The caller is known and must be told that it may not. */
  | 'denied'
  /** Must not succeed, for whatever reason. */
  | 'refused'
  /** Is right: shows that what is refused beside it is refused for the attack in it. */
  | 'allowed'
  /** May succeed, as long as nothing is seen that belongs to another account. */
  | 'harmless'
  /** May succeed, as long as nothing is seen of anybody but the caller. */
  | 'blind';

/** Who sends a call: an actor, or a credential that was got on the way and whose account is told. */
export interface Sender {
  readonly accountId: string;
  readonly key: Credential;
}

/** One answered call. */
export interface Attempt {
  readonly className: string;
  readonly outcome: Outcome;
  readonly answer: CallAnswer;
  /** Of who signed; undefined where nobody is believed. */
  readonly accountId: string | undefined;
  readonly body: string;
}

/** What one attack is made with. */
export interface IdentityAttackContext {
  readonly dice: Dice;
  /** Different for each attack: for the names of what it makes. */
  readonly index: number;
  readonly world: IdentityWorld;
  readonly cast: Cast;
  user(name: string): Actor;
  /** Sends one hostile call and keeps its answer for the verdict. */
  attempt(outcome: Outcome, sender: Sender | undefined, draft: CallDraft): Promise<CallAnswer>;
}

export interface IdentityAttackClass {
  readonly name: string;
  readonly run: (context: IdentityAttackContext) => Promise<void>;
}

/** What is wrong with one answer by itself. */
export function judgeAnswer({ outcome, answer, accountId, body }: Attempt, cast: Cast): string[] {
  const { status, text } = answer;
  const code = errorCodeOf(answer);
  const wrong: string[] = [];
  const isSuccess = status < 300;
  // 501 is how a service is refused that is not there at all.
  if (status >= 500 && code !== 'NotImplemented') wrong.push(`${status}`);
  if (outcome === 'denied' && !/^AccessDenied(Exception)?$/.test(code)) wrong.push('not denied');
  if (outcome === 'refused' && isSuccess) wrong.push('not refused');
  if (outcome === 'allowed' && !isSuccess) wrong.push('not allowed');
  for (const [owner, canary] of cast.canaries) {
    const isSeen = text.includes(canary) && !body.includes(canary);
    const isOwn = owner === accountId && (outcome === 'allowed' || outcome === 'harmless');
    if (isSeen && !isOwn) wrong.push(`shows what belongs to ${owner}: ${around(text, canary)}`);
  }
  return wrong.map((why) => `${why}: ${status} ${text.slice(0, 300)} to ${body.slice(0, 200)}`);
}

function around(text: string, needle: string): string {
  const at = text.indexOf(needle);
  return text.slice(Math.max(0, at - 300), at + needle.length);
}
