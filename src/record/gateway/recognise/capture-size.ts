import type { Recognition, WireProtocol } from '../recognition.ts';
import type { OperationRow } from './service-tables.ts';

export interface CaptureInput {
  readonly service: string | undefined;
  readonly protocol: WireProtocol;
  readonly operation: string | undefined;
  readonly row: OperationRow | undefined;
  readonly isFormUpload: boolean;
  readonly bytesMax: number;
}

type CaptureSizes = Required<
  Pick<Recognition, 'requestCaptureBytes' | 'responseCaptureBytes' | 'errorCaptureBytes'>
>;

/** Enough for every error document; it holds a code, a message and some ids. */
const ERROR_BYTES = 64 * 1024;
/** The fields of a form upload come before the file, key and policy among them. */
const FORM_FIELDS_BYTES = 32 * 1024;

/** Operations that only read: of their answers only failures are recorded. */
const READING = /^(?:BatchGet|Describe|Filter|Get|Head|List|Lookup|Query|Scan|Search|Select)/;
/**
 * Services whose answers to such operations are needed all the same: principals and keys are learnt from
 * them.
 */
const ANSWERS_NEEDED = new Set(['sts', 'kms', 'iam', 'cognito-identity', 'sso', 'secretsmanager', 'signin']);

/** Operations whose answer is a stream of events or an object. */
const OBJECT_ANSWERS = new Set(['GetObject', 'GetObjectTorrent', 'SelectObjectContent']);

/**
 * How much of the bodies is needed: nothing of object contents, little of answers that matter only as errors.
 */
export function captureSizes(input: CaptureInput): CaptureSizes {
  const { bytesMax } = input;
  return {
    requestCaptureBytes: input.isFormUpload
      ? Math.min(FORM_FIELDS_BYTES, bytesMax)
      : input.row?.blob === true
        ? 0
        : bytesMax,
    responseCaptureBytes: answerBytes(input),
    errorCaptureBytes: Math.min(ERROR_BYTES, bytesMax),
  };
}

function answerBytes({ service, operation, row, bytesMax }: CaptureInput): number {
  if (operation === undefined) return bytesMax;
  if (row?.blobOut === true || (service === 's3' && OBJECT_ANSWERS.has(operation))) return 0;
  const isNeeded = !READING.test(operation) || (service !== undefined && ANSWERS_NEEDED.has(service));
  return isNeeded ? bytesMax : Math.min(ERROR_BYTES, bytesMax);
}
