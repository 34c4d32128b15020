import ipaddr from 'ipaddr.js';
import type { RequestHead } from '../../../model/captured-call.ts';
import { headerValues } from './raw-headers.ts';

/** A parsed network, such as of `10.0.0.0/8`. */
export type TrustedProxy = [ipaddr.IPv4 | ipaddr.IPv6, number];

/** Parses `10.0.0.0/8`, `fd00::/8` or a single address; throws an `Error` that names what cannot be parsed. */
export function parseTrustedProxy(text: string): TrustedProxy {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text);
    const address = ipaddr.parse(text);
    return [address, address.kind() === 'ipv4' ? 32 : 128];
  } catch (cause) {
    throw new Error(`trusted proxy ${text}: give an address or a network such as 10.0.0.0/8`, { cause });
  }
}

/**
 * Who sent a request: the peer of the socket, or, when that is a trusted proxy, the right-most entry of
 * `X-Forwarded-For` that is not one. What stands left of it was written by the caller and proves nothing.
 */
export function sourceAddress(head: RequestHead, trusted: readonly TrustedProxy[]): string {
  if (trusted.length === 0) return head.peerAddress.replace(MAPPED_IPV4, '');
  const peer = parseAddress(head.peerAddress);
  const peerText = peer?.toString() ?? head.peerAddress;
  if (peer === undefined || !isTrusted(peer, trusted)) return peerText;
  const entries = headerValues(head.headers, 'x-forwarded-for').join(',').split(',');
  let source = peerText;
  for (let index = entries.length - 1; index >= 0; index -= 1) {
    const entry = parseAddress((entries[index] as string).trim());
    if (entry === undefined) return source;
    source = entry.toString();
    if (!isTrusted(entry, trusted)) return source;
  }
  return source;
}

/** An IPv4 peer of a socket that listens to both families: `::ffff:192.0.2.1`. */
const MAPPED_IPV4 = /^::ffff:(?=[0-9.]+$)/i;

/** IPv4 addresses inside IPv6 (`::ffff:192.0.2.1`) become plain ones; `[::1]:4610` and `192.0.2.1:80` lose their port. */
function parseAddress(text: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::[0-9]{1,5})?$/.exec(text);
  const withPort = /^([0-9.]+):[0-9]{1,5}$/.exec(text);
  const bare = bracketed?.[1] ?? withPort?.[1] ?? text;
  if (!ipaddr.IPv4.isValidFourPartDecimal(bare) && !ipaddr.IPv6.isValid(bare)) return undefined;
  return ipaddr.process(bare);
}

function isTrusted(address: ipaddr.IPv4 | ipaddr.IPv6, trusted: readonly TrustedProxy[]): boolean {
  return trusted.some(([network, bits]) => address.kind() === network.kind() && address.match(network, bits));
}
