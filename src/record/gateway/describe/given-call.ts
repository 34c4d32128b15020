import type { CapturedResponse, RequestHead } from '../../../model/captured-call.ts';
import type { EventDraft, JsonObject, UserIdentity } from '../../../model/cloudtrail-event.ts';
import type { DecodedCall } from '../decoded-call.ts';
import { serviceTables } from '../recognise/service-tables.ts';
import type { Recognition } from '../recognition.ts';
import { type DescribeContext, describe } from './describe.ts';
import { KnownUsers } from './known-users.ts';

/** The caller of the tests' calls. */
export const alice: UserIdentity = {
  type: 'IAMUser',
  principalId: 'AIDAEXAMPLEALICE0001',
  arn: 'arn:aws:iam::111122223333:user/alice',
  accountId: '111122223333',
  accessKeyId: 'AKIAEXAMPLEALICE0001',
  userName: 'alice',
};

/** A context of its own for each test, since it remembers users. */
export function context(): DescribeContext {
  return {
    accountId: '111122223333',
    facts: (service, operation) => {
      const row = serviceTables.operation(service ?? '', operation ?? '');
      return row === undefined ? undefined : { hideIn: row.hideIn ?? [], hideOut: row.hideOut ?? [] };
    },
    sourceAddress: (head) => head.peerAddress,
    mintRequestId: () => 'minted',
    users: new KnownUsers(),
  };
}

/** What a test says of a call; the rest is that of a completed call without content. */
export interface Given {
  readonly service?: string | undefined;
  readonly signingName?: string;
  readonly operation?: string | undefined;
  readonly input?: JsonObject;
  readonly output?: JsonObject;
  readonly error?: DecodedCall['error'];
  readonly status?: number;
  readonly head?: Partial<RequestHead>;
  readonly recognition?: Partial<Recognition>;
  readonly answerHeaders?: readonly string[];
  readonly outcome?: DecodedCall['call']['outcome'];
  readonly s3?: DecodedCall['s3'];
}

export function decoded(given: Given): DecodedCall {
  const service = given.service === undefined ? undefined : serviceTables.service(given.service);
  const response: CapturedResponse = {
    status: given.status ?? (given.error === undefined ? 200 : 400),
    headers: given.answerHeaders ?? [],
    body: { bytes: new Uint8Array(), isTruncated: false, sizeBytes: 0 },
  };
  return {
    call: {
      head: {
        method: 'POST',
        target: '/',
        httpVersion: '1.1',
        headers: ['Host', 'x.eu-west-1.amazonaws.com'],
        peerAddress: '192.0.2.1',
        startedAt: 0,
        ...given.head,
      },
      requestBody: { bytes: new Uint8Array(), isTruncated: false, sizeBytes: 0 },
      ...(given.outcome === undefined || given.outcome === 'completed' ? { response } : {}),
      outcome: given.outcome ?? 'completed',
      completedAt: Date.UTC(2026, 2, 2, 9, 14, 5, 999),
    },
    recognition: {
      signingName: given.signingName ?? service?.signingName ?? 'unknown',
      service: given.service,
      region: 'eu-west-1',
      protocol: service?.protocols[0] ?? 'unknown',
      authentication: 'header',
      accessKeyId: 'AKIAEXAMPLEALICE0001',
      operation: given.operation,
      isRecorded: true,
      requestCaptureBytes: 0,
      responseCaptureBytes: 0,
      ...given.recognition,
    },
    operation: given.operation,
    apiVersion: undefined,
    input: given.input,
    isInputTruncated: false,
    s3: given.s3,
    output: given.output,
    error: given.error,
    requestId: undefined,
  };
}

export function draftOf(given: Given): EventDraft {
  return describe(decoded(given), alice, context()).draft;
}
