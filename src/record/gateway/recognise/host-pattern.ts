/** What a host name tells. */
export interface HostMeaning {
  /** `service`: an endpoint; `s3…`: one of S3's; `unrecorded`: something that is no API call. */
  readonly kind:
    | 'service'
    | 's3'
    | 's3-control'
    | 's3express'
    | 's3express-control'
    | 'unrecorded'
    | 'unknown';
  /** Endpoint prefix for `service`, such as `runtime.sagemaker`; one of the candidates of `prefixes`. */
  readonly prefixes: readonly string[];
  readonly region: string | undefined;
  /** Bucket or access point of a virtual-hosted S3 request. */
  readonly bucket: string | undefined;
  readonly vpcEndpointId: string | undefined;
  /**
   * Labels before a suffix that is not AWS's own, when nothing above was found: `bucket` in
   * `bucket.localhost`.
   */
  readonly looseBucket: string | undefined;
  /** Signing name of endpoints that are not recorded: `ecr`, `execute-api`, `lambda`. */
  readonly signingName: string | undefined;
}

const AWS_SUFFIXES = [
  'amazonaws.com',
  'amazonaws.com.cn',
  'api.aws',
  'on.aws',
  'api.amazonwebservices.com.cn',
];
/** Names under which emulators are reached. */
const LOCAL_SUFFIXES = ['localhost.localstack.cloud', 'localhost'];

/** `us-east-1`, `us-gov-west-1`, `eusc-de-east-1`. */
const REGION = /^[a-z]{2,4}(?:-[a-z]+)+-\d{1,2}$/;
/** `s3-eu-west-1`, `s3-website-us-east-1`. */
const S3_REGION = /^s3(?:-website|-fips)?-([a-z]{2,4}(?:-[a-z]+)+-\d{1,2})$/;
/** `s3express-use1-az4`, `s3express-fips-use1-az4`. */
const S3_EXPRESS = /^s3express-(?:fips-)?[a-z]+\d*-az\d+$/;
const S3_LABELS = new Set([
  's3',
  's3-fips',
  's3-accelerate',
  's3-website',
  's3-accesspoint',
  's3-accesspoint-fips',
  's3-object-lambda',
  's3-object-lambda-fips',
  's3-outposts',
  's3-outposts-fips',
  's3-global',
]);

const UNKNOWN: HostMeaning = {
  kind: 'unknown',
  prefixes: [],
  region: undefined,
  bucket: undefined,
  vpcEndpointId: undefined,
  looseBucket: undefined,
  signingName: undefined,
};

/**
 * Reads host names by the patterns of AWS endpoints; `s3Domains` are the installation's own suffixes of
 * buckets.
 */
export class HostPatterns {
  readonly #s3Domains: readonly string[];
  readonly #known = new Map<string, HostMeaning>();

  constructor(s3Domains: readonly string[]) {
    const domains = s3Domains.map((domain) => domain.toLowerCase().replace(/^\*?\.+|\.+$/g, ''));
    this.#s3Domains = domains.filter((domain) => domain !== '').sort((a, b) => b.length - a.length);
  }

  read(host: string | undefined): HostMeaning {
    if (host === undefined) return UNKNOWN;
    const known = this.#known.get(host);
    if (known !== undefined) return known;
    const meaning = this.#parse(withoutPort(host));
    // Clients use a handful of hosts; a flood of different ones may not fill the memory.
    if (this.#known.size >= KNOWN_HOSTS_MAX) this.#known.clear();
    if (host.length <= HOST_LENGTH_MAX) this.#known.set(host, meaning);
    return meaning;
  }

  #parse(host: string): HostMeaning {
    for (const domain of this.#s3Domains) {
      if (host === domain) return { ...UNKNOWN, kind: 's3' };
      if (host.endsWith(`.${domain}`)) {
        return { ...UNKNOWN, kind: 's3', bucket: host.slice(0, -domain.length - 1) };
      }
    }
    const awsLabels = labelsBefore(host, AWS_SUFFIXES);
    if (awsLabels !== undefined) return parseLabels(awsLabels);
    const localLabels = labelsBefore(host, LOCAL_SUFFIXES);
    if (localLabels === undefined) return UNKNOWN;
    const meaning = parseLabels(localLabels);
    return meaning.kind === 'service' ? { ...meaning, looseBucket: localLabels.join('.') } : meaning;
  }
}

const KNOWN_HOSTS_MAX = 1_000;
/** The longest name of the DNS, and a port. */
const HOST_LENGTH_MAX = 260;

function withoutPort(host: string): string {
  return host.trim().toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');
}

function labelsBefore(host: string, suffixes: readonly string[]): string[] | undefined {
  for (const suffix of suffixes) {
    if (host.endsWith(`.${suffix}`)) {
      const labels = host.slice(0, -suffix.length - 1).split('.');
      return labels.every((label) => label !== '') ? labels : undefined;
    }
  }
  return undefined;
}

/** `bucket.s3.eu-west-1` and the like, in labels, the suffix taken off. */
function parseLabels(given: readonly string[]): HostMeaning {
  let labels = [...given];
  let vpcEndpointId: string | undefined;
  let endpointKind: string | undefined;
  let endpointBucket: string | undefined;
  if (labels.at(-1) === 'vpce') {
    labels.pop();
    const index = labels.findIndex((label) => label.startsWith('vpce-'));
    if (index >= 0) {
      // The endpoint's id ends before the part that differs per zone: `vpce-0ab-1cd` names endpoint
      // `vpce-0ab`.
      vpcEndpointId = labels[index]?.split('-').slice(0, 2).join('-');
      const before = labels.slice(0, index);
      endpointKind = before.pop();
      endpointBucket = before.join('.') || undefined;
      labels = labels.slice(index + 1);
    }
  }
  let region: string | undefined;
  if (REGION.test(labels.at(-1) ?? '')) region = labels.pop();
  if (labels.at(-1) === 'dualstack') labels.pop();
  const base = { ...UNKNOWN, region, vpcEndpointId };
  const special = unrecorded(labels, base) ?? s3(labels, base);
  if (special !== undefined) {
    if (vpcEndpointId === undefined) return special;
    if (endpointKind === 'control') return { ...special, kind: 's3-control' };
    return { ...special, bucket: endpointBucket ?? special.bucket };
  }
  if (labels.length === 0) return base;
  const anyRegion = region ?? labels.find((label) => REGION.test(label));
  return { ...base, kind: 'service', prefixes: servicePrefixes(labels), region: anyRegion };
}

function unrecorded(labels: readonly string[], base: HostMeaning): HostMeaning | undefined {
  const last = labels.at(-1);
  const isRegistry =
    (last === 'ecr' && labels.at(-2) === 'dkr') || last === 'dkr-ecr' || last === 'dkr-ecr-fips';
  if (isRegistry || (last === 'ecr-fips' && labels.at(-2) === 'dkr')) {
    return { ...base, kind: 'unrecorded', signingName: 'ecr' };
  }
  if (labels.length < 2) return undefined;
  if (last === 'execute-api') return { ...base, kind: 'unrecorded', signingName: 'execute-api' };
  if (last === 'lambda-url') return { ...base, kind: 'unrecorded', signingName: 'lambda' };
  return undefined;
}

function s3(labels: readonly string[], base: HostMeaning): HostMeaning | undefined {
  const last = labels.at(-1) ?? '';
  const before = labels
    .slice(0, -1)
    .filter((label, index, all) => index < all.length - 1 || label !== 'fips');
  const bucket = before.length === 0 ? undefined : before.join('.');
  if (/^s3-control(?:-fips)?$/.test(last)) return { ...base, kind: 's3-control' };
  if (/^s3express-control(?:-fips)?$/.test(last)) return { ...base, kind: 's3express-control', bucket };
  if (S3_EXPRESS.test(last)) return { ...base, kind: 's3express', bucket };
  const regional = S3_REGION.exec(last);
  if (regional !== null) return { ...base, kind: 's3', bucket, region: regional[1] };
  if (!S3_LABELS.has(last)) return undefined;
  // `<alias>.accesspoint.s3-global`: a multi-Region access point.
  if (last === 's3-global' && before.at(-1) === 'accesspoint') {
    return { ...base, kind: 's3', bucket: before.slice(0, -1).join('.') || undefined };
  }
  return { ...base, kind: 's3', bucket };
}

/** Longest first: `abc.data.mediastore` may be an endpoint of `data.mediastore` or of `mediastore`. */
function servicePrefixes(given: readonly string[]): string[] {
  const labels = given.filter((label, index) => label !== 'fips' || index === given.length - 1);
  const prefixes: string[] = [];
  for (let start = 0; start < Math.min(labels.length, 6); start++) {
    const prefix = labels.slice(start).join('.');
    prefixes.push(prefix);
    if (prefix.endsWith('-fips')) prefixes.push(prefix.slice(0, -5));
    else if (prefix.startsWith('fips-')) prefixes.push(prefix.slice(5));
  }
  const last = labels.at(-1);
  if (last === 'ddb') prefixes.push('dynamodb');
  // `queue.amazonaws.com` and `eu-west-1.queue.amazonaws.com` are SQS's first endpoints.
  if (last === 'queue') prefixes.push('sqs');
  // Each account has its own host for device data: `a1b2c3-ats.iot.eu-west-1`.
  if (last === 'iot' && labels.length === 2 && labels[0]?.endsWith('-ats')) prefixes.unshift('data-ats.iot');
  return prefixes;
}
