import type { DecodedCall } from '../decoded-call.ts';
import { headerOf } from './wire-header.ts';

/** Services whose calls are recorded in us-east-1, wherever they were sent. */
const GLOBAL = new Set(['iam', 'cloudfront', 'organizations', 'route53']);

/** STS is global only at its one old endpoint. */
const STS_GLOBAL_HOST = /^sts\.amazonaws\.com(?::\d+)?$/i;

/** Region under which a call is recorded: that of the scope, us-east-1 for global services. */
export function eventRegionOf(decoded: DecodedCall): string {
  const { region, service, signingName } = decoded.recognition;
  if (GLOBAL.has(service ?? signingName)) return 'us-east-1';
  if (signingName === 'sts' && isGlobalSts(decoded)) return 'us-east-1';
  return region;
}

export function isGlobalSts(decoded: DecodedCall): boolean {
  return STS_GLOBAL_HOST.test(headerOf(decoded.call.head.headers, 'host') ?? '');
}
