import type { RequestHead } from '../../../model/captured-call.ts';
import type { Recognition } from '../recognition.ts';
import { type Authentication, parseAuthentication } from './authentication.ts';
import { captureSizes } from './capture-size.ts';
import { type ServiceChoice, ServiceChooser } from './choose-service.ts';
import { type HostMeaning, HostPatterns } from './host-pattern.ts';
import { queryValue, type RequestView, viewRequest } from './request-view.ts';
import { isFormUpload, type S3Place, s3Operation, s3Place } from './s3-route.ts';
import { type ServiceTables, serviceTables } from './service-tables.ts';

export interface RecognitionOptions {
  /** Suffixes of virtual-hosted buckets: with `s3.example.org`, `logs.s3.example.org` is bucket `logs`. */
  readonly s3Domains: readonly string[];
  /** For requests whose scope and host name none. */
  readonly defaultRegion: string;
  /**
   * Most bytes of a body that are captured; 1 MiB where left out. CloudTrail leaves out what is over 100 KB.
   */
  readonly captureBytesMax?: number;
}

const CAPTURE_BYTES_MAX = 1024 * 1024;

/** Tells from the head of a request what it is. */
export interface RecognitionTable {
  /** Never throws, whatever the head holds. */
  recognise(head: RequestHead): Recognition;
}

export function createRecognitionTable(
  options: RecognitionOptions,
  tables: ServiceTables = serviceTables,
): RecognitionTable {
  const hosts = new HostPatterns(options.s3Domains);
  const chooser = new ServiceChooser(tables);
  const bytesMax = options.captureBytesMax ?? CAPTURE_BYTES_MAX;
  return {
    recognise(head) {
      const view = viewRequest(head);
      const authentication = parseAuthentication(view);
      const host = hosts.read(view.headers.host);
      const region = authentication.region ?? host.region ?? options.defaultRegion;
      const { accessKeyId, form } = authentication;
      const choice = chooser.choose(view, authentication, host);
      const unrecordedName = unrecordedAs(view, authentication, { host, choice });
      if (unrecordedName !== undefined)
        return {
          ...{ region, authentication: form, accessKeyId },
          ...(host.vpcEndpointId === undefined ? {} : { vpcEndpointId: host.vpcEndpointId }),
          ...{ ...choice, ...NOT_CAPTURED, signingName: unrecordedName, isRecorded: false },
        };
      const place = choice.service === 's3' ? placeOf(view, host, authentication.signingName) : undefined;
      const operation = place === undefined ? choice.operation : s3OperationOf(view, place, choice, host);
      const row =
        choice.service === undefined || operation === undefined
          ? undefined
          : tables.operation(choice.service, operation);
      const { service, protocol } = choice;
      const isUpload = place !== undefined && isFormUpload(view);
      const sizes = captureSizes({ service, protocol, operation, row, isFormUpload: isUpload, bytesMax });
      // Member by member: every call is recognised, and each spread would cost it an object.
      const recognition: Writable = {
        signingName: choice.signingName,
        service,
        region,
        protocol,
        authentication: form,
        accessKeyId,
        operation,
        isRecorded: true,
        requestCaptureBytes: sizes.requestCaptureBytes,
        responseCaptureBytes: sizes.responseCaptureBytes,
        errorCaptureBytes: sizes.errorCaptureBytes,
      };
      if (host.vpcEndpointId !== undefined) recognition.vpcEndpointId = host.vpcEndpointId;
      if (place !== undefined) recognition.s3 = place;
      return recognition;
    },
  };
}

/** A recognition that is being written. */
type Writable = { -readonly [Name in keyof Recognition]: Recognition[Name] };

function placeOf(view: RequestView, host: HostMeaning, signingName: string | undefined): S3Place {
  // `bucket.localhost`: what stands before a local suffix is a bucket when the request was signed for S3.
  const isLoose = signingName === 's3' || signingName === 's3express' || signingName === undefined;
  return s3Place(view.path, host.bucket ?? (isLoose ? host.looseBucket : undefined));
}

function s3OperationOf(
  view: RequestView,
  place: S3Place,
  choice: ServiceChoice,
  host: HostMeaning,
): string | undefined {
  const isExpressControl =
    host.kind === 's3express-control' ||
    (choice.signingName === 's3express' && queryValue(view, 'x-id') === 'ListDirectoryBuckets');
  return s3Operation(view, place, isExpressControl);
}

/**
 * Image pulls, calls of deployed APIs and of function URLs: CloudTrail has no record of them. A caller
 * chooses the host name and the scope, so they count only where nothing else of the request makes it a call
 * of another API.
 */
function unrecordedAs(
  view: RequestView,
  authentication: Authentication,
  { host, choice }: { readonly host: HostMeaning; readonly choice: ServiceChoice },
): string | undefined {
  const scope = authentication.signingName;
  const name = host.kind === 'unrecorded' ? host.signingName : scope === 'execute-api' ? scope : undefined;
  if (name === undefined || (scope !== undefined && scope !== name)) return undefined;
  if (view.headers['x-amz-target'] !== undefined || queryValue(view, 'Action') !== undefined)
    return undefined;
  if (name === 'ecr') return /^\/v2(?:\/|$)/.test(view.path) ? name : undefined;
  return name === 'lambda' && choice.operation !== undefined ? undefined : name;
}

const NOT_CAPTURED = { requestCaptureBytes: 0, responseCaptureBytes: 0, errorCaptureBytes: 0 };
