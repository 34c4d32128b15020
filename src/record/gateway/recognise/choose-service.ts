import type { WireProtocol } from '../recognition.ts';
import type { Authentication } from './authentication.ts';
import type { HostMeaning } from './host-pattern.ts';
import { isFormPost, queryValue, type RequestView } from './request-view.ts';
import { type Route, type RouteMatch, RouteTree } from './route-tree.ts';
import { isFormUpload, S3_SUB_RESOURCES } from './s3-route.ts';
import type { ServiceRow, ServiceTables } from './service-tables.ts';

/** What a request asks of whom. */
export interface ServiceChoice {
  readonly signingName: string;
  readonly service: string | undefined;
  readonly protocol: WireProtocol;
  readonly operation: string | undefined;
}

/** An operation as the wire names it; what does not look like one is not recorded as one. */
const OPERATION = /^[A-Za-z][A-Za-z0-9_]{0,127}$/;
/** `/service/GraniteServiceVersion20100801/operation/PutMetricData`. */
const CBOR_PATH = /^\/(?:.*\/)?service\/([^/]+)\/operation\/([^/]+)\/?$/;
/** Names that are signed for when S3's own protocol is spoken. */
const S3_SIGNING_NAMES = new Set(['s3', 's3express', 's3-object-lambda', 's3-outposts']);
/** What a bucket may be called: `my-logs.2026`. */
const BUCKET_NAME = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** What browsers ask every server for; no bucket. */
const BROWSER_FILES = new Set(['favicon.ico', 'robots.txt']);

/**
 * The newer of two services that share a signing name and some routes. It decides only where neither host nor
 * user agent tells; the signing name, and with it the event source, is the same for both.
 */
const PREFERRED = new Set([
  'bedrock',
  'bedrock-agent',
  'chime-sdk-voice',
  'chime-sdk-messaging',
  'greengrassv2',
  'ivs',
  'lexv2-models',
  'qconnect',
  'sms-voice',
  'signer',
  'elbv2',
  'rds',
  'timestream-write',
]);

/**
 * Tells service, protocol and operation, in the order: scope, host, `X-Amz-Target`, `Action` with `Version`,
 * routes.
 */
export class ServiceChooser {
  readonly #tables: ServiceTables;
  readonly #trees = new Map<string, RouteTree>();

  constructor(tables: ServiceTables) {
    this.#tables = tables;
  }

  choose(view: RequestView, authentication: Authentication, host: HostMeaning): ServiceChoice {
    const scope = authentication.signingName;
    if (scope !== undefined) return this.#signed(scope, view, host);
    if (host.kind.startsWith('s3')) return this.#s3OrControl('s3', view, host);
    const target = splitTarget(view);
    const rows =
      firstNonEmpty([
        () => this.#atHost(host),
        () => (target === undefined ? [] : this.#tables.withTarget(target.prefix)),
        () => this.#byAction(view),
      ]) ?? [];
    const first = rows[0];
    if (first !== undefined) return this.#among(first.signingName, rows, view, host);
    if (target !== undefined || CBOR_PATH.test(view.path)) return this.#among('unknown', [], view, host);
    // Nothing but STS takes unsigned forms: AssumeRoleWithSAML, AssumeRoleWithWebIdentity.
    if (isFormPost(view)) return this.#among('sts', this.#tables.signedAs('sts'), view, host);
    return this.#unsigned(view, authentication, host);
  }

  /** The service that a query request means, once its body has told `Action` and `Version`. */
  refine(
    choice: ServiceChoice,
    operation: string | undefined,
    apiVersion: string | undefined,
  ): ServiceChoice {
    if (operation === undefined) return choice;
    const known = this.#tables.signedAs(choice.signingName);
    const own = this.#ownRow(known, { key: choice.service, operation, apiVersion });
    if (own !== undefined) return refinedChoice(own, operation);
    const speaking = (known.length === 0 ? this.#tables.services : known).filter(speaksQuery);
    const fitting = speaking.filter((row) => this.#tables.operation(row.key, operation) !== undefined);
    const sameVersion = fitting.filter((row) => row.apiVersion === apiVersion);
    const rows = sameVersion.length > 0 ? sameVersion : known.length === 0 ? [] : fitting;
    const row = rows.find(({ key }) => key === choice.service) ?? preferred(rows);
    return row === undefined ? choice : refinedChoice(row, operation);
  }

  /** The row that was chosen already, where version and operation say that it was right, as they nearly always do. */
  #ownRow(
    known: readonly ServiceRow[],
    wanted: {
      readonly key: string | undefined;
      readonly operation: string;
      readonly apiVersion: string | undefined;
    },
  ): ServiceRow | undefined {
    for (const row of known) {
      if (row.key !== wanted.key) continue;
      const isIt = row.apiVersion === wanted.apiVersion && speaksQuery(row);
      return isIt && this.#tables.operation(row.key, wanted.operation) !== undefined ? row : undefined;
    }
    return undefined;
  }

  #signed(scope: string, view: RequestView, host: HostMeaning): ServiceChoice {
    const rows = this.#tables.signedAs(scope);
    const signingName = rows[0]?.signingName ?? scope;
    const isOutpostsApi = signingName === 's3-outposts' && view.path.startsWith('/S3Outposts');
    if (S3_SIGNING_NAMES.has(signingName) && !isOutpostsApi)
      return this.#s3OrControl(signingName, view, host);
    return this.#among(signingName, rows, view, host);
  }

  #s3OrControl(signingName: string, view: RequestView, host: HostMeaning): ServiceChoice {
    const isControl =
      host.kind === 's3-control' ||
      (view.headers['x-amz-account-id'] !== undefined && view.path.startsWith('/v20180820/'));
    const row = isControl ? this.#tables.service('s3control') : undefined;
    if (row !== undefined) return this.#byRoute(signingName, [row], view, host);
    return { signingName, service: 's3', protocol: 'rest-xml', operation: undefined };
  }

  /** One of several services, by what the request speaks. */
  #among(
    signingName: string,
    rows: readonly ServiceRow[],
    view: RequestView,
    host: HostMeaning,
  ): ServiceChoice {
    // A REST service does not look at Action and X-Amz-Target; nor may a caller name a call by them.
    const { rpc, rest } = byKind(rows);
    if (rpc.length > 0 || rows.length === 0) {
      const choice =
        this.#byCborPath(signingName, rpc, view) ??
        this.#byTarget(signingName, rpc, view, host) ??
        this.#byForm(signingName, rpc, view, host);
      if (choice !== undefined) return choice;
    }
    if (rest.length > 0) return this.#byRoute(signingName, rest, view, host);
    const row = rpc.length === 1 ? rpc[0] : undefined;
    return {
      signingName,
      service: row?.key,
      protocol: row?.protocols[0] ?? 'unknown',
      operation: undefined,
    };
  }

  #byCborPath(
    signingName: string,
    rows: readonly ServiceRow[],
    view: RequestView,
  ): ServiceChoice | undefined {
    if (view.method !== 'POST') return undefined;
    const [, name, operation] = CBOR_PATH.exec(view.path) ?? [];
    if (operation === undefined) return undefined;
    const named = rows.filter((row) => row.targetPrefix === name);
    const row = preferred(named.length > 0 ? named : this.#having(rows, operation)) ?? only(rows);
    return { signingName, service: row?.key, protocol: 'cbor', operation: operationName(operation) };
  }

  #byTarget(
    signingName: string,
    rows: readonly ServiceRow[],
    view: RequestView,
    host: HostMeaning,
  ): ServiceChoice | undefined {
    const target = splitTarget(view);
    if (target === undefined || view.method !== 'POST') return undefined;
    const jsonRows = rows.filter(({ protocols }) => protocols.includes('json') || protocols.includes('cbor'));
    if (rows.length > 0 && jsonRows.length === 0) return undefined;
    const named = jsonRows.filter((row) => row.targetPrefix === target.prefix);
    const atHost = named.length > 1 ? narrow(named, this.#atHost(host)) : named;
    const row = preferred(this.#having(atHost.length > 0 ? atHost : jsonRows, target.operation));
    const service = row ?? only(atHost) ?? only(jsonRows);
    return {
      signingName,
      service: service?.key,
      protocol: 'json',
      operation: operationName(target.operation),
    };
  }

  #byForm(
    signingName: string,
    rows: readonly ServiceRow[],
    view: RequestView,
    host: HostMeaning,
  ): ServiceChoice | undefined {
    const isForm = isFormPost(view);
    const action = queryValue(view, 'Action');
    if (!isForm && action === undefined) return undefined;
    const speaking = rows.filter(speaksQuery);
    // SQS spoke query before it spoke JSON.
    const row = preferred(narrow(speaking, this.#atHost(host))) ?? only(rows);
    const protocol = row?.protocols.includes('ec2') === true ? 'ec2' : 'query';
    const choice = { signingName, service: row?.key, protocol, operation: undefined } as const;
    // The body may name another action than the query does, and the body wins.
    if (isForm) return choice;
    const operation = operationName(action ?? '');
    return { ...this.refine(choice, operation, queryValue(view, 'Version')), operation };
  }

  #byRoute(
    signingName: string,
    rows: readonly ServiceRow[],
    view: RequestView,
    host: HostMeaning,
  ): ServiceChoice {
    const atHost = rows.length > 1 ? narrow(rows, this.#atHost(host)) : rows;
    const match = this.#match(atHost, view) ?? (atHost === rows ? undefined : this.#match(rows, view));
    const route = match === undefined ? undefined : this.#pick(match.routes, view);
    const row = route === undefined ? only(atHost) : this.#tables.service(route.service);
    return {
      signingName,
      service: row?.key,
      protocol: (row ?? rows[0])?.protocols.find(isRest) ?? 'unknown',
      operation: route?.operation,
    };
  }

  /**
   * Routes that only one signing name has; S3, which takes any path, for what is left and can be a bucket.
   */
  #unsigned(view: RequestView, authentication: Authentication, host: HostMeaning): ServiceChoice {
    const segment = view.path.split('/', 2)[1] ?? '';
    const candidates = this.#tables.withFirstSegment(segment);
    const match = candidates.length === 0 ? undefined : this.#match(candidates, view);
    if (
      match !== undefined &&
      (match.literals >= 2 || view.method === 'POST' || authentication.form === 'bearer')
    ) {
      const names = new Set(match.routes.map(({ service }) => this.#tables.service(service)?.signingName));
      const [signingName] = names;
      if (names.size === 1 && signingName !== undefined) {
        return this.#byRoute(signingName, candidates, view, host);
      }
    }
    if (isAnonymousS3(view, segment)) return this.#s3OrControl('s3', view, host);
    return { signingName: 'unknown', service: undefined, protocol: 'unknown', operation: undefined };
  }

  #match(rows: readonly ServiceRow[], view: RequestView): RouteMatch | undefined {
    const key = rows.map((row) => row.key).join(' ');
    const tree = this.#trees.get(key) ?? new RouteTree(this.#routes(rows));
    this.#trees.set(key, tree);
    return tree.match(view.method, view.path, view.query);
  }

  *#routes(rows: readonly ServiceRow[]): Iterable<Route> {
    for (const { key, protocols } of rows) {
      if (!protocols.some(isRest)) continue;
      for (const [operation, { http }] of Object.entries(this.#tables.operations(key))) {
        yield { service: key, operation, method: http?.[0] ?? 'POST', template: http?.[1] ?? '/' };
      }
    }
  }

  #pick(routes: RouteMatch['routes'], view: RequestView): RouteMatch['routes'][number] | undefined {
    if (routes.length === 1) return routes[0];
    const agent = view.headers['user-agent']?.toLowerCase() ?? '';
    const named = routes.find(({ service }) => {
      const id = this.#tables.service(service)?.serviceId.toLowerCase().replaceAll(' ', '_');
      return id !== undefined && agent.includes(`api/${id}#`);
    });
    return named ?? routes.find(({ service }) => PREFERRED.has(service)) ?? routes[0];
  }

  #atHost(host: HostMeaning): readonly ServiceRow[] {
    for (const prefix of host.prefixes) {
      const rows = this.#tables.atEndpoint(prefix);
      if (rows.length > 0) return rows;
    }
    for (const prefix of host.prefixes) {
      const rows = this.#tables.signedAs(prefix);
      if (rows.length > 0) return rows;
    }
    return [];
  }

  #byAction(view: RequestView): readonly ServiceRow[] {
    const action = queryValue(view, 'Action');
    if (action === undefined) return [];
    const unknown = { signingName: '', service: undefined, protocol: 'query', operation: action } as const;
    const { service } = this.refine(unknown, action, queryValue(view, 'Version'));
    const row = service === undefined ? undefined : this.#tables.service(service);
    return row === undefined ? [] : [row];
  }

  #having(rows: readonly ServiceRow[], operation: string): readonly ServiceRow[] {
    return rows.filter(({ key }) => this.#tables.operation(key, operation) !== undefined);
  }
}

function splitTarget(view: RequestView): { prefix: string; operation: string } | undefined {
  const target = view.headers['x-amz-target']?.trim();
  if (target === undefined || target === '') return undefined;
  const dot = target.lastIndexOf('.');
  return { prefix: target.slice(0, Math.max(0, dot)), operation: target.slice(dot + 1) };
}

export function operationName(given: string): string | undefined {
  return OPERATION.test(given) ? given : undefined;
}

function isAnonymousS3(view: RequestView, segment: string): boolean {
  if (isFormUpload(view)) return true;
  if (view.query.some(([name]) => name === 'x-id' || S3_SUB_RESOURCES.has(name))) return true;
  if (!['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'].includes(view.method)) return false;
  return BUCKET_NAME.test(segment) && !BROWSER_FILES.has(segment);
}

function refinedChoice(row: ServiceRow, operation: string): ServiceChoice {
  const protocol = row.protocols.includes('ec2') ? 'ec2' : 'query';
  return { signingName: row.signingName, service: row.key, protocol, operation };
}

function speaksQuery({ protocols }: ServiceRow): boolean {
  return protocols.includes('query') || protocols.includes('ec2');
}

function isRest(protocol: WireProtocol): protocol is 'rest-json' | 'rest-xml' {
  return protocol === 'rest-json' || protocol === 'rest-xml';
}

interface Kinds {
  readonly rpc: readonly ServiceRow[];
  readonly rest: readonly ServiceRow[];
}

/** By the tables' own lists, which stay. */
const kindsOfRows = new WeakMap<readonly ServiceRow[], Kinds>();

/** Which of some services have operations named in the request, and which have routes; some have both. */
function byKind(rows: readonly ServiceRow[]): Kinds {
  let kinds = kindsOfRows.get(rows);
  if (kinds === undefined) {
    const rpc = rows.filter((row) => !row.protocols.every(isRest));
    const rest = rows.filter((row) => row.protocols.some(isRest));
    kinds = { rpc, rest };
    kindsOfRows.set(rows, kinds);
  }
  return kinds;
}

function narrow(rows: readonly ServiceRow[], to: readonly ServiceRow[]): readonly ServiceRow[] {
  const both = to.length === 0 ? [] : rows.filter((row) => to.includes(row));
  return both.length > 0 ? both : rows;
}

function only<T>(list: readonly T[]): T | undefined {
  return list.length === 1 ? list[0] : undefined;
}

function preferred(rows: readonly ServiceRow[]): ServiceRow | undefined {
  return rows.length < 2 ? rows[0] : (rows.find(({ key }) => PREFERRED.has(key)) ?? rows[0]);
}

function firstNonEmpty<T>(sources: readonly (() => readonly T[])[]): readonly T[] | undefined {
  for (const source of sources) {
    const found = source();
    if (found.length > 0) return found;
  }
  return undefined;
}
