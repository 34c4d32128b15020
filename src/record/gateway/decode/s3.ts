import type { CapturedCall } from '../../../model/captured-call.ts';
import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { DecodedCall, WireError } from '../decoded-call.ts';
import { isSignatureParameter } from '../recognise/authentication.ts';
import type { RequestView } from '../recognise/request-view.ts';
import { isFormUpload } from '../recognise/s3-route.ts';
import type { Recognition } from '../recognition.ts';
import { bodyContent, bodyText } from './body-bytes.ts';
import { formUploadFields } from './form-upload.ts';
import { parseJson } from './json-value.ts';
import { wireError, xmlError } from './wire-error.ts';
import { parseXml, withoutNamespaces } from './xml.ts';

/** The parts of an S3 request, in S3's own names. */
export function decodeS3Request(
  call: CapturedCall,
  view: RequestView,
  recognition: Recognition,
): NonNullable<DecodedCall['s3']> {
  const query = view.query.filter(([name]) => !isSignatureParameter(name, view));
  const bucket = recognition.s3?.bucket;
  const none = { xmlRoot: undefined, xmlBody: undefined, jsonBody: undefined };
  if (isFormUpload(view)) {
    const fields = formUploadFields(view.headers['content-type'], call.requestBody);
    return { bucket, key: fields?.get('key') ?? fields?.get('Key'), query, ...none };
  }
  const base = { bucket, key: recognition.s3?.key, query };
  if (recognition.requestCaptureBytes === 0) return { ...base, ...none };
  const content = bodyContent(call.requestBody, call.head.headers);
  if (content === undefined || content.length === 0) return { ...base, ...none };
  const text = bodyText(content);
  const document = parseXml(text);
  if (document !== undefined) {
    return { ...base, ...none, xmlRoot: document.root, xmlBody: document.content };
  }
  return { ...base, ...none, jsonBody: parsedJson(text) };
}

function parsedJson(text: string) {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return parseJson(text);
  } catch {
    // Not JSON, or over a bound: S3 takes JSON for policies only, and says so to the caller.
    return undefined;
  }
}

/** The answer of S3: members of its XML on success, the error otherwise. */
export function decodeS3Answer(
  call: CapturedCall,
  recognition: Recognition,
): { readonly output: JsonObject | undefined; readonly error: WireError | undefined } {
  const { response } = call;
  if (response === undefined) return { output: undefined, error: undefined };
  const content = bodyContent(response.body, response.headers);
  const document = content === undefined || content.length === 0 ? undefined : parseXml(bodyText(content));
  // CopyObject and CompleteMultipartUpload answer 200 first and may fail afterwards.
  if (response.status >= 400 || document?.root === 'Error') {
    const key = recognition.s3?.key;
    const codes = { 403: 'AccessDenied', 404: key === undefined ? 'NoSuchBucket' : 'NoSuchKey' };
    return { output: undefined, error: wireError(response, xmlError(document), codes) };
  }
  return { output: withoutNamespaces(document?.content), error: undefined };
}
