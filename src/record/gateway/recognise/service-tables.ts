import { readFileSync } from 'node:fs';
import { assert } from '../../../base/assert.ts';
import type { WireProtocol } from '../recognition.ts';

/** What the public models tell of a service. */
export interface ServiceRow {
  /** Key of the service: `cloudwatch`, `elbv2`. */
  readonly key: string;
  /** The SDK's id: `CloudWatch`, `Elastic Load Balancing v2`. */
  readonly serviceId: string;
  /** Service part of the credential scope: `monitoring`. Several services may share one. */
  readonly signingName: string;
  /** First labels of the host name: `monitoring`, `runtime.sagemaker`. */
  readonly endpointPrefix: string;
  readonly apiVersion: string;
  /** What it speaks, the SDKs' first choice first. */
  readonly protocols: readonly Exclude<WireProtocol, 'unknown'>[];
  /** `X-Amz-Target` without the operation; also the service's name in CBOR paths. */
  readonly targetPrefix?: string;
  readonly jsonVersion?: string;
}

export type MemberLocation = 'uri' | 'querystring' | 'header' | 'headers';

/** What the public models tell of an operation. */
export interface OperationRow {
  /**
   * Method and route, such as `GET`, `/2018-10-31/layers/{LayerName}/versions?find=x`; `POST /` when left
   * out.
   */
  readonly http?: readonly [string, string];
  /** Members of the input that are not in the body: where they are, and their name there. */
  readonly in?: Readonly<Record<string, readonly [MemberLocation, string]>>;
  /** The member that is the whole body. */
  readonly payload?: string;
  /** True when the body of the request, of the answer, is opaque. */
  readonly blob?: boolean;
  readonly blobOut?: boolean;
  /** Paths of members to mask in input and output: `a.b`, `[]` each element, `{}` each value. */
  readonly hideIn?: readonly string[];
  readonly hideOut?: readonly string[];
}

export type OperationRows = Readonly<Record<string, OperationRow>>;

/** The first line of the compiled tables. */
export interface OperationIndex {
  readonly services: readonly ServiceRow[];
  /** First literal segment of REST paths → keys of the services that use it; left out where it is common. */
  readonly firstSegments: Readonly<Record<string, readonly string[]>>;
}

/**
 * The services and operations of AWS, compiled by `tools/generate-operations.ts`. A service's operations are
 * parsed when they are first asked for: all of them take about 35 ms and 10 MB, and most installations use a
 * dozen.
 */
export class ServiceTables {
  readonly services: readonly ServiceRow[];
  readonly #byKey = new Map<string, ServiceRow>();
  readonly #bySigningName = new Map<string, ServiceRow[]>();
  readonly #byEndpointPrefix = new Map<string, ServiceRow[]>();
  readonly #byTargetPrefix = new Map<string, ServiceRow[]>();
  readonly #byFirstSegment: ReadonlyMap<string, readonly string[]>;
  readonly #lines = new Map<string, string>();
  readonly #operations = new Map<string, OperationRows>();

  constructor(text: string) {
    const [first, ...lines] = text.trimEnd().split('\n');
    const index = JSON.parse(first ?? '') as OperationIndex;
    assert(index.services.length === lines.length, 'the tables have one line of operations per service');
    this.services = index.services;
    this.#byFirstSegment = new Map(Object.entries(index.firstSegments));
    for (const [position, service] of index.services.entries()) {
      this.#byKey.set(service.key, service);
      this.#lines.set(service.key, lines[position] ?? '');
      add(this.#bySigningName, service.signingName.toLowerCase(), service);
      add(this.#byEndpointPrefix, service.endpointPrefix.toLowerCase(), service);
      if (service.targetPrefix !== undefined) add(this.#byTargetPrefix, service.targetPrefix, service);
    }
  }

  service(key: string): ServiceRow | undefined {
    return this.#byKey.get(key);
  }

  /** The services that sign with a name, in any case of its letters. */
  signedAs(signingName: string): readonly ServiceRow[] {
    return this.#bySigningName.get(signingName.toLowerCase()) ?? [];
  }

  atEndpoint(prefix: string): readonly ServiceRow[] {
    return this.#byEndpointPrefix.get(prefix) ?? [];
  }

  withTarget(targetPrefix: string): readonly ServiceRow[] {
    return this.#byTargetPrefix.get(targetPrefix) ?? [];
  }

  withFirstSegment(segment: string): readonly ServiceRow[] {
    const keys = this.#byFirstSegment.get(segment) ?? [];
    return keys.flatMap((key) => this.#byKey.get(key) ?? []);
  }

  operations(key: string): OperationRows {
    const known = this.#operations.get(key);
    if (known !== undefined) return known;
    const line = this.#lines.get(key);
    // Without a prototype: `constructor` is not an operation.
    const rows = Object.assign(
      Object.create(null),
      line === undefined ? {} : JSON.parse(line),
    ) as OperationRows;
    this.#operations.set(key, rows);
    this.#lines.delete(key);
    return rows;
  }

  operation(key: string, name: string): OperationRow | undefined {
    return this.operations(key)[name];
  }
}

function add(map: Map<string, ServiceRow[]>, key: string, service: ServiceRow): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [service]);
  else list.push(service);
}

/** The tables of this version of OpenTrail. */
export const serviceTables = new ServiceTables(
  readFileSync(new URL('./aws-operations.generated.ndjson', import.meta.url), 'utf8'),
);
