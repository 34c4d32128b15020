import type { RequestHead } from '../../model/captured-call.ts';
import { cloudTrailApi, cloudTrailDataApi } from '../../model/cloudtrail-api.generated.ts';
import type { ServiceApi } from '../../model/service-api.ts';
import type { Recognition, WireProtocol } from '../../record/gateway/recognition.ts';
import type { OpenTrailOperation } from '../opentrail/operation.ts';
import type { Operation } from '../operations/operation.ts';
import { findOperation } from '../operations/operation-index.ts';
import { splitTarget } from '../protocol/canonical-request.ts';
import { headerValue } from '../protocol/header-values.ts';
import { targetOperation } from '../protocol/json-1-1.ts';
import { restOperation } from '../protocol/rest-json.ts';
import type { OwnService } from '../services/service-operation.ts';

const openTrailPrefix = '/opentrail/v1/';

/** What a request that OpenTrail answers itself asks for. */
export type OwnRoute =
  | {
      readonly kind: 'aws';
      readonly protocol: 'json' | 'rest-json';
      readonly service: 'cloudtrail' | 'cloudtrail-data';
      readonly api: ServiceApi;
      readonly name: string;
      readonly operation: Operation;
      readonly action: string;
      readonly signingNames: readonly string[];
    }
  | {
      readonly kind: 'opentrail';
      readonly protocol: 'json';
      readonly service: 'opentrail';
      readonly name: string;
      readonly operation: OpenTrailOperation;
      readonly action: string;
      readonly signingNames: readonly string[];
    }
  | {
      readonly kind: 'unknownOperation';
      readonly protocol: 'json' | 'rest-json';
      readonly service: 'cloudtrail' | 'cloudtrail-data' | 'opentrail';
      readonly name: string | undefined;
      readonly signingNames: readonly string[];
    }
  | {
      /** One of the small services; of the query protocol, only the body tells the operation. */
      readonly kind: 'service';
      readonly protocol: 'query' | 'json';
      readonly service: OwnService['service'];
      readonly name: string | undefined;
      readonly ownService: OwnService;
      readonly signingNames: readonly string[];
    }
  | {
      /** A service that has no upstream and that OpenTrail does not answer either. */
      readonly kind: 'noService';
      readonly protocol: WireProtocol;
      readonly service: string;
      readonly name: string | undefined;
      readonly signingNames: readonly string[];
    };

/** True when a request is for OpenTrail's own operations, whatever its host name. */
export function isOwnRequest(head: RequestHead, recognition: Recognition): boolean {
  return ownService(head, recognition) !== undefined;
}

/** What OpenTrail answers beside CloudTrail's own operations. */
export interface OwnTables {
  readonly openTrailOperations: ReadonlyMap<string, OpenTrailOperation>;
  /** By signing name. */
  readonly services: ReadonlyMap<string, OwnService>;
}

export function ownRoute(head: RequestHead, recognition: Recognition, tables: OwnTables): OwnRoute {
  switch (ownService(head, recognition)) {
    case 'opentrail':
      return openTrailRoute(head, tables.openTrailOperations);
    case 'cloudtrail':
      return awsRoute('cloudtrail', head.method === 'POST' ? targetOperation(head) : undefined);
    case 'cloudtrail-data':
      return awsRoute('cloudtrail-data', restOperation(head, cloudTrailDataApi));
    default:
      return serviceRoute(recognition, tables.services);
  }
}

function serviceRoute(recognition: Recognition, services: OwnTables['services']): OwnRoute {
  const { signingName, operation: name } = recognition;
  const service = recognition.service ?? signingName;
  const ownService = services.get(signingName === 'unknown' ? service : signingName);
  if (ownService === undefined) {
    return { kind: 'noService', protocol: recognition.protocol, service, name, signingNames: [signingName] };
  }
  const { protocol } = ownService;
  return {
    kind: 'service',
    protocol,
    service: ownService.service,
    name,
    ownService,
    signingNames: [ownService.service],
  };
}

/** The signing name decides where it is one of ours; without one, what the request looks like. */
function ownService(
  head: RequestHead,
  recognition: Recognition,
): 'cloudtrail' | 'cloudtrail-data' | 'opentrail' | undefined {
  const { path } = splitTarget(head.target);
  const { signingName } = recognition;
  const isUnsigned = signingName === 'unknown';
  if (signingName === 'opentrail') return 'opentrail';
  if (path.startsWith(openTrailPrefix) && (signingName === 'cloudtrail' || isUnsigned)) return 'opentrail';
  if (signingName === 'cloudtrail-data') return 'cloudtrail-data';
  if (signingName === 'cloudtrail') return 'cloudtrail';
  if (!isUnsigned) return undefined;
  if (headerValue(head.headers, 'x-amz-target') !== undefined && targetOperation(head) !== undefined)
    return 'cloudtrail';
  return restOperation(head, cloudTrailDataApi) === undefined ? undefined : 'cloudtrail-data';
}

function openTrailRoute(head: RequestHead, operations: ReadonlyMap<string, OpenTrailOperation>): OwnRoute {
  const { path } = splitTarget(head.target);
  const name = path.startsWith(openTrailPrefix) ? path.slice(openTrailPrefix.length) : undefined;
  const operation = name === undefined || head.method !== 'POST' ? undefined : operations.get(name);
  const signingNames = ['opentrail', 'cloudtrail'];
  if (operation === undefined) {
    return { kind: 'unknownOperation', protocol: 'json', service: 'opentrail', name, signingNames };
  }
  const { action } = operation;
  return {
    kind: 'opentrail',
    protocol: 'json',
    service: 'opentrail',
    name: operation.name,
    operation,
    action,
    signingNames,
  };
}

function awsRoute(service: 'cloudtrail' | 'cloudtrail-data', name: string | undefined): OwnRoute {
  const operation = name === undefined ? undefined : findOperation(service, name);
  const protocol = service === 'cloudtrail' ? 'json' : 'rest-json';
  const signingNames = [service];
  if (name === undefined || operation === undefined) {
    return { kind: 'unknownOperation', protocol, service, name, signingNames };
  }
  const api = service === 'cloudtrail' ? cloudTrailApi : cloudTrailDataApi;
  return { kind: 'aws', protocol, service, api, name, operation, action: `${service}:${name}`, signingNames };
}
