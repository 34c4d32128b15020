import { nearestName } from '../../../base/nearest-name.ts';
import { serviceTables } from './service-tables.ts';

/** Names that are signed for beside those of the models. */
const OTHER_SIGNING_NAMES = ['s3express', 's3-object-lambda'];

let names: ReadonlyMap<string, string> | undefined;

/**
 * Lower-case name or alias → signing name; a signing name wins over a key, a key over an SDK id, that over a
 * host.
 */
function knownNames(): ReadonlyMap<string, string> {
  if (names !== undefined) return names;
  const found = new Map<string, string>();
  const add = (name: string, signingName: string) => {
    const lower = name.toLowerCase();
    if (!found.has(lower)) found.set(lower, signingName);
  };
  const services = serviceTables.services;
  for (const { signingName } of services) add(signingName, signingName);
  for (const name of OTHER_SIGNING_NAMES) add(name, name);
  for (const { key, signingName } of services) add(key, signingName);
  for (const { serviceId, signingName } of services) {
    for (const blank of ['', '-', '_', ' ']) add(serviceId.replaceAll(' ', blank), signingName);
  }
  for (const { endpointPrefix, signingName } of services) add(endpointPrefix, signingName);
  names = found;
  return found;
}

/**
 * The signing name that a setting such as `--upstream SERVICE=…` means, in any case of its letters.
 *
 *     resolveServiceName('cloudwatch') // 'monitoring'
 */
export function resolveServiceName(name: string): string | undefined {
  return knownNames().get(name.trim().toLowerCase());
}

/** What was probably meant by a name that is none. */
export function nearestServiceName(name: string): string | undefined {
  return nearestName(name, knownNames().keys());
}
