import { randomBytes, randomUUID } from 'node:crypto';
import type { Random } from '../../base/random.ts';

/** The machine's source of randomness. */
export const systemRandom: Random = {
  uuid: () => randomUUID(),
  bytes: (count) => randomBytes(count),
};
