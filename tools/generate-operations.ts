import { readFileSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type {
  OperationIndex,
  OperationRow,
  ServiceRow,
} from '../src/record/gateway/recognise/service-tables.ts';

/** Services and operations of the public API models as JSON; it is not part of this repository. */
export const operationsPath = fileURLToPath(
  new URL('../../shared/spec/aws-operations.json', import.meta.url),
);
const outputPath = fileURLToPath(
  new URL('../src/record/gateway/recognise/aws-operations.generated.ndjson', import.meta.url),
);

/**
 * A first path segment that more services share than these (`tags`, `v1`) tells nothing about the service.
 */
const SEGMENT_SERVICES_MAX = 8;

interface ModelOperation extends Omit<OperationRow, 'http'> {
  readonly http: readonly [string, string];
}
interface ModelService {
  readonly serviceId: string;
  readonly protocol: string;
  readonly protocols?: readonly string[];
  readonly signingName: string;
  readonly endpointPrefix: string;
  readonly apiVersion: string;
  readonly targetPrefix?: string;
  readonly jsonVersion?: string;
  readonly operations: Readonly<Record<string, ModelOperation>>;
}

/**
 * The text of `aws-operations.generated.ndjson`: an index of the services on the first line, then one line of
 * operations per service in the order of the index, so that a service is parsed when it is first called.
 */
export function generateOperations(modelJson: string): string {
  const model = JSON.parse(modelJson) as Record<string, ModelService>;
  const keys = Object.keys(model).sort();
  const services = keys.map((key) => serviceRow(key, model[key] as ModelService));
  const index: OperationIndex = { services, firstSegments: firstSegments(model, keys) };
  const lines = keys.map((key) => JSON.stringify(operationRows(model[key] as ModelService)));
  return `${[JSON.stringify(index), ...lines].join('\n')}\n`;
}

function serviceRow(key: string, service: ModelService): ServiceRow {
  const protocols = [service.protocol, ...(service.protocols ?? [])].map(wireProtocol);
  const isTargeted = service.targetPrefix !== undefined;
  return {
    key,
    serviceId: service.serviceId,
    signingName: service.signingName,
    endpointPrefix: service.endpointPrefix,
    apiVersion: service.apiVersion,
    protocols: [...new Set(protocols)],
    ...(isTargeted ? { targetPrefix: service.targetPrefix } : {}),
    ...(isTargeted && service.jsonVersion !== undefined ? { jsonVersion: service.jsonVersion } : {}),
  };
}

function wireProtocol(name: string): ServiceRow['protocols'][number] {
  switch (name) {
    case 'json':
    case 'query':
    case 'ec2':
    case 'rest-json':
    case 'rest-xml':
      return name;
    case 'smithy-rpc-v2-cbor':
      return 'cbor';
    default:
      throw new Error(`protocol ${name} is not known to the generator`);
  }
}

/** `http` is left out where it is `POST /`, as in all protocols but REST. */
function operationRows(service: ModelService): Record<string, OperationRow> {
  const rows: Record<string, OperationRow> = {};
  for (const name of Object.keys(service.operations).sort()) {
    const { http, ...rest } = service.operations[name] as ModelOperation;
    rows[name] = http[0] === 'POST' && http[1] === '/' ? rest : { http, ...rest };
  }
  return rows;
}

/**
 * First literal path segment of REST routes → services that have such routes; S3, which takes any path, is
 * not in it.
 */
function firstSegments(
  model: Readonly<Record<string, ModelService>>,
  keys: readonly string[],
): Record<string, string[]> {
  const found = new Map<string, Set<string>>();
  for (const key of keys) {
    const service = model[key] as ModelService;
    if (!service.protocol.startsWith('rest') || key === 's3') continue;
    for (const { http } of Object.values(service.operations)) {
      const segment = http[1].split(/[/?]/)[1] ?? '';
      if (segment === '' || segment.startsWith('{')) continue;
      found.set(segment, (found.get(segment) ?? new Set()).add(key));
    }
  }
  const telling = [...found].filter(([, services]) => services.size <= SEGMENT_SERVICES_MAX);
  return Object.fromEntries(telling.sort().map(([segment, services]) => [segment, [...services]]));
}

if (import.meta.main) {
  const given = process.argv[2];
  const path = given === undefined ? operationsPath : resolve(given);
  writeFileSync(outputPath, generateOperations(readFileSync(path, 'utf8')));
}
