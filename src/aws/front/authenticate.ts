import type { Principal } from '../../identity/principal.ts';
import { ApiError } from '../../model/api-error.ts';
import { authenticationError } from '../protocol/authentication-errors.ts';
import type { ParsedSignature, SignatureFailure } from '../protocol/signature.ts';
import type { FrontDoorContext } from './front-door-context.ts';
import type { OwnCall } from './own-call.ts';
import { principalOf } from './principal-of.ts';

/** What counts as a failed attempt: a clock that is off, or a request that was cut, is none. */
const ATTEMPTS: readonly SignatureFailure['kind'][] = ['unknownKey', 'mismatch'];

/** Sets who calls when the signature is right; otherwise tells why it is not. */
export async function authenticate(
  context: FrontDoorContext,
  call: OwnCall,
  body: Uint8Array | undefined,
): Promise<ApiError | undefined> {
  const { protocol, service, signingNames } = call.route;
  const { attempts, clock } = context;
  const source = call.head.peerAddress;
  const subject = call.recognition.accessKeyId;
  const lockedMs = subject === undefined ? 0 : attempts.lockedMs(source, subject, clock.monotonicMs());
  if (lockedMs > 0) return lockedOut(lockedMs);
  const result = await context.verifier.verify(call.head, body);
  if (!result.isValid) {
    if (ATTEMPTS.includes(result.failure.kind)) attempts.failed(source, clock.monotonicMs());
    return authenticationError({ protocol, service }, result.failure);
  }
  const { parsed } = result;
  attempts.succeeded(source, parsed.accessKeyId);
  if (!signingNames.includes(parsed.service)) {
    const message = `Credential should be scoped to correct service: '${signingNames[0]}'.`;
    return new ApiError('InvalidSignatureException', message, {
      isPlatform: true,
      status: protocol === 'rest-json' ? 403 : 400,
    });
  }
  await identify(context, call, { parsed, principal: result.credential?.principal });
  return undefined;
}

function lockedOut(lockedMs: number): ApiError {
  const seconds = Math.ceil(lockedMs / 1_000);
  const message =
    'Rate exceeded: too many calls with unknown keys or wrong signatures came from this address; ' +
    `try again in ${seconds} s`;
  return new ApiError('ThrottlingException', message, { isPlatform: true, retryAfterSeconds: seconds });
}

async function identify(
  context: FrontDoorContext,
  call: OwnCall,
  signer: { readonly parsed: ParsedSignature; readonly principal: Principal | undefined },
): Promise<void> {
  const { parsed, principal } = signer;
  const { userIdentity, accountId } = principal ?? (await context.principals.resolve(parsed.accessKeyId));
  call.verification = context.isAuthOff === true ? 'none' : 'signature';
  call.userIdentity = userIdentity;
  call.accountId = accountId;
  call.region = parsed.region;
  call.principal = principal ?? principalOf(userIdentity, accountId);
  context.noteKeyUse?.(call.principal, { region: parsed.region, serviceName: parsed.service });
}
