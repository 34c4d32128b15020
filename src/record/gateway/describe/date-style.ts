import type { WireProtocol } from '../recognition.ts';
import type { DateStyle } from './date-text.ts';
import { UNCONFIRMED } from './unconfirmed-choices.ts';

/** How the dates of a service are written. */
export function dateStyleOf(service: string | undefined, protocol: WireProtocol): DateStyle {
  if (service === 'lambda') return 'lambda';
  if (service === 'devops-guru') return 'epochSeconds';
  if (protocol === 'ec2') return 'epochMs';
  if (protocol === 'rest-json' || protocol === 'rest-xml') return 'iso';
  if ((UNCONFIRMED.dateWithoutSecondComma as readonly string[]).includes(service ?? '')) return 'plain';
  return 'comma';
}
