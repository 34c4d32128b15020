import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { DecodedCall } from '../decoded-call.ts';
import { answerOf } from './answer-members.ts';

/** Members that a service records though they were not sent; their values are those of the answer. */
const FROM_ANSWER: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  kms: { Decrypt: ['EncryptionAlgorithm'], Encrypt: ['EncryptionAlgorithm'] },
};

/** The input of a call with what the service filled in. */
export function withServiceDefaults(decoded: DecodedCall): JsonObject {
  const { input = {}, operation = '', recognition } = decoded;
  const { service = '' } = recognition;
  const operations = Object.hasOwn(FROM_ANSWER, service) ? FROM_ANSWER[service] : undefined;
  const names =
    operations !== undefined && Object.hasOwn(operations, operation) ? operations[operation] : undefined;
  if (names === undefined) return input;
  const answer = answerOf(decoded) ?? {};
  const filled = names.filter((name) => input[name] === undefined && typeof answer[name] === 'string');
  return { ...input, ...Object.fromEntries(filled.map((name) => [name, answer[name] ?? null])) };
}
