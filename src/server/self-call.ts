import { networkInterfaces } from 'node:os';

export interface SelfCallOptions {
  /** What the server listens on. */
  readonly host: string;
  readonly port: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Endpoints by the option that they were given in: `--upstream s3` → URL. */
  readonly endpoints: readonly { readonly where: string; readonly url: URL; readonly remedy: string }[];
}

/** `AWS_ENDPOINT_URL`, `AWS_ENDPOINT_URL_S3` */
const ENDPOINT_VARIABLE = /^AWS_ENDPOINT_URL(_[A-Z0-9_]+)?$/;

/**
 * Endpoints of the server's own clients and upstreams that point at the server itself: one call would become endlessly
 * many. Each problem says what to do. Addresses are compared, nothing is looked up.
 */
export function findSelfCalls(options: SelfCallOptions): string[] {
  const { environment, host, port } = options;
  const exported =
    environment.AWS_IGNORE_CONFIGURED_ENDPOINT_URLS?.toLowerCase() === 'true'
      ? []
      : Object.entries(environment)
          .filter(([name, value]) => ENDPOINT_VARIABLE.test(name) && URL.canParse(value ?? ''))
          .map(([where, value]) => ({
            where,
            url: new URL(value ?? ''),
            remedy: `start the server without it: env -u ${where} …`,
          }));
  return [...options.endpoints, ...exported]
    .filter(({ url }) => portOf(url) === port && isOwnHost(url.hostname, host))
    .map(
      ({ where, url, remedy }) =>
        `${where} is ${url.origin}, where this server itself listens: its own calls would come back to it; ${remedy}`,
    );
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

function isOwnHost(hostname: string, host: string): boolean {
  const target = canonical(hostname);
  const own = canonical(host);
  if (target === own) return true;
  if (own === '0.0.0.0' || own === '::') {
    const local = Object.values(networkInterfaces())
      .flat()
      .map((each) => canonical(each?.address ?? ''));
    return isLoopback(target) || target === '0.0.0.0' || target === '::' || local.includes(target);
  }
  return isLoopback(own) && (isLoopback(target) || target === '0.0.0.0' || target === '::');
}

function canonical(host: string): string {
  return host
    .toLowerCase()
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .replace(/^::ffff:/, '');
}

/** True for the names and addresses of this machine that no other one can reach. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host.endsWith('.localhost') || host === '::1' || /^127\./.test(host);
}
