import type { Clock } from '../../base/clock.ts';
import type { Log } from '../../base/log.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { Random } from '../../base/random.ts';
import type { AttemptGuard } from '../../identity/attempt-guard.ts';
import type { KeyUse } from '../../identity/key-use-log.ts';
import type { Principal } from '../../identity/principal.ts';
import type { RequestHead } from '../../model/captured-call.ts';
import type { Recogniser } from '../../record/gateway/recognition.ts';
import type { PrincipalDirectory } from '../../record/identity/principal-directory.ts';
import type { Intake, Recorder } from '../../record/intake.ts';
import type { Authorize } from '../opentrail/access.ts';
import type { OpenTrailOperation } from '../opentrail/operation.ts';
import type { OperationContext } from '../operations/operation.ts';
import type { OperationThrottle } from '../operations/operation-throttle.ts';
import type { ErrorStatus } from '../protocol/error-response.ts';
import type { ParsedSignature, SignatureVerifier } from '../protocol/signature.ts';
import type { BodyOpener } from '../protocol/sigv4.ts';
import type { OwnService } from '../services/service-operation.ts';
import type { FrontDoorTelemetry } from '../telemetry.ts';
import type { IntentLog, OwnCallRecorder } from './own-call-recorder.ts';
import type { SourceBound } from './source-bound.ts';

export interface FrontDoorLimits {
  /** Bytes of a request's body, as sent and unpacked; imports, which stream, are not bound by it. */
  readonly bodyBytesMax: number;
  /** Calls that one source address may have answered here a second, twice as many at once; 0: no bound. */
  readonly callsPerSecondMax: number;
  /** Failed attempts of one source address before it is locked out for a while; 0: never. */
  readonly failedAttemptsMax: number;
}

/** Above AWS's largest input, the 1 MB of `PutAuditEvents`, with room for lists of imported objects. */
export const defaultFrontDoorLimits: FrontDoorLimits = {
  bodyBytesMax: 4 * 1024 * 1024,
  callsPerSecondMax: 0,
  failedAttemptsMax: 0,
};

export interface FrontDoorOptions {
  readonly verifier: SignatureVerifier & BodyOpener;
  readonly operations: OperationContext;
  /** Present when AWS's own rates are asked for. */
  readonly throttle?: OperationThrottle;
  readonly openTrailOperations: ReadonlyMap<string, OpenTrailOperation>;
  /** The small services that are answered here, by signing name; default: none. */
  readonly services?: ReadonlyMap<string, OwnService>;
  readonly recorder: Recorder;
  readonly intake: Intake;
  readonly intents: IntentLog;
  readonly recogniser: Recogniser;
  readonly principals: PrincipalDirectory;
  /** The account of the installation: of callers that are not known, and of what is about the whole of it. */
  readonly installationAccountId: string;
  /** Told of each call whose signature was right; returns at once. */
  readonly noteKeyUse?: (principal: Principal, use: KeyUse) => void;
  /** Whether a key that was good still is: asked while a stream goes on; default: it is. */
  readonly isKeyGood?: (key: Pick<ParsedSignature, 'accessKeyId' | 'sessionToken'>) => Promise<boolean>;
  /** Default: the root of an account may do everything in it. */
  readonly authorize?: Authorize;
  /** The caller's address behind trusted proxies; default: the peer of the socket. */
  readonly sourceAddress?: (head: RequestHead) => string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly limits?: FrontDoorLimits;
  /** True where signatures are not checked: nothing vouches for a caller then. */
  readonly isAuthOff?: boolean;
  /** Default: `observed`. */
  readonly errorStatus?: ErrorStatus;
  /** Aborted when the server stops: ends streams. */
  readonly stopSignal?: AbortSignal;
}

export interface FrontDoorContext extends FrontDoorOptions {
  readonly services: ReadonlyMap<string, OwnService>;
  readonly authorize: Authorize;
  readonly limits: FrontDoorLimits;
  readonly sourceBound: SourceBound;
  readonly attempts: AttemptGuard;
  readonly telemetry: FrontDoorTelemetry;
  readonly callRecorder: OwnCallRecorder;
}
