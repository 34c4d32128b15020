import type { Clock } from '../../../base/clock.ts';
import type { Log } from '../../../base/log.ts';
import type { Metrics } from '../../../base/metrics.ts';
import type { Random } from '../../../base/random.ts';
import type { Journal } from '../../../journal/journal.ts';
import type { EventDraft } from '../../../model/cloudtrail-event.ts';
import type { PrincipalDirectory } from '../../identity/principal-directory.ts';
import type { Intake, Recorder } from '../../intake.ts';
import type { Recogniser } from '../recognition.ts';
import type { GatewayErrorAnswer } from './gateway-error.ts';
import type { GatewayLimits } from './gateway-limits.ts';
import type { UpstreamTls } from './http1-upstream.ts';
import type { TrustedProxy } from './source-address.ts';
import type { VerifySignature } from './verification.ts';

/** `batch`: answer, then record. `blocking`: a durable intent before the call, the record before its last bytes. */
export type RecordingMode = 'batch' | 'blocking' | 'off';

export interface GatewayOptions {
  readonly recogniser: Recogniser;
  readonly intake: Intake;
  readonly recorder: Recorder;
  readonly journal: Pick<Journal, 'openIntent' | 'cancelIntent'>;
  /** Whether a call that nobody vouches for may have an intent; false when it was counted for a summary instead. */
  readonly admitUnverified: (draft: EventDraft) => boolean;
  readonly principals: PrincipalDirectory;
  /** The upstream of a signing name: `http:`, `https:` or `h2c:`; only its origin is used. */
  readonly upstreams: (signingName: string) => URL | undefined;
  readonly modeOf: (signingName: string) => RecordingMode;
  readonly verifySignature: VerifySignature;
  readonly trustedProxies: readonly TrustedProxy[];
  readonly gatewayError: GatewayErrorAnswer;
  readonly upstreamTls: UpstreamTls;
  readonly limits: GatewayLimits;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
}
