import type { JsonObject } from '../../../model/cloudtrail-event.ts';
import type { AccessTarget, ServiceCall, ServiceOperation } from '../service-operation.ts';
import { type InputOf, type InputShape, readInput } from './iam-input.ts';

type OneOrMore<T> = T | readonly T[];

/**
 * An operation whose input has a shape. The input is read before anything else, so that a call that is not well-formed is
 * refused as such and not for want of permission.
 */
export function defineOperation<S extends InputShape>(definition: {
  readonly name: string;
  readonly isReadOnly: boolean;
  readonly input: S;
  targets(input: InputOf<S>, call: ServiceCall): Promise<OneOrMore<AccessTarget>> | OneOrMore<AccessTarget>;
  run(input: InputOf<S>, call: ServiceCall): Promise<JsonObject>;
}): ServiceOperation {
  const { name, isReadOnly, input: shape } = definition;
  return {
    name,
    isReadOnly,
    targets: async (call) => [await definition.targets(readInput(shape, call.input), call)].flat(),
    run: async (call) => definition.run(readInput(shape, call.input), call),
  };
}
