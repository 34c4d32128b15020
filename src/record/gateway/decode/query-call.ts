import type { CapturedCall } from '../../../model/captured-call.ts';
import type { Json, JsonObject } from '../../../model/cloudtrail-event.ts';
import { operationName, ServiceChooser } from '../recognise/choose-service.ts';
import { isFormPost, type RequestView } from '../recognise/request-view.ts';
import { serviceTables } from '../recognise/service-tables.ts';
import type { Recognition } from '../recognition.ts';
import { bodyContent, bodyText } from './body-bytes.ts';
import type { DecodedAnswer, DecodedRequest, DecodingInput } from './decoding.ts';
import { isObject, safeObject } from './json-value.ts';
import { parseQueryCall, rebuildQueryInput } from './query.ts';
import { xmlBody } from './rest-xml.ts';
import { wireError, xmlError } from './wire-error.ts';
import { child, childText, withoutNamespaces } from './xml.ts';

const chooser = new ServiceChooser(serviceTables);

/** The query protocol and EC2's: a form in the body, or the query string of a GET. */
export function decodeQueryRequest({ call, view, recognition }: DecodingInput): DecodedRequest {
  const { action, version, parameters } = parseQueryCall(formText(call, view), view.query);
  const operation = action === undefined ? undefined : operationName(action);
  const refined = refine(recognition, operation, version);
  // Of a form that was cut off, the action may be known; what follows the cut is not.
  const input = call.requestBody.isTruncated
    ? undefined
    : rebuildQueryInput(parameters, refined.service, refined.protocol === 'ec2' ? 'ec2' : 'query');
  return { input, apiVersion: version, recognition: refined };
}

function formText(call: CapturedCall, view: RequestView): string {
  if (!isFormPost(view)) return '';
  if (call.requestBody.isTruncated) return bodyText(call.requestBody.bytes);
  const content = bodyContent(call.requestBody, call.head.headers);
  return content === undefined ? '' : bodyText(content);
}

/** Action and Version tell which of the services is meant that one signing name, or none, stands for. */
function refine(
  recognition: Recognition,
  operation: string | undefined,
  apiVersion: string | undefined,
): Recognition {
  const { signingName, service, protocol } = recognition;
  // An unsigned form was taken for one of STS; its action may say something else.
  const isGuessed = recognition.authentication !== 'header' && recognition.authentication !== 'query';
  const isKnown = service !== undefined && operation !== undefined;
  const isElsewhere = isGuessed && isKnown && serviceTables.operation(service, operation) === undefined;
  const choice = isElsewhere
    ? { signingName: '', service: undefined, protocol, operation }
    : { signingName, service, protocol, operation };
  const refined = chooser.refine(choice, operation, apiVersion);
  const isFound = refined.service !== undefined && refined.signingName !== '';
  const isSame =
    refined.service === service && refined.signingName === signingName && refined.protocol === protocol;
  return isFound && !isSame ? { ...recognition, ...refined, operation } : { ...recognition, operation };
}

/** `<XResponse><XResult>…` of query services, `<XResponse>…` of EC2. */
export function decodeQueryAnswer({ call }: DecodingInput): DecodedAnswer {
  const { response } = call;
  if (response === undefined) return { output: undefined, error: undefined };
  const document = xmlBody(response.body, response.headers);
  const content = document?.content;
  const requestId = requestIdOf(content);
  if (response.status >= 400 || document?.root === 'ErrorResponse') {
    return { output: undefined, error: wireError(response, xmlError(document)), requestId };
  }
  return { output: outputOf(document?.root ?? '', content), error: undefined, requestId };
}

function outputOf(root: string, content: Json | undefined): JsonObject | undefined {
  if (!isObject(content)) return undefined;
  const resultName = root.endsWith('Response') ? `${root.slice(0, -'Response'.length)}Result` : root;
  if (resultName !== 'xmlns' && Object.hasOwn(content, resultName)) {
    return withoutNamespaces(content[resultName]);
  }
  const { xmlns: _namespace, ResponseMetadata: _metadata, ...rest } = content;
  return Object.keys(rest).length === 0 ? undefined : safeObject(Object.entries(rest));
}

function requestIdOf(content: Json | undefined): string | undefined {
  return (
    childText(child(content, 'ResponseMetadata'), 'RequestId') ??
    childText(content, 'RequestId') ??
    childText(content, 'requestId') ??
    childText(content, 'RequestID')
  );
}
